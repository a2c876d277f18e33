/* tools/trace_input.c -- see trace_input.h */
#include "tools/trace_input.h"
#include "actors/exit_codes.h"
#include "messages/trace_format.h"
#include "tools/trace_reread.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { READ_BYTES = 256 << 10, FOLLOW_MS = 50 };

static const char *shown_name(const struct trace_input *in)
{
    return trace_reread_shown(in->name);
}

static void say(const struct trace_input *in, const char *what)
{
    if (!in->quiet)
        fprintf(stderr, "intproxy-trace: %s: %s\n", shown_name(in), what);
}

/* Of a file that is mostly damaged nobody reads every place. */
enum { SAID_MAX = 20 };

static void say_bad(struct trace_input *in, const char *what)
{
    in->bad++;
    if (in->said++ < SAID_MAX)
        say(in, what);
}

static void say_more(struct trace_input *in)
{
    char text[100];
    snprintf(text, sizeof text, "%" PRIu64 " more places could not be read", in->said - SAID_MAX);
    if (in->said > SAID_MAX)
        say(in, text);
    in->said = 0;
}

void trace_input_open(struct trace_input *in, const char *const *paths, unsigned count)
{
    in->reader = trace_reader_new();
    in->paths = paths;
    in->count = count;
    in->at = 0;
    in->part = 0;
    in->fd = -1;
    in->last_part = 0;
    in->ended = in->grows = in->had_more = false;
}

void trace_input_close(struct trace_input *in)
{
    say_more(in);
    if (in->fd > STDIN_FILENO)
        close(in->fd);
    trace_reader_free(in->reader);
}

