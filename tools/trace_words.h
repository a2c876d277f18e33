/* tools/trace_words.h -- what the fields of messages mean, for whoever shows them.
 *
 * Purpose  a kind's fields are numbers; here stands which of them are enums (messages/vocabulary.h), versions,
 *          errors or times, and the words of message.flags. One table for lines and for JSON.
 * Thread   one at a time: the table is sorted at its first use.
 */
#ifndef TOOLS_TRACE_WORDS_H
#define TOOLS_TRACE_WORDS_H

#include "messages/trace_record.h"
#include "tools/trace_text.h"

enum trace_role {
    ROLE_NUMBER,
    ROLE_ENUM,
    ROLE_VERSION,   /* a struct version's bits */
    ROLE_ERROR,     /* an errno; 0: none */
    ROLE_EAI,       /* an error of a name look-up */
    ROLE_US,        /* a time in microseconds */
    ROLE_KIND,      /* a kind's number in this file */
    ROLE_SIGNAL,    /* a signal's number */
    ROLE_PEER,      /* with the fields behind it: an address */
    ROLE_HEAD,      /* a span: an HTTP head */
    ROLE_ADDRESSES, /* a span: addresses as address_pack makes them */
    ROLE_QUIET,     /* of no interest to people */
};

struct trace_word {
    enum trace_role role;
    const char *label;        /* for lines; NULL: the field's name */
    const char *const *words; /* ROLE_ENUM */
    unsigned count;
};

/* Of a kind's field; a kind that is not known here has plain numbers only. */
const struct trace_word *trace_word_of(const struct trace_kind *k, unsigned field);
/* Of an enum; NULL: it has none. */
const char *trace_word_name(const struct trace_word *w, uint64_t value);
/* "done", of enum stop_reason. */
const char *trace_stop_reason(uint64_t reason);
/* Of enum log_level. */
const char *trace_log_level(uint64_t level);

/* The flags that are set, one by one: *at begins with 0. NULL: there are none left. */
const char *trace_flag_next(const struct trace_record *r, unsigned *at);

/* "127.0.0.1:80", of SOCKET_ACCEPTED's fields. */
void trace_text_peer(struct trace_text *t, const struct trace_record *r);
/* "127.0.0.1:80 [::1]:80" */
void trace_text_addresses(struct trace_text *t, const struct trace_bytes *b);
/* "GET /path" or "200". False: this is no head that can be read. */
bool trace_text_head(struct trace_text *t, const struct trace_record *r);

#endif
