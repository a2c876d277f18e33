/* messages/hex.h -- hexadecimal digits. */
#ifndef MESSAGES_HEX_H
#define MESSAGES_HEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 0 to 15; -1: no hexadecimal digit. */
static inline int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 32);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* n / 2 bytes out of n digits; `out` may be where the digits are. False: an odd number of them, or
 * something else than digits. */
static inline bool hex_read(const char *digits, size_t n, uint8_t *out)
{
    for (size_t i = 0; i + 1 < n; i += 2) {
        int high = hex_digit(digits[i]), low = hex_digit(digits[i + 1]);
        if (high < 0 || low < 0)
            return false;
        *out++ = (uint8_t)(high << 4 | low);
    }
    return n % 2 == 0;
}

#endif
