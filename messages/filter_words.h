/* messages/filter_words.h -- the words that a filter is made of; see filter.h */
#ifndef MESSAGES_FILTER_WORDS_H
#define MESSAGES_FILTER_WORDS_H

#include "messages/filter.h"

enum filter_word_kind {
    FILTER_WORD_END,
    FILTER_WORD_BARE,
    FILTER_WORD_QUOTED, /* "" or ''; `at` is behind the first quote, `length` is up to the last */
    FILTER_WORD_SIGN,   /* && || ! ( ) == != < <= > >= ~ !~, and signs that nobody knows */
    FILTER_WORD_OPEN_QUOTE, /* a text without an end */
};

struct filter_word {
    enum filter_word_kind kind;
    const char *at;
    size_t length;
    const char *begin, *end; /* in the filter, quotes included */
};

/* The next word from `at` on. */
struct filter_word filter_word_next(const char *at);
bool filter_word_is(const struct filter_word *w, const char *text);
/* What it is, for an error: "the end", or the word in quotes, shortened. Returns out. */
enum { FILTER_WORD_SHOWN_MAX = 64 };
const char *filter_word_show(const struct filter_word *w, char out[FILTER_WORD_SHOWN_MAX]);
/* Characters in front of `at`, and 1. */
unsigned filter_column(const char *text, const char *at);

/* Takes a quoted word's escapes out, into `out` (never longer than the word). Returns where an
 * escape is wrong, NULL: nowhere. */
const char *filter_word_unescape(const struct filter_word *w, char *out, size_t *length);

/* Literals. False: it is none. A time is in nanoseconds, and needs a unit unless it is 0. */
bool filter_literal_number(const struct filter_word *w, uint64_t *out);
bool filter_literal_time(const struct filter_word *w, uint64_t *out);
bool filter_literal_exchange(const struct filter_word *w, uint64_t *out);

#endif
