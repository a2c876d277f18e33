/* tests/bench/load_wire.h -- the agent protocol's primitives, for the yardstick alone.
 *
 * Deliberately not the project's codec: the yardstick must not become slower or faster, and must
 * not make the same mistake, when that codec changes. Numbers are those of bincode 2 in its
 * standard configuration: up to 250 in one byte, else a marker (251, 252, 253) and 2, 4 or 8
 * bytes, lowest first. Everything is inline: a call a field would be seen in the floor's time.
 */
#ifndef BENCH_LOAD_WIRE_H
#define BENCH_LOAD_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
    FROM_PROXY_CLOSE = 0,
    FROM_PROXY_MIRROR = 1,
    FROM_PROXY_STEAL = 2,
    FROM_PROXY_PING = 7,
    FROM_PROXY_VERSION = 10,
    FROM_PROXY_READY_FOR_LOGS = 11,
    FROM_PROXY_OPERATOR_PONG = 14,
};

enum {
    FROM_AGENT_MIRROR = 1,
    FROM_AGENT_STEAL = 2,
    FROM_AGENT_PONG = 7,
    FROM_AGENT_VERSION = 11,
};

/* What stands in the proxy's steal messages, then in the agent's. */
enum {
    PROXY_SUBSCRIBE = 0,
    PROXY_END_CONNECTION = 1,
    PROXY_UNSUBSCRIBE = 2,
    PROXY_DATA = 3, /* in mirror messages: subscribe with a filter */
    PROXY_ANSWER_BASIC = 4,
    PROXY_ANSWER_FRAMED = 5,
    PROXY_ANSWER_CHUNKED = 6,
};

enum {
    AGENT_CONNECTION_V1 = 0,
    AGENT_DATA = 1,
    AGENT_SUBSCRIBED = 3,
    AGENT_REQUEST_BASIC = 4,
    AGENT_REQUEST_FRAMED = 5,
    AGENT_REQUEST_CHUNKED = 6,
    AGENT_CONNECTION_V2 = 7,
};

enum { CHUNKED_START = 0, CHUNKED_BODY = 1, CHUNKED_START_V2 = 3 };
enum { FRAME_DATA = 0, FRAME_TRAILERS = 1 };

/* Bytes in a growing store: those from `at` to `len` are still to be used. */
struct buffer {
    uint8_t *bytes;
    size_t at, len, room;
};

/* load_wire.c */
void buffer_grow(struct buffer *b, size_t more_bytes);
/* One read, into at least 256 KiB. False: the peer has gone. */
bool buffer_fill(struct buffer *b, int fd);
/* Writes until all is written or the socket is full. False: the peer has gone. */
bool buffer_drain(struct buffer *b, int fd);

static inline bool buffer_empty(const struct buffer *b)
{
    return b->at == b->len;
}

static inline void put_bytes(struct buffer *b, const void *bytes, size_t n)
{
    if (b->room - b->len < n)
        buffer_grow(b, n);
    memcpy(b->bytes + b->len, bytes, n);
    b->len += n;
}

static inline void put_byte(struct buffer *b, unsigned value)
{
    uint8_t byte = (uint8_t)value;

    put_bytes(b, &byte, 1);
}

static inline void put_number(struct buffer *b, uint64_t v)
{
    unsigned width = v <= 250 ? 0 : v <= UINT16_MAX ? 2 : v <= UINT32_MAX ? 4 : 8;
    uint8_t raw[9] = {(uint8_t)(width == 0 ? v : width == 2 ? 251 : width == 4 ? 252 : 253)};

    for (unsigned i = 0; i < width; i++)
        raw[1 + i] = (uint8_t)(v >> (8 * i));
    put_bytes(b, raw, 1 + width);
}

static inline void put_text(struct buffer *b, const char *text, size_t n)
{
    put_number(b, n);
    put_bytes(b, text, n);
}

static inline void put_string(struct buffer *b, const char *text)
{
    put_text(b, text, strlen(text));
}

/* Two discriminants open nearly every message. */
static inline void put_kind(struct buffer *b, unsigned outer, unsigned inner)
{
    uint8_t kinds[2] = {(uint8_t)outer, (uint8_t)inner};

    put_bytes(b, kinds, 2);
}

/* Reads one message that may not be here whole. When bytes are missing `more` is set, and stays,
 * and all that is taken from then on is zero or empty: so one look at the end is enough. */
struct reader {
    const uint8_t *at, *end;
    bool more;
};

struct text {
    const char *at;
    size_t len;
};

static inline struct reader reader_of(const struct buffer *b)
{
    return (struct reader){.at = b->bytes + b->at, .end = b->bytes + b->len};
}

static inline const uint8_t *take_bytes(struct reader *r, uint64_t n)
{
    const uint8_t *bytes = r->at;

    if (r->more || (uint64_t)(r->end - r->at) < n) {
        r->more = true;
        return r->end;
    }
    r->at += n;
    return bytes;
}

static inline unsigned take_byte(struct reader *r)
{
    const uint8_t *byte = take_bytes(r, 1);

    return r->more ? 0 : *byte;
}

/* Of a number of 16 bytes, which only ping ids are, the low 8. */
static inline uint64_t take_number(struct reader *r)
{
    unsigned first = take_byte(r), width;
    const uint8_t *raw;
    uint64_t v = 0;

    if (first <= 250)
        return first;
    width = first == 251 ? 2 : first == 252 ? 4 : first == 253 ? 8 : 16;
    raw = take_bytes(r, width);
    for (unsigned i = 0; i < width && i < 8 && !r->more; i++)
        v |= (uint64_t)raw[i] << (8 * i);
    return v;
}

static inline struct text take_text(struct reader *r)
{
    uint64_t n = take_number(r);
    const char *at = (const char *)take_bytes(r, n);

    return (struct text){at, r->more ? 0 : (size_t)n};
}

#endif
