/* messages/redact_flow.h -- bytes that belong together, and where in the trace each of them is.
 *
 * Purpose  a value may be cut over records: it is found in the flow of all of them, and replaced where its parts are.
 *          Only so much is remembered as a value that is under way may need.
 * Owner    whoever has the struct; zeroed is empty. redact_flow_free.
 * Thread   one at a time.
 */
#ifndef MESSAGES_REDACT_FLOW_H
#define MESSAGES_REDACT_FLOW_H

#include "messages/redact_matches.h"
#include "messages/redact_texts.h"

/* Bytes of a record. place: its spans, by their numbers, or one of these: */
enum { REDACT_EFFECTS = 16, REDACT_NOTE };
struct redact_spot {
    uint32_t record; /* as they come, from 0 */
    uint32_t offset;
    uint8_t place;
};

struct redact_segment {
    uint64_t at;
    uint32_t length;
    struct redact_spot spot;
};

struct redact_flow {
    uint64_t at; /* of the next byte */
    uint32_t node;
    size_t first, count, room; /* segments that are remembered */
    struct redact_segment *segments;
    struct redact_matches matches; /* whose bytes are not told yet */
    const struct redact_flow
        *before; /* has the bytes before `split`, outlives this; NULL: there are none */
    uint64_t split;
};

/* Who is told. `texts` NULL: nothing is looked for. */
struct redact_sink {
    const struct redact_texts *texts;
    /* Part of a text is here: its bytes from `from`, as many as length. Of what is found each byte is told once
     * (redact_matches.h), when no text that is under way can have it. NULL: where they are does not matter. */
    void (*part)(void *context, const struct redact_text *text, struct redact_spot spot,
                 uint32_t from, uint32_t length);
    void *context;
    /* The longest of the texts that end with the byte that was fed last; at once. May be NULL. */
    void (*ended)(void *context, const struct redact_text *text);
};

/* More of it. */
void redact_flow_feed(struct redact_flow *f, const struct redact_sink *sink, const uint8_t *bytes,
                      size_t length, struct redact_spot spot);
/* Bytes of it are missing; it was cut before. */
void redact_flow_skip(struct redact_flow *f, uint64_t missing);
/* Nothing follows: what was found is told. */
void redact_flow_settle(struct redact_flow *f, const struct redact_sink *sink);
/* Empty again. It was settled. */
void redact_flow_anew(struct redact_flow *f);
/* From here on it has bytes that texts that are under way may need. */
uint64_t redact_flow_needs(const struct redact_flow *f, const struct redact_sink *sink);
/* What is before `at` will not be asked for, but for texts that are under way. */
void redact_flow_forget(struct redact_flow *f, const struct redact_sink *sink, uint64_t at);
/* It is cut off here. If a text of which at least `least` bytes have come was under way, they are told. */
void redact_flow_cut(struct redact_flow *f, const struct redact_sink *sink, uint32_t least);
/* The text is in the flow from `at` on: its parts are told. */
void redact_flow_tell(const struct redact_flow *f, const struct redact_sink *sink,
                      const struct redact_text *text, uint64_t at, uint64_t length);
/* The segment, or the end of one, that has the byte; its length is that of the rest. */
struct redact_segment redact_flow_find(const struct redact_flow *f, uint64_t at);
/* Bytes that are missing from there on. */
uint64_t redact_flow_missing(const struct redact_flow *f, uint64_t at);
void redact_flow_free(struct redact_flow *f);

#endif
