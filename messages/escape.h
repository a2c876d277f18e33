/* messages/escape.h -- what a backslash begins in a quoted text, wherever people write one. */
#ifndef MESSAGES_ESCAPE_H
#define MESSAGES_ESCAPE_H

#include "messages/hex.h"
#include <string.h>

/* Behind a backslash: one of " \\ n r t, or xNN for a byte. Returns how many characters it takes, 0: it
 * is none of them. */
static inline size_t escape_read(const char *at, const char *end, uint8_t *out)
{
    static const char names[] = "\"\\nrt", meant[] = "\"\\\n\r\t";
    const char *known = at < end && *at ? strchr(names, *at) : NULL;
    if (known) {
        *out = (uint8_t)meant[known - names];
        return 1;
    }
    if (end - at < 3 || *at != 'x' || !hex_read(at + 1, 2, out))
        return 0;
    return 3;
}

#endif
