/* tools/trace_convert.h -- what the forms of `intproxy-trace convert` have in common.
 *
 * Purpose  trace_convert.c reads the trace, leaves out what is not wanted, hides what is secret, and hands a form
 *          records or whole exchanges; the form appends what is to be written to `out`.
 * Owner    the command: one conversion a run.
 */
#ifndef TOOLS_TRACE_CONVERT_H
#define TOOLS_TRACE_CONVERT_H

#include "messages/trace_exchanges.h"
#include "messages/trace_gather.h"
#include "messages/trace_reader.h"
#include "messages/text_out.h"

struct convert;

/* A way to write a trace. Each member but the name may be NULL. */
struct convert_form {
    const char *name;
    void (*begin)(struct convert *c); /* before all else, with c->about */
    void (*part)(struct convert *c);  /* a file, or the next part, has begun: records follow */
    void (*record)(struct convert *c, const struct trace_record *r);
    /* An HTTP request. Forms with this member get those whose exchange is wanted. */
    void (*exchange)(struct convert *c, const struct gathered *x);
    void (*end)(struct convert *c);
};

struct convert {
    const struct convert_form *form;
    const struct trace_reader *reader;
    struct trace_about about; /* of the part that is being read; its texts are the reader's */
    struct trace_out out;

    /* options */
    const char *directory;        /* -o DIR/: a file an exchange; NULL: all into one */
    const char *to_host;          /* curl: instead of the recorded destination */
    bool no_messages, no_streams; /* pcapng */

    /* where it goes */
    int fd;
    const char *name;
    bool failed; /* said */

    /* what is said at the end */
    uint64_t records, exchanges, raw, unfinished, headless;
    uint64_t capped, capped_bytes; /* bodies that the trace has not whole, and what they lack */
};

extern const struct convert_form convert_jsonl, convert_har, convert_curl, convert_requests,
    convert_pcapng;

/* Writes c->out and empties it, if it has become long, or whatever there is. */
void convert_flush(struct convert *c, bool all);
/* A file of c->directory, made of c->out. */
void convert_write_file(struct convert *c, const char *name);
/* What a body lacks is counted, once for each. */
void convert_count_body(struct convert *c, const struct gathered_body *b);
/* Nanoseconds since 1970 of a time of the trace. */
uint64_t convert_wall_ns(const struct convert *c, uint64_t ns);

/* A trace made of JSON lines. Exit status. */
int convert_from_jsonl(const char *const *paths, unsigned count, const char *to);
/* A new file, for its owner alone; -1: it cannot be, and that was said. `inputs` are not overwritten. */
int convert_create(const char *name, const char *const *inputs, unsigned count);
/* False: it cannot be written, said. */
bool convert_write(int fd, const char *name, const struct trace_out *out);

#endif
