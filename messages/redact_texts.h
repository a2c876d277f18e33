/* messages/redact_texts.h -- the secrets of a trace: in all their forms, and what each becomes.
 *
 * Purpose  texts are learned as they were seen; what they mean is a secret, and its other forms are texts too. When
 *          all are known, each gets its replacement, and those that can be looked for everywhere are in a search.
 * Owner    whoever called redact_texts_new.
 * Thread   one at a time.
 * Errors   none; the end of memory is the program's.
 *
 * A replacement depends on the key and the secret alone, but where it would be the secret itself, another secret's
 * replacement, or hold a secret: then the next one is taken.
 */
#ifndef MESSAGES_REDACT_TEXTS_H
#define MESSAGES_REDACT_TEXTS_H

#include "messages/redact_coding.h"
#include "messages/redact_rules.h"
#include "messages/redact_search.h"
#include <uthash.h>

enum {
    REDACT_PIECE_MAX = 8192, /* longer values are taken for several */
    REDACT_LAYERS_MAX = 8,   /* codings of one value that are undone; below, it means itself */
    REDACT_EVERYWHERE_MIN = 4,
    REDACT_DIGITS_MIN = 8,
    REDACT_WHAT_MAX = 48,
};

struct redact_text {
    const uint8_t *bytes;
    uint32_t length, number; /* from 1 */
    enum redact_coding coding;
    bool learned;                       /* not only what another text means */
    bool whole;                         /* not only the beginning of a value that was cut off */
    bool everywhere;                    /* looked for; else it is replaced behind its names only */
    struct redact_text *meaning, *user; /* NULL: it means itself; user: of a PAIR */
    struct redact_text *longer;         /* a text that begins with this one, which was cut off */
    uint8_t *replacement;
    char what[REDACT_WHAT_MAX]; /* "header cookie" */
    UT_hash_handle hh;
};

struct redact_texts;

struct redact_texts *redact_texts_new(const void *key, size_t key_length);
void redact_texts_free(struct redact_texts *t);

void redact_texts_learn(struct redact_texts *t, const uint8_t *bytes, size_t length,
                        enum redact_coding coding, const char *what);
/* The beginning of a value, whose end is not known. If a text that is known begins so, this is taken for it. */
void redact_texts_learn_part(struct redact_texts *t, const uint8_t *bytes, size_t length,
                             const char *what);
/* What must stay as it is: a secret that is a part of this is not looked for everywhere. */
void redact_texts_keep(struct redact_texts *t, const void *bytes, size_t length);
void redact_texts_close(struct redact_texts *t);

const struct redact_search *redact_texts_search(const struct redact_texts *t);
const struct redact_text *redact_texts_number(const struct redact_texts *t, uint32_t number);
/* NULL: it was not learned. */
const struct redact_text *redact_texts_find(const struct redact_texts *t, const uint8_t *bytes,
                                            size_t length);
/* Secrets, forms not counted, and those of them that are not looked for everywhere. */
void redact_texts_count(const struct redact_texts *t, uint64_t *secrets, uint64_t *in_place);

/* Another hash in place of one: equal for equal ones, and worth nothing without the key. */
uint64_t redact_texts_hash(const struct redact_texts *t, uint64_t hash, uint32_t length);

#endif
