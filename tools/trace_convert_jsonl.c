/* tools/trace_convert_jsonl.c -- `convert --to jsonl`, `convert --from jsonl`; messages/trace_jsonl.h has the form. */
#include "messages/trace_jsonl.h"
#include "tools/trace_commands.h"
#include "tools/trace_convert.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct jsonl_sink sink;

static void part(struct convert *c)
{
    jsonl_put_beginning(&sink, &c->out, c->reader, &c->about, c->settings);
}

static void count(struct convert *c, const struct trace_bytes *b)
{
    if (b->kept == b->length)
        return;
    c->capped++;
    c->capped_bytes += b->length - b->kept;
}

static void record(struct convert *c, const struct trace_record *r)
{
    if (!c->wanted)
        return;
    for (unsigned i = 0; r->what == TRACE_CALL && i < r->kind->span_count; i++)
        count(c, &r->spans[i]);
    jsonl_put_record(&sink, &c->out, c->reader, r);
}

static void end(struct convert *c)
{
    (void)c;
    jsonl_sink_release(&sink);
}

const struct convert_form convert_jsonl = {
    .name = "jsonl", .part = part, .record = record, .end = end};

/* ---- back again ------------------------------------------------------------------------------ */

enum { FLUSH_BYTES = 256 << 10 };

struct back {
    struct jsonl_source *source;
    struct trace_out out;
    const char *to;
    int fd;
    uint64_t bad; /* lines that are not read */
    bool is_lost; /* nor can any behind the last one be */
    bool failed;
};

static void flush(struct back *b, size_t when)
{
    if (b->out.length >= when && !b->failed)
        b->failed = !convert_write(b->fd, b->to, &b->out);
    if (b->out.length >= when)
        b->out.length = 0;
}

static void take_line(struct back *b, const char *name, uint64_t number, const char *line,
                      size_t length)
{
    if (strspn(line, " \t\r\n") == length)
        return;
    if (!jsonl_source_take(b->source, &b->out, line, length)) {
        b->is_lost = jsonl_source_is_lost(b->source);
        b->bad++;
        fprintf(stderr, "intproxy-trace: %s:%" PRIu64 ": %s%s\n", name, number,
                jsonl_source_error(b->source),
                b->is_lost ? "; this and what comes behind it is not read" : "");
    }
    flush(b, FLUSH_BYTES);
}

static bool goes_on(const struct back *b)
{
    return !b->failed && !b->is_lost;
}

static void read_lines(struct back *b, const char *name, FILE *in)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    for (uint64_t number = 1; goes_on(b) && (length = getline(&line, &room, in)) >= 0; number++)
        take_line(b, name, number, line, (size_t)length);
    if (ferror(in)) {
        fprintf(stderr, "intproxy-trace: %s: %s\n", name, strerror(errno));
        b->failed = true;
    }
    free(line);
}

static void read_file(struct back *b, const char *path)
{
    bool is_stdin = strcmp(path, "-") == 0;
    FILE *in = is_stdin ? stdin : fopen(path, "re");
    if (!in) {
        fprintf(stderr, "intproxy-trace: %s: %s\n", path, strerror(errno));
        b->failed = true;
        return;
    }
    read_lines(b, is_stdin ? "standard input" : path, in);
    if (!is_stdin)
        fclose(in);
}

static void finish(struct back *b)
{
    flush(b, 1);
    if (close(b->fd) != 0 && !b->failed) {
        fprintf(stderr, "intproxy-trace: %s: %s\n", b->to, strerror(errno));
        b->failed = true;
    }
    jsonl_source_free(b->source);
    free(b->out.bytes);
}

int convert_from_jsonl(const char *const *paths, unsigned count, const char *to, bool renumber)
{
    struct back b = {.to = to};
    bool to_stdout = strcmp(to, "-") == 0;
    b.fd = to_stdout ? dup(STDOUT_FILENO) : convert_create(to, paths, count);
    if (b.fd < 0)
        return EXIT_IO;
    b.source = jsonl_source_new(renumber);
    for (unsigned i = 0; i < count && goes_on(&b); i++)
        read_file(&b, paths[i]);
    finish(&b);
    return b.failed ? EXIT_IO : b.bad ? EXIT_DATA : 0;
}
