/* messages/pcapng.c -- see pcapng.h */
#include "messages/pcapng.h"
#include "messages/text_out.h"
#include <string.h>

enum block_type {
    BLOCK_SECTION = 0x0A0D0D0A,
    BLOCK_INTERFACE = 1,
    BLOCK_NAMES = 4,
    BLOCK_PACKET = 6,
};
enum option_code {
    OPTION_END = 0,
    OPTION_COMMENT = 1,
    SECTION_SYSTEM = 3,
    SECTION_APPLICATION = 4,
    INTERFACE_NAME = 2,
    INTERFACE_DESCRIPTION = 3,
    INTERFACE_TIME_RESOLUTION = 9,
};
enum { NAME_END = 0, NAME_IPV4 = 1, NAME_IPV6 = 2, NANOSECONDS = 9, OPTION_BYTES_MAX = 65000 };

static void put_u16(struct trace_out *out, uint16_t n)
{
    text_bytes(out, &n, sizeof n);
}

static void put_u32(struct trace_out *out, uint32_t n)
{
    text_bytes(out, &n, sizeof n);
}

static void pad(struct trace_out *out, size_t length)
{
    text_bytes(out, "\0\0\0", -length & 3);
}

static size_t block_begin(struct trace_out *out, uint32_t type)
{
    size_t begun = out->length;
    put_u32(out, type);
    put_u32(out, 0); /* its length, see block_end */
    return begun;
}

static void block_end(struct trace_out *out, size_t begun)
{
    uint32_t length = (uint32_t)(out->length - begun + 4);
    put_u32(out, length);
    memcpy(out->bytes + begun + 4, &length, sizeof length);
}

static void put_option(struct trace_out *out, uint16_t code, const void *bytes, size_t length)
{
    put_u16(out, code);
    put_u16(out, (uint16_t)length);
    text_bytes(out, bytes, length);
    pad(out, length);
}

static void put_text(struct trace_out *out, uint16_t code, const char *text)
{
    size_t length = text ? strlen(text) : 0;
    if (length)
        put_option(out, code, text, length < OPTION_BYTES_MAX ? length : OPTION_BYTES_MAX);
}

void pcapng_section(struct trace_out *out, const char *system, const char *application,
                    const char *comment)
{
    static const uint64_t length_not_known = UINT64_MAX;
    size_t begun = block_begin(out, BLOCK_SECTION);
    put_u32(out, 0x1A2B3C4D);
    put_u16(out, 1);
    put_u16(out, 0);
    text_bytes(out, &length_not_known, sizeof length_not_known);
    put_text(out, OPTION_COMMENT, comment);
    put_text(out, SECTION_SYSTEM, system);
    put_text(out, SECTION_APPLICATION, application);
    put_option(out, OPTION_END, NULL, 0);
    block_end(out, begun);
}

void pcapng_interface(struct trace_out *out, uint16_t link_type, const char *name,
                      const char *description)
{
    const uint8_t resolution = NANOSECONDS;
    size_t begun = block_begin(out, BLOCK_INTERFACE);
    put_u16(out, link_type);
    put_u16(out, 0);
    put_u32(out, 0); /* packets are as long as they are */
    put_text(out, INTERFACE_NAME, name);
    put_text(out, INTERFACE_DESCRIPTION, description);
    put_option(out, INTERFACE_TIME_RESOLUTION, &resolution, 1);
    put_option(out, OPTION_END, NULL, 0);
    block_end(out, begun);
}

void pcapng_packet(struct trace_out *out, uint32_t interface, uint64_t ns, const void *bytes,
                   size_t captured, size_t original, const char *comment)
{
    size_t begun = block_begin(out, BLOCK_PACKET);
    put_u32(out, interface);
    put_u32(out, (uint32_t)(ns >> 32));
    put_u32(out, (uint32_t)ns);
    put_u32(out, (uint32_t)captured);
    put_u32(out, (uint32_t)original);
    text_bytes(out, bytes, captured);
    pad(out, captured);
    if (comment) {
        put_text(out, OPTION_COMMENT, comment);
        put_option(out, OPTION_END, NULL, 0);
    }
    block_end(out, begun);
}

void pcapng_name(struct trace_out *out, const uint8_t *ip, size_t ip_bytes, const char *name)
{
    size_t begun = block_begin(out, BLOCK_NAMES), length = ip_bytes + strlen(name) + 1;
    put_u16(out, ip_bytes == 4 ? NAME_IPV4 : NAME_IPV6);
    put_u16(out, (uint16_t)length);
    text_bytes(out, ip, ip_bytes);
    text_bytes(out, name, strlen(name) + 1);
    pad(out, length);
    put_u32(out, NAME_END);
    block_end(out, begun);
}
