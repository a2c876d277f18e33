/* messages/wire_varint.h -- unsigned integers as the protocol writes them (wire-format.md 1.1).
 *
 *     0 .. 250     one byte, the number
 *     FB FC FD FE  a marker; 2, 4, 8 or 16 bytes follow, little endian
 *     FF           never
 *
 * Writers choose the shortest form; readers take longer ones too. Pure.
 */
#ifndef MESSAGES_WIRE_VARINT_H
#define MESSAGES_WIRE_VARINT_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { WIRE_MARKER_16 = 0xFB, WIRE_MARKER_32, WIRE_MARKER_64, WIRE_MARKER_128 };

/* How many bytes follow this one: 0 if it is the number. 32, more than any type has, for FF. */
static inline unsigned wire_varint_width(uint8_t first)
{
    return first < WIRE_MARKER_16 ? 0 : 2u << (first - WIRE_MARKER_16);
}

static inline uint64_t wire_little_endian(const uint8_t *bytes, unsigned width)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < width; i++)
        n |= (uint64_t)bytes[i] << 8 * i;
    return n;
}

/* The number of a marker with `width` bytes, 2, 4 or 8, where eight bytes can be read. */
static inline uint64_t wire_little_endian_of_8(const uint8_t *bytes, unsigned width)
{
    uint64_t n;
    memcpy(&n, bytes, sizeof n);
    return le64toh(n) & UINT64_MAX >> (64 - 8 * width);
}

static inline uint8_t *wire_put_little_endian(uint8_t *out, uint64_t n, unsigned width)
{
    for (unsigned i = 0; i < width; i++)
        *out++ = (uint8_t)(n >> 8 * i);
    return out;
}

static inline size_t wire_varint_bytes(uint64_t n)
{
    return n < WIRE_MARKER_16 ? 1 : n <= UINT16_MAX ? 3 : n <= UINT32_MAX ? 5 : 9;
}

/* Writes wire_varint_bytes(n); returns what comes behind them. */
static inline uint8_t *wire_varint_put(uint8_t *out, uint64_t n)
{
    if (n < WIRE_MARKER_16) {
        *out++ = (uint8_t)n;
        return out;
    }
    unsigned width = n <= UINT16_MAX ? 2 : n <= UINT32_MAX ? 4 : 8;
    *out++ = width == 2 ? WIRE_MARKER_16 : width == 4 ? WIRE_MARKER_32 : WIRE_MARKER_64;
    return wire_put_little_endian(out, n, width);
}

/* A u64 off the front of bytes that are all here. False: they end before it, or it is none. */
static inline bool wire_varint_take(const uint8_t **at, const uint8_t *end, uint64_t *n)
{
    if (*at == end)
        return false;
    unsigned width = wire_varint_width(**at);
    if (width > 8 || (size_t)(end - *at) <= width)
        return false;
    *n = width ? wire_little_endian(*at + 1, width) : **at;
    *at += 1 + width;
    return true;
}

#endif
