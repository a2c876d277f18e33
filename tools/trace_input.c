/* tools/trace_input.c -- see trace_input.h */
#include "tools/trace_input.h"
#include "actors/exit_codes.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { READ_BYTES = 256 << 10, FOLLOW_MS = 50 };

static const char *shown_name(const struct trace_input *in)
{
    return strcmp(in->name, "-") == 0 ? "standard input" : in->name;
}

static void say(const struct trace_input *in, const char *what)
{
    if (!in->quiet)
        fprintf(stderr, "intproxy-trace: %s: %s\n", shown_name(in), what);
}

void trace_input_open(struct trace_input *in, const char *const *paths, unsigned count)
{
    in->reader = trace_reader_new();
    in->paths = paths;
    in->count = count;
    in->at = 0;
    in->part = 0;
    in->fd = -1;
}

void trace_input_close(struct trace_input *in)
{
    if (in->fd > STDIN_FILENO)
        close(in->fd);
    trace_reader_free(in->reader);
}

static bool open_named(struct trace_input *in)
{
    in->fd = strcmp(in->name, "-") == 0 ? STDIN_FILENO : open(in->name, O_RDONLY | O_CLOEXEC);
    return in->fd >= 0;
}

/* The next part of a name that stands for its parts. */
static bool open_part(struct trace_input *in)
{
    uint32_t part = in->part + 1;
    snprintf(in->name, sizeof in->name, "%s.%" PRIu32, in->paths[in->at], part);
    if (!open_named(in))
        return false;
    in->part = part;
    return true;
}

/* The first parts may have been removed (--trace-keep): the lowest number that is there. */
static bool open_first_part(struct trace_input *in)
{
    enum { LOOKED_FOR = 100000 };
    for (in->part = 0; in->part < LOOKED_FOR; in->part++)
        if (open_part(in))
            return true;
    in->part = 0;
    return false;
}

/* What is to be read next. False: nothing is left, or it failed. */
static bool open_next(struct trace_input *in)
{
    if (in->part && open_part(in))
        return true;
    if (in->part) {
        in->part = 0;
        in->at++;
    }
    if (in->at == in->count)
        return false;
    snprintf(in->name, sizeof in->name, "%s", in->paths[in->at]);
    if (open_named(in)) {
        in->at++;
        return true;
    }
    int error = errno;
    if (error == ENOENT && open_first_part(in))
        return true;
    snprintf(in->name, sizeof in->name, "%s", in->paths[in->at]);
    fprintf(stderr, "intproxy-trace: %s: %s\n", in->name, strerror(error));
    in->failed = true;
    return false;
}

static void say_end(struct trace_input *in)
{
    char text[200];
    uint64_t offset;
    size_t torn = trace_reader_torn(in->reader, &offset);
    if (torn) {
        snprintf(text, sizeof text,
                 "offset %" PRIu64
                 ": torn: the last %zu bytes are the beginning of a record, whose end "
                 "was not written; they are skipped",
                 offset, torn);
        say(in, text);
        in->torn++;
    }
}

static void end_file(struct trace_input *in)
{
    say_end(in);
    if (in->fd > STDIN_FILENO)
        close(in->fd);
    in->fd = -1;
    trace_reader_next_file(in->reader);
}

/* False: nothing more will come. */
static bool feed(struct trace_input *in)
{
    static uint8_t bytes[READ_BYTES];
    for (;;) {
        if (in->fd < 0 && !open_next(in))
            return false;
        ssize_t n = read(in->fd, bytes, sizeof bytes);
        if (n > 0) {
            trace_reader_feed(in->reader, bytes, (size_t)n);
            return true;
        }
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            say(in, strerror(errno));
            in->failed = true;
        } else if (in->follow && in->at == in->count && !in->part) {
            nanosleep(&(struct timespec){0, FOLLOW_MS * 1000000L}, NULL);
            continue;
        }
        end_file(in);
    }
}

bool trace_input_next(struct trace_input *in, struct trace_record *record)
{
    for (;;) {
        switch (trace_reader_next(in->reader, record)) {
        case TRACE_RECORD: return true;
        case TRACE_BEGUN: in->files++; break;
        case TRACE_BAD:
            in->bad++;
            say(in, trace_reader_error(in->reader));
            break;
        case TRACE_MORE:
            if (!feed(in))
                return false;
        }
    }
}

const struct trace_about *trace_input_about(const struct trace_input *in)
{
    return trace_reader_about(in->reader);
}

int trace_input_status(const struct trace_input *in)
{
    return in->failed ? EXIT_IO : in->bad ? EXIT_DATA : 0;
}
