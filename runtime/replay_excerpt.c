/* runtime/replay_excerpt.c -- see replay_excerpt.h */
#include "runtime/replay.h"
#include "runtime/replay_excerpt.h"
#include <stdio.h>
#include <string.h>

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t excerpt_parting(struct excerpt a, struct excerpt b)
{
    size_t known = smaller(a.known, b.known);
    for (size_t i = 0; i < known; i++)
        if (a.bytes[i] != b.bytes[i])
            return i;
    return a.length == b.length ? EXCERPT_SAME : smaller(known, smaller(a.length, b.length));
}

void excerpt_say(char *what, size_t room, const char *name, struct excerpt recorded, size_t at)
{
    size_t n = strlen(what);
    bool left_out = at == recorded.known && at < recorded.length;
    if (at != EXCERPT_SAME)
        snprintf(what + n, room - n, ": %s differs from byte %zu on%s", name, at,
                 left_out ? ", or behind it: the rest was not recorded" : "");
}

/* From the beginning, unless the byte would be among the last, or not there. */
static size_t begin_of(struct excerpt e, size_t at)
{
    if (at == EXCERPT_SAME || at < EXCERPT_BYTES - EXCERPT_BEFORE)
        return 0;
    return smaller(at - EXCERPT_BEFORE, e.known);
}

void excerpt_print(char *out, struct excerpt e, size_t at)
{
    size_t begin = begin_of(e, at), end = begin + smaller(e.known - begin, EXCERPT_BYTES);
    char *to = out + strlen(out), *last = out + REPLAY_TEXT_MAX - sizeof "\\x00\"...";
    to += snprintf(to, REPLAY_TEXT_MAX - (size_t)(to - out), begin ? " ...\"" : " \"");
    for (size_t i = begin; i < end && to < last; i++) {
        bool plain =
            e.bytes[i] >= ' ' && e.bytes[i] < 0x7f && e.bytes[i] != '\\' && e.bytes[i] != '"';
        to += snprintf(to, sizeof "\\x00", plain ? "%c" : "\\x%02x", e.bytes[i]);
    }
    if (to < last)
        snprintf(to, sizeof "\"...", end < e.length ? "\"..." : "\"");
}
