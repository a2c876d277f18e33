/* tools/trace_convert.h -- what the forms of `intproxy-trace convert` have in common.
 *
 * Purpose  trace_convert.c has the options; trace_convert_read.c reads the trace, leaves out what is not wanted,
 *          hides what is secret, and hands a form records or whole exchanges; the form appends what is to be
 *          written to `out`; trace_convert_out.c writes it.
 * Owner    the command: one conversion a run.
 */
#ifndef TOOLS_TRACE_CONVERT_H
#define TOOLS_TRACE_CONVERT_H

#include "messages/http_head.h"
#include "messages/text_out.h"
#include "messages/trace_exchanges.h"
#include "messages/trace_gather.h"
#include "messages/trace_reader.h"
#include "tools/trace_redaction.h"
#include "tools/trace_selection.h"

struct convert;

/* A way to write a trace. Each member but the name may be NULL. */
struct convert_form {
    const char *name;
    void (*begin)(struct convert *c); /* before all else, with c->about */
    void (*part)(struct convert *c);  /* a file, or the next part, has begun: records follow */
    /* Each record. c->wanted: the filter wants it. */
    void (*record)(struct convert *c, const struct trace_record *r);
    /* An HTTP request. Forms with this member get those whose exchange is wanted. */
    void (*exchange)(struct convert *c, const struct gathered *x);
    void (*end)(struct convert *c);
    bool selects; /* c->selection is needed before the first record */
    bool decodes; /* it shows answers without their content codings */
};

struct convert {
    const struct convert_form *form;
    struct trace_out out;

    /* what is read */
    const char *const *paths;
    unsigned count;
    const struct trace_reader *reader;
    struct trace_about about;          /* of the part that is being read */
    struct trace_setting *settings;    /* of it, ends with a NULL name */
    const struct trace_exchange *x;    /* of the record; NULL: none, or not known */
    bool wanted;                       /* the record is */
    struct trace_selection *selection; /* NULL: everything */

    /* options */
    const char *filter;                /* NULL: none */
    const char *directory;             /* -o DIR/: a file an exchange; NULL: all into one */
    const char *to_host;               /* curl: instead of the recorded destination */
    bool no_messages, no_streams;      /* pcapng */
    struct trace_redaction *redaction; /* NULL: secrets stay */
    enum gather_at at;
    bool has_at; /* else it is of the program that was recorded */

    /* where it goes */
    int fd;           /* -1: standard output */
    const char *name; /* NULL: standard output */
    bool failed;      /* said */

    /* what is said at the end */
    uint64_t exchanges, raw, unfinished, headless;
    uint64_t capped, capped_bytes; /* bodies that the trace has not whole, and what they lack */
    uint64_t coded;                /* bodies with a content coding, in which no secret is found */
};

extern const struct convert_form convert_jsonl, convert_har, convert_curl, convert_requests,
    convert_pcapng;

/* ---- trace_convert_read.c ---- */

/* Reads all and gives it to the form. Exit status of the input. */
int convert_read(struct convert *c);
/* What a body lacks is counted, once for each. */
void convert_count_body(struct convert *c, const struct gathered_body *b);
/* What stays as it was sent and has a content coding, likewise. */
void convert_count_coded(struct convert *c, const struct http_head *h,
                         const struct gathered_body *b);
/* Nanoseconds since 1970 of a time of the trace. */
uint64_t convert_wall_ns(const struct convert *c, uint64_t ns);

/* ---- trace_convert_out.c ---- */

bool convert_is_directory(const char *name);
/* Opens `name`: a file, a directory, NULL or "-" for standard output. False: it cannot be, said. */
bool convert_open(struct convert *c, const char *name);
void convert_close(struct convert *c);
/* Writes c->out and empties it, if it has become long, or whatever there is. */
void convert_flush(struct convert *c, bool all);
/* A file of c->directory, made of c->out. */
void convert_write_file(struct convert *c, const char *name);
/* A new file, for its owner alone; -1: it cannot be, and that was said. `inputs` are not overwritten. */
int convert_create(const char *name, const char *const *inputs, unsigned count);
/* False: it cannot be written, said. */
bool convert_write(int fd, const char *name, const struct trace_out *out);

/* ---- trace_convert_jsonl.c ---- */

/* A trace made of JSON lines. Exit status. */
int convert_from_jsonl(const char *const *paths, unsigned count, const char *to, bool renumber);

#endif
