/* messages/trace_redactor_state.h -- what a redactor knows; of trace_redactor*.c alone. */
#ifndef MESSAGES_TRACE_REDACTOR_STATE_H
#define MESSAGES_TRACE_REDACTOR_STATE_H

#include "messages/redact_walk.h"
#include "messages/trace_redactor.h"

/* So many bytes of a text, from `from` on, are at this place of a record. */
struct patch {
    uint32_t record, offset;
    uint32_t text, from, length;
    uint32_t whole; /* the length of all of the text */
    uint8_t place;
};

struct patches {
    struct patch *at;
    size_t count, room;
};

void patches_add(struct patches *p, const struct redact_text *text, struct redact_spot spot,
                 uint32_t from, uint32_t length);
/* By record and place; of those that are about the same bytes the one that counts comes first. None twice. */
void patches_sort(struct patches *p);
/* How many there are, from the first on, of the same record and place. */
size_t patches_of_place(const struct patches *p, size_t first);
/* In the order of a place: takes those bytes that no one before has taken, and gives them what is new, unless `bytes`
 * is NULL. taken: empty before the first. Returns whether it got all. */
bool patch_take(const struct patch *p, struct redact_bytes *taken, const uint8_t *new,
                uint8_t *bytes);

struct redactor {
    struct redact_rules *rules;
    struct redact_texts *texts;
    struct redact_eyes eyes;
    struct redact_walk *walk; /* of the pass that is under way */
    bool knows_file;
    uint64_t wall_us; /* of the run that it is of */
    uint32_t process;
    uint32_t records; /* that the passes so far have seen */
    struct patches patches;
    size_t next; /* patch to be applied */
    uint32_t applied;
    uint64_t places;
    struct trace_record record;
    struct redact_bytes spans[TRACE_SPANS_MAX], effects, text, taken;
};

#endif
