/* tests/trace_rig.h -- a recorder and its reader side by side: what was seen, and what the trace says of it.
 *
 * Purpose  a spy hears the same hooks as the recorder and writes down, in its own way, what there is to know; the
 *          trace is read and written down in the same words. Equal texts: nothing was lost, changed or moved.
 * Owner    the test. Texts are malloc's.
 * Thread   one: deterministic mode.
 */
#ifndef TESTS_TRACE_RIG_H
#define TESTS_TRACE_RIG_H

#include "messages/trace_encoder.h"
#include "messages/trace_reader.h"
#include <stdio.h>

struct text {
    FILE *file;
    char *text;
    size_t length;
};
void text_begin(struct text *t);
/* Its characters, until text_free. */
const char *text_of(struct text *t);
void text_free(struct text *t);

struct rig {
    struct recorder *recorder;
    struct trace_encoder *encoder;
    struct trace_out out; /* the file */
    unsigned wakes;
    uint64_t entries;

    struct hooks hooks;       /* the spy's, which pass on to the recorder */
    const struct hooks *also; /* ... and to these, before; may be NULL */
    const struct actor_type *const *types;
    uint32_t bodies_max;
    struct text seen;          /* all that was done with */
    struct text call, unheard; /* what is under way, and what was not heard meanwhile */
    bool open;
    bool goes_on;             /* hooks.h says of the last call that it does; kept by the spy: */
    uint64_t last_actor;      /* ... who it was, */
    uint16_t last_kind;       /* ... and what it heard */
    uint32_t went_on, broken; /* how often that was said; and was not so */
    uint32_t heard[1 << 12];  /* by slot and worker */
    uint32_t generation[1 << 12];
};

/* Each reading of the clock is a nanosecond later than the one before. */
extern uint64_t rig_now_ns;
void rig_create(struct rig *r, const struct actor_type *const *types, unsigned workers,
                size_t ring_bytes, uint32_t bodies_max);
/* What the runtime does when an actor that was made by hand hears a message. */
void rig_input(struct rig *r, struct actor *a, const struct message *m, uint64_t now);
/* Entries go into the file. Returns how many. */
uint64_t rig_drain(struct rig *r);
/* Drains; then the trace must say what the spy saw. */
void rig_check(struct rig *r);
void rig_destroy(struct rig *r);

/* Records of a trace in the spy's words; of those that are no calls, ends or undelivered messages: in others. */
void rig_read(struct text *out, const uint8_t *bytes, size_t length);
void rig_line(struct text *out, const struct trace_reader *reader, const struct trace_record *r);
/* All that a reader says of a file's bytes, damage and torn ends too, each with its offset, when they come in
 * pieces of up to so many (0: all at once), of random sizes. */
void rig_story(struct text *out, const uint8_t *bytes, size_t length, size_t piece);
uint32_t rig_random(uint32_t below);

#endif
