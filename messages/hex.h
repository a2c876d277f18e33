/* messages/hex.h -- hexadecimal digits. */
#ifndef MESSAGES_HEX_H
#define MESSAGES_HEX_H

/* 0 to 15; -1: no hexadecimal digit. */
static inline int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 32);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

#endif
