/* messages/packet.h -- Ethernet frames with IPv4 or IPv6 and TCP or UDP, built from nothing.
 *
 * Purpose  what went through sockets, as packets that say so. Functions of bytes.
 * Bounds   payload at most PACKET_PAYLOAD_MAX: an IP packet is no longer than 64 KiB.
 * Cut      a payload may be known in part: its packet says the whole length and ends early; its checksum is left 0,
 *          since nobody can compute it.
 */
#ifndef MESSAGES_PACKET_H
#define MESSAGES_PACKET_H

#include "messages/trace_encoder.h"
#include "runtime/address.h"

enum { PACKET_PAYLOAD_MAX = 64000 };
enum tcp_flag { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_PSH = 8, TCP_ACK = 16 };

/* Both ends are ADDRESS_V4, or both ADDRESS_V6. */
struct packet {
    struct address from, to;
    uint32_t sequence, acknowledged; /* TCP */
    uint8_t flags;                   /* TCP: bits of enum tcp_flag */
    const uint8_t *payload;
    uint32_t length, kept; /* of the payload; kept < length: the rest is not there */
    uint16_t number;       /* of the IPv4 packet */
};

/* Appends the frame. Returns how long it is with what is not there. */
size_t packet_tcp(struct trace_out *out, const struct packet *p);
size_t packet_udp(struct trace_out *out, const struct packet *p);

/* The Internet checksum of RFC 1071, of some bytes behind others: begin with 0. Only the last piece may be odd. */
uint32_t packet_sum(uint32_t sum, const void *bytes, size_t length);
uint16_t packet_checksum(uint32_t sum);

#endif
