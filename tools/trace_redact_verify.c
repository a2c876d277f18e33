/* tools/trace_redact_verify.c -- see trace_redact_verify.h */
#include "tools/trace_redact_verify.h"
#include "actors/exit_codes.h"
#include "tools/trace_input.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

enum { READ_BYTES = 1 << 16, SAID_MAX = 20 };

struct findings {
    const char *path;
    uint64_t count;
};

static bool may_say(struct findings *f)
{
    if (f->count++ < SAID_MAX)
        return true;
    if (f->count == SAID_MAX + 1)
        fprintf(stderr, "intproxy-trace: %s: ... and more\n", f->path);
    return false;
}

static void say_left(void *context, const char *what, const struct trace_record *r)
{
    struct findings *f = context;
    if (may_say(f))
        fprintf(stderr,
                "intproxy-trace: %s: offset %" PRIu64 ": a secret (%s) is left in record %" PRIu64
                "%s%s\n",
                f->path, r->offset, what, r->sequence, r->kind ? ", " : "",
                r->kind ? r->kind->name : "");
}

static void say_left_bytes(void *context, const char *what, uint64_t offset)
{
    struct findings *f = context;
    if (may_say(f))
        fprintf(stderr, "intproxy-trace: %s: byte %" PRIu64 ": a secret (%s) is left\n", f->path,
                offset, what);
}

/* Every byte of the file, whatever it means. */
static bool check_bytes(struct redactor_check *check_of, struct findings *f)
{
    static uint8_t bytes[READ_BYTES];
    int fd = open(f->path, O_RDONLY | O_CLOEXEC);
    ssize_t n = -1;
    while (fd >= 0 && (n = read(fd, bytes, sizeof bytes)) > 0)
        redactor_check_bytes(check_of, bytes, (size_t)n, say_left_bytes, f);
    if (n < 0)
        fprintf(stderr, "intproxy-trace: %s: %s\n", f->path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return n == 0;
}

int trace_redact_verify(struct redactor *d, const char *path)
{
    struct findings f = {path, 0};
    struct trace_input in = {0};
    struct trace_record r;
    struct redactor_check *of = redactor_check_new(d, say_left, &f);
    trace_input_open(&in, &path, 1);
    while (trace_input_next(&in, &r))
        redactor_check_record(of, in.reader, &r);
    int status = trace_input_status(&in);
    trace_input_close(&in);
    bool whole = redactor_check_end(of);
    if (status != EXIT_IO && !check_bytes(of, &f))
        status = EXIT_IO;
    redactor_check_free(of);
    if (f.count)
        return 1;
    if (!status && !whole) {
        fprintf(stderr, "intproxy-trace: %s: it has not as many records as the original\n", path);
        status = 1;
    }
    return status;
}
