/* tests/test_packet.c -- packets and the blocks of pcapng: lengths, checksums, what is not there. */
#include "messages/packet.h"
#include "messages/pcapng.h"
#include "tests/check.h"
#include <stdlib.h>

enum { ETHERNET = 14, IPV4 = 20, IPV6 = 40, TCP = 20, UDP = 8 };

static struct packet v4(const char *payload, uint32_t length)
{
    return (struct packet){
        .from = {.family = ADDRESS_V4, .port = 1234, .ip = {10, 0, 0, 1}},
        .to = {.family = ADDRESS_V4, .port = 80, .ip = {10, 0, 0, 2}},
        .sequence = 0x01020304,
        .acknowledged = 0x05060708,
        .flags = TCP_PSH | TCP_ACK,
        .payload = (const uint8_t *)payload,
        .length = length,
        .kept = length,
    };
}

/* Over all that it covers, its own place included, a right checksum comes to 0. */
static void check_transport(const struct trace_out *out, const struct packet *p, size_t ip,
                            uint8_t protocol)
{
    size_t at = ETHERNET + ip, length = out->length - at;
    uint32_t sum = packet_sum((uint32_t)(protocol + length), p->from.ip, ip == IPV4 ? 4 : 16);
    sum = packet_sum(sum, p->to.ip, ip == IPV4 ? 4 : 16);
    CHECK_UINT(packet_checksum(packet_sum(sum, out->bytes + at, length)), 0);
}

/* The example of RFC 1071, and one whose carry carries again. */
static void test_sums(void)
{
    static const uint8_t example[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
    static const uint8_t odd[] = {0xff, 0xff, 0xff, 0xff, 0x01};
    CHECK_UINT(packet_checksum(packet_sum(0, example, sizeof example)), 0xffff & ~0xddf2);
    CHECK_UINT(packet_checksum(packet_sum(0, odd, sizeof odd)), 0xffff & ~0x0100);
    CHECK_UINT(packet_checksum(packet_sum(packet_sum(0, example, 4), example + 4, 4)),
               packet_checksum(packet_sum(0, example, sizeof example)));
}

static void test_tcp_over_ipv4(void)
{
    struct trace_out out = {0};
    struct packet p = v4("GET / HTTP/1.1\r\n\r\n", 18);
    CHECK_UINT(packet_tcp(&out, &p), ETHERNET + IPV4 + TCP + 18);
    REQUIRE(out.length == ETHERNET + IPV4 + TCP + 18);
    CHECK_UINT(out.bytes[ETHERNET + 2] << 8 | out.bytes[ETHERNET + 3], IPV4 + TCP + 18);
    CHECK_UINT(packet_checksum(packet_sum(0, out.bytes + ETHERNET, IPV4)), 0);
    check_transport(&out, &p, IPV4, 6);
    CHECK_BYTES(out.bytes + ETHERNET + IPV4 + TCP, 18, p.payload, 18);
    free(out.bytes);
}

static void test_odd_payloads_and_syn(void)
{
    struct trace_out out = {0};
    struct packet p = v4("odd", 3);
    packet_tcp(&out, &p);
    check_transport(&out, &p, IPV4, 6);
    out.length = 0;
    p = v4("", 0);
    p.flags = TCP_SYN;
    packet_tcp(&out, &p);
    CHECK_UINT(out.bytes[ETHERNET + IPV4 + 12] >> 4, (TCP + 8) / 4);
    check_transport(&out, &p, IPV4, 6);
    free(out.bytes);
}

static void test_ipv6_and_udp(void)
{
    struct trace_out out = {0};
    struct packet p = v4("hello", 5);
    p.from.family = p.to.family = ADDRESS_V6;
    packet_tcp(&out, &p);
    CHECK_UINT(out.bytes[ETHERNET + 4] << 8 | out.bytes[ETHERNET + 5], TCP + 5);
    check_transport(&out, &p, IPV6, 6);
    out.length = 0;
    p = v4("hello", 5);
    CHECK_UINT(packet_udp(&out, &p), ETHERNET + IPV4 + UDP + 5);
    check_transport(&out, &p, IPV4, 17);
    free(out.bytes);
}

/* The packet says how long it was; its bytes end where the trace's end. */
static void test_cut_payloads(void)
{
    struct trace_out out = {0};
    struct packet p = v4("abc", 1000);
    p.kept = 3;
    CHECK_UINT(packet_tcp(&out, &p), ETHERNET + IPV4 + TCP + 1000);
    CHECK_UINT(out.length, ETHERNET + IPV4 + TCP + 3);
    CHECK_UINT(out.bytes[ETHERNET + 2] << 8 | out.bytes[ETHERNET + 3], IPV4 + TCP + 1000);
    CHECK_UINT(packet_checksum(packet_sum(0, out.bytes + ETHERNET, IPV4)), 0);
    free(out.bytes);
}

static uint32_t word(const struct trace_out *out, size_t at)
{
    uint32_t n = 0;
    REQUIRE(at + 4 <= out->length);
    memcpy(&n, out->bytes + at, 4);
    return n;
}

/* Each block says its length twice, is a multiple of 4, and the next one begins behind it. */
static void test_blocks(void)
{
    static const uint32_t types[] = {0x0A0D0D0A, 1, 4, 6, 6};
    static const uint8_t ip[] = {198, 51, 100, 2};
    struct trace_out out = {0};
    size_t at = 0;
    pcapng_section(&out, "Linux", "a test", "comment");
    pcapng_interface(&out, PCAPNG_LINKTYPE_ETHERNET, "sockets", "five");
    pcapng_name(&out, ip, sizeof ip, "somebody");
    pcapng_packet(&out, 0, UINT64_C(0x0102030405060708), "abcde", 5, 9, "odd");
    pcapng_packet(&out, 0, 1, "", 0, 0, NULL);
    for (unsigned i = 0; i < sizeof types / sizeof types[0]; i++) {
        uint32_t length = word(&out, at + 4);
        CHECK_UINT(word(&out, at), types[i]);
        CHECK_UINT(length % 4, 0);
        CHECK_UINT(word(&out, at + length - 4), length);
        if (i == 3) {
            CHECK_UINT(word(&out, at + 12), 0x01020304);
            CHECK_UINT(word(&out, at + 16), 0x05060708);
            CHECK_UINT(word(&out, at + 20), 5);
            CHECK_UINT(word(&out, at + 24), 9);
        }
        at += length;
    }
    CHECK_UINT(at, out.length);
    free(out.bytes);
}

CU_TestInfo packet_tests[] = {
    {"the Internet checksum", test_sums},
    {"TCP over IPv4", test_tcp_over_ipv4},
    {"odd payloads, and a SYN with options", test_odd_payloads_and_syn},
    {"IPv6, and UDP", test_ipv6_and_udp},
    {"a payload that is not there whole", test_cut_payloads},
    {"blocks of pcapng", test_blocks},
    CU_TEST_INFO_NULL,
};
