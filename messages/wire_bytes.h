/* messages/wire_bytes.h -- protocol bytes as a form of messages; see wire_transcode.h.
 *
 * Source   one whole message, as wire_decoder has measured and accepted it. Bytes that it has not
 *          seen are safe all the same: what does not fit is an error.
 * Sink     the bytes that the original writes for the value. What its decoder would refuse (a header
 *          name with a blank, 300 as a u8) is an error: no other sink is as strict.
 * Source   wire-format.md 1 and 2.
 */
#ifndef MESSAGES_WIRE_BYTES_H
#define MESSAGES_WIRE_BYTES_H

#include "messages/wire_header_fold.h"
#include "messages/wire_transcode.h"

/* Lists in lists: what nests without end is a filter in a filter, and a little around it. */
enum { WIRE_BYTES_LISTS_MAX = 160 };

struct wire_bytes_source {
    const uint8_t *begin, *at, *end;
    bool raw;       /* header maps entry by entry, as they lie there: for a dump */
    bool unordered; /* a set or a map of two and more has passed: its order means nothing */
    /* -- private -- */
    uint64_t left[WIRE_BYTES_LISTS_MAX];
    unsigned lists;
    struct wire_header_fold fold;
    uint32_t name, value; /* where in `fold`: an index and 1 */
    struct wire_buffer text;
};

extern const struct wire_source wire_bytes_source;

/* Everything but what was allocated is made anew; zero the struct before the first time. */
void wire_bytes_source_begin(struct wire_bytes_source *s, const void *bytes, size_t length);
void wire_bytes_source_release(struct wire_bytes_source *s);

struct wire_bytes_sink {
    struct wire_buffer out;
    bool unchecked; /* strings are written as they are: for tests of what refuses them */
    /* -- private -- */
    size_t begun[WIRE_BYTES_LISTS_MAX];
    unsigned lists;
};

/* Appends to `out`; the struct is zeroed before the first time. */
extern const struct wire_sink wire_bytes_sink;
void wire_bytes_sink_release(struct wire_bytes_sink *s);

#endif
