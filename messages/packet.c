/* messages/packet.c -- see packet.h */
#include "messages/packet.h"
#include "messages/text_out.h"
#include <string.h>

enum { ETHERNET_IPV4 = 0x0800, ETHERNET_IPV6 = 0x86DD, PROTOCOL_TCP = 6, PROTOCOL_UDP = 17 };
enum { IPV4_BYTES = 20, IPV6_BYTES = 40, TCP_BYTES = 20, UDP_BYTES = 8, HOPS = 64 };
/* Maximum segment size, scaled window: in a SYN. */
enum { SYN_OPTION_BYTES = 8, SCALE = 14, WINDOW = 65535 };

uint32_t packet_sum(uint32_t sum, const void *bytes, size_t length)
{
    const uint8_t *b = bytes;
    for (; length > 1; b += 2, length -= 2)
        sum += (uint32_t)b[0] << 8 | b[1];
    if (length)
        sum += (uint32_t)b[0] << 8;
    return (sum & 0xffff) + (sum >> 16);
}

uint16_t packet_checksum(uint32_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

static void put_u8(struct trace_out *out, uint8_t n)
{
    text_bytes(out, &n, 1);
}

static void put_u16(struct trace_out *out, uint32_t n)
{
    put_u8(out, (uint8_t)(n >> 8));
    put_u8(out, (uint8_t)n);
}

static void put_u32(struct trace_out *out, uint32_t n)
{
    put_u16(out, n >> 16);
    put_u16(out, n & 0xffff);
}

static void set_u16(struct trace_out *out, size_t at, uint16_t n)
{
    out->bytes[at] = (uint8_t)(n >> 8);
    out->bytes[at + 1] = (uint8_t)n;
}

static size_t ip_bytes(const struct packet *p)
{
    return p->from.family == ADDRESS_V6 ? 16 : 4;
}

/* The lower address is the lower hardware address: each end keeps its own. */
static void put_ethernet(struct trace_out *out, const struct packet *p)
{
    uint8_t first[6] = {2, 0, 0, 0, 0, 1}, second[6] = {2, 0, 0, 0, 0, 2};
    int order = memcmp(p->from.ip, p->to.ip, ip_bytes(p));
    bool lower = order ? order < 0 : p->from.port < p->to.port;
    text_bytes(out, lower ? second : first, 6);
    text_bytes(out, lower ? first : second, 6);
    put_u16(out, p->from.family == ADDRESS_V6 ? ETHERNET_IPV6 : ETHERNET_IPV4);
}

static void put_ipv4(struct trace_out *out, const struct packet *p, uint8_t protocol, size_t bytes)
{
    size_t begun = out->length;
    put_u16(out, 0x4500);
    put_u16(out, (uint32_t)(IPV4_BYTES + bytes));
    put_u16(out, p->number);
    put_u16(out, 0x4000); /* not to be cut */
    put_u8(out, HOPS);
    put_u8(out, protocol);
    put_u16(out, 0);
    text_bytes(out, p->from.ip, 4);
    text_bytes(out, p->to.ip, 4);
    set_u16(out, begun + 10, packet_checksum(packet_sum(0, out->bytes + begun, IPV4_BYTES)));
}

static void put_ip(struct trace_out *out, const struct packet *p, uint8_t protocol, size_t bytes)
{
    if (p->from.family != ADDRESS_V6) {
        put_ipv4(out, p, protocol, bytes);
        return;
    }
    put_u32(out, 6u << 28);
    put_u16(out, (uint32_t)bytes);
    put_u8(out, protocol);
    put_u8(out, HOPS);
    text_bytes(out, p->from.ip, 16);
    text_bytes(out, p->to.ip, 16);
}

/* Of the pseudo header, and of what lies in `out` from `begun` on. */
static uint16_t sum_up(const struct trace_out *out, size_t begun, const struct packet *p,
                       uint8_t protocol)
{
    size_t bytes = out->length - begun;
    uint32_t sum = packet_sum((uint32_t)(protocol + bytes), p->from.ip, ip_bytes(p));
    sum = packet_sum(sum, p->to.ip, ip_bytes(p));
    return packet_checksum(packet_sum(sum, out->bytes + begun, bytes));
}

static void put_payload(struct trace_out *out, const struct packet *p, size_t begun, size_t sum_at,
                        uint8_t protocol)
{
    text_bytes(out, p->payload, p->kept);
    if (p->kept < p->length)
        return;
    uint16_t sum = sum_up(out, begun, p, protocol);
    set_u16(out, sum_at, sum || protocol == PROTOCOL_TCP ? sum : 0xffff);
}

static void put_syn_options(struct trace_out *out)
{
    put_u16(out, 0x0204);
    put_u16(out, PACKET_PAYLOAD_MAX);
    put_u32(out, 0x01030300u | SCALE);
}

size_t packet_tcp(struct trace_out *out, const struct packet *p)
{
    size_t frame = out->length;
    size_t head = TCP_BYTES + (p->flags & TCP_SYN ? SYN_OPTION_BYTES : 0);
    put_ethernet(out, p);
    put_ip(out, p, PROTOCOL_TCP, head + p->length);
    size_t begun = out->length;
    put_u16(out, p->from.port);
    put_u16(out, p->to.port);
    put_u32(out, p->sequence);
    put_u32(out, p->acknowledged);
    put_u8(out, (uint8_t)(head / 4 << 4));
    put_u8(out, p->flags);
    put_u16(out, WINDOW);
    put_u32(out, 0); /* checksum; nothing is urgent */
    if (p->flags & TCP_SYN)
        put_syn_options(out);
    put_payload(out, p, begun, begun + 16, PROTOCOL_TCP);
    return out->length - frame + (p->length - p->kept);
}

size_t packet_udp(struct trace_out *out, const struct packet *p)
{
    size_t frame = out->length;
    put_ethernet(out, p);
    put_ip(out, p, PROTOCOL_UDP, UDP_BYTES + p->length);
    size_t begun = out->length;
    put_u16(out, p->from.port);
    put_u16(out, p->to.port);
    put_u16(out, UDP_BYTES + p->length);
    put_u16(out, 0);
    put_payload(out, p, begun, begun + 6, PROTOCOL_UDP);
    return out->length - frame + (p->length - p->kept);
}