/* What is left of an open file; UINT64_MAX: only its end will tell. */
static uint64_t size_now(int fd)
{
    struct stat st;
    off_t at = lseek(fd, 0, SEEK_CUR);
    if (at < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return UINT64_MAX;
    return st.st_size > at ? (uint64_t)(st.st_size - at) : 0;
}

static bool open_named(struct trace_input *in)
{
    in->fd = strcmp(in->name, "-") == 0 ? STDIN_FILENO : open(in->name, O_RDONLY | O_CLOEXEC);
    if (in->fd >= 0)
        in->size = in->follow ? UINT64_MAX : size_now(in->fd);
    return in->fd >= 0;
}

static void say_failed(struct trace_input *in, int error)
{
    fprintf(stderr, "intproxy-trace: %s: %s\n", shown_name(in), strerror(error));
    in->failed = true;
}

/* 0: there is none that is to be read. */
static uint32_t part_after(const struct trace_input *in, uint32_t part)
{
    uint32_t next = trace_part_after(in->paths[in->at], part);
    return next <= in->last_part ? next : 0;
}

/* The next part of the name that stands for its parts. One that is removed meanwhile is passed over. */
static bool open_part(struct trace_input *in)
{
    uint32_t part = in->part;
    if (!part)
        in->last_part = in->follow ? UINT32_MAX : trace_part_last(in->paths[in->at]);
    while ((part = part_after(in, part))) {
        trace_part_name(in->paths[in->at], part, in->name);
        bool opened = open_named(in);
        if (!opened && errno == ENOENT)
            continue;
        in->part = part;
        if (opened)
            return true;
        say_failed(in, errno);
    }
    return false;
}

/* The file of this path, or the first of its parts. False: none can be opened, which was said. */
static bool open_path(struct trace_input *in)
{
    const char *path = in->paths[in->at];
    snprintf(in->name, sizeof in->name, "%s", path);
    if (open_named(in))
        return true;
    int error = errno;
    if (error == ENOENT && (open_part(in) || in->part))
        return in->fd >= 0;
    snprintf(in->name, sizeof in->name, "%s", path);
    say_failed(in, error);
    return false;
}

/* What is to be read next. False: nothing is left. */
static bool open_next(struct trace_input *in)
{
    in->bytes = 0;
    in->ended = in->grows = in->had_more = false;
    while (in->at < in->count) {
        if (in->part ? open_part(in) : open_path(in)) {
            in->at += !in->part;
            return true;
        }
        in->part = 0;
        in->at++;
    }
    return false;
}

static void say_end(struct trace_input *in, bool damaged)
{
    char text[200];
    uint64_t offset;
    size_t torn = trace_reader_torn(in->reader, &offset);
    bool only_magic = in->bytes == TRACE_MAGIC_BYTES && !torn && !damaged;
    if (in->bytes && ((!torn && !only_magic) || in->grows))
        return;
    if (only_magic)
        snprintf(text, sizeof text, "offset %d: torn: it ends before its header",
                 TRACE_MAGIC_BYTES);
    else if (torn)
        snprintf(text, sizeof text,
                 "offset %" PRIu64
                 ": torn: the last %zu bytes are the beginning of a record, whose end "
                 "was not written; they are skipped",
                 offset, torn);
    else
        snprintf(text, sizeof text, "it is empty, nothing was written into it yet");
    say(in, text);
    in->torn++;
}

static void close_file(struct trace_input *in)
{
    bool damaged = in->said != 0;
    say_more(in);
    say_end(in, damaged);
    if (in->fd > STDIN_FILENO)
        close(in->fd);
    in->fd = -1;
    trace_reader_next_file(in->reader);
}

/* This is the last that there is to read, for now. */
static bool is_last(const struct trace_input *in)
{
    return in->part ? in->at + 1 == in->count : in->at == in->count;
}

/* A pipe that is at its end was closed, and does not grow any more. */
static bool may_grow(const struct trace_input *in)
{
    struct stat st;
    return in->follow && is_last(in) && fstat(in->fd, &st) == 0 && S_ISREG(st.st_mode);
}

enum at_end { READ_AGAIN, END_FILE, END_ALL };

/* A part is complete when the next one is there; what was written before that, and after the last look, is still
 * to be read. */
static enum at_end at_end(struct trace_input *in)
{
    if (in->had_more)
        return END_FILE;
    in->had_more = in->part && part_after(in, in->part);
    if (in->had_more)
        return READ_AGAIN;
    if (!may_grow(in))
        return END_FILE;
    if (in->waits && !in->waits(in->context))
        return END_ALL;
    nanosleep(&(struct timespec){0, FOLLOW_MS * 1000000L}, NULL);
    return READ_AGAIN;
}

/* What is left is looked at once more. */
static bool end_file(struct trace_input *in)
{
    in->ended = true;
    trace_reader_end(in->reader);
    return true;
}

/* Who follows a pipe shows what there is before it waits, and may be told to end. False: it was. */
static bool wait_for_bytes(const struct trace_input *in)
{
    struct pollfd one = {.fd = in->fd, .events = POLLIN};
    while (in->follow && poll(&one, 1, 0) <= 0) {
        if (in->waits && !in->waits(in->context))
            return false;
        poll(&one, 1, FOLLOW_MS);
    }
    return true;
}

static ssize_t read_some(const struct trace_input *in, void *bytes, size_t room)
{
    ssize_t n;
    do
        n = read(in->fd, bytes, room);
    while (n < 0 && errno == EINTR);
    return n;
}

/* Of what it had when it was opened; 0: no more. */
static size_t room_to_read(const struct trace_input *in)
{
    uint64_t left = in->size - in->bytes;
    return left < READ_BYTES ? (size_t)left : READ_BYTES;
}

/* All that it had was read. Has it more, it is being written; that is left, as are the parts behind it. */
static bool has_grown(const struct trace_input *in)
{
    uint64_t more = in->size == in->bytes ? size_now(in->fd) : 0;
    return more && more != UINT64_MAX;
}

/* False: nothing more will come. */
static bool feed(struct trace_input *in)
{
    static uint8_t bytes[READ_BYTES];
    if (in->ended)
        close_file(in);
    if (in->fd < 0 && !open_next(in))
        return false;
    for (;;) {
        if (!wait_for_bytes(in))
            return false;
        if (has_grown(in)) {
            in->grows = true;
            in->last_part = in->part;
            return end_file(in);
        }
        ssize_t n = read_some(in, bytes, room_to_read(in));
        if (n > 0) {
            in->bytes += (uint64_t)n;
            trace_reader_feed(in->reader, bytes, (size_t)n);
            return true;
        }
        if (n < 0) {
            say_failed(in, errno);
            in->bytes++; /* it is not empty */
            return end_file(in);
        }
        enum at_end end = at_end(in);
        if (end == END_FILE)
            return end_file(in);
        if (end == END_ALL)
            return false;
    }
}

bool trace_input_next(struct trace_input *in, struct trace_record *record)
{
    for (;;) {
        switch (trace_reader_next(in->reader, record)) {
        case TRACE_RECORD: return true;
        case TRACE_BEGUN: in->files++; break;
        case TRACE_BAD: say_bad(in, trace_reader_error(in->reader)); break;
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
