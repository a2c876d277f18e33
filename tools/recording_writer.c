/* tools/recording_writer.c -- see recording_writer.h */
#include "tools/recording_writer.h"
#include "messages/trace_format.h"
#include "messages/trace_notes.h"
#include "tools/recording_loss.h"
#include "tools/recording_units.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    APPEND_BYTES = 3 << 20, /* what is encoded goes to the file in pieces of about this */
    KEEP_BYTES = 16 << 10,  /* ... to memory */
    HELD_MAX = 4 << 20,     /* encoded bytes that a full disk may keep waiting */
    ERROR_DUMPS_MAX = 20,   /* an error that comes again and again does not fill the disk */
};
#define WAIT_NS     UINT64_C(20000000)   /* for more, until less than a piece is written */
#define RETRY_NS    UINT64_C(1000000000) /* until a full disk is tried again */
#define MORE_MEMORY "; more memory keeps more: --trace-memory"

static bool keeps_in_memory(const struct writer *w)
{
    return w->flight.last_ns != 0;
}

/* Not through stdio: who crashed may hold its lock. */
#define say(w, format, ...)                                                                        \
    (void)dprintf(STDERR_FILENO, "%s: the trace " format "\n", (w)->program, __VA_ARGS__)

void writer_close(struct writer *w)
{
    recording_store_close(&w->store);
    recording_flight_free(&w->flight);
    trace_out_free(&w->out);
}

/* ---- to the file ---- */

static bool has_lost(const struct writer *w)
{
    for (unsigned i = 0; i < w->workers; i++)
        if (w->lost[i])
            return true;
    return false;
}

/* A pipe that is slow is tried again soon; nothing is said of it unless something is lost. */
static void get_stuck(struct writer *w, uint64_t now_ns)
{
    bool slow = w->store.error == EAGAIN;
    w->stuck = true;
    w->retry_ns = slow ? now_ns : now_ns + RETRY_NS;
    if (slow && !has_lost(w))
        return;
    w->was_stuck = true;
    if (!w->said_stuck)
        say(w, "%s: %s; messages are left out of it until it can be written", w->store.path,
            slow ? "nobody reads" : strerror(w->store.error));
    w->said_stuck = true;
}

static void tell_lost(struct writer *w, uint64_t now_ns)
{
    for (unsigned i = 0; i < w->workers; i++) {
        if (w->lost[i])
            trace_encode_lagged(w->encoder, &w->out, i, w->lost[i], now_ns);
        w->lost[i] = 0;
    }
}

/* What was lost stands behind what was held. */
static void get_loose(struct writer *w, uint64_t now_ns)
{
    bool told = w->was_stuck || has_lost(w);
    w->stuck = w->was_stuck = w->said_stuck = false;
    tell_lost(w, now_ns);
    if (told)
        trace_encode_note(w->encoder, &w->out, TRACE_NOTE_FULL, now_ns);
}

static bool has_beginning(const struct trace_out *out)
{
    return out->length >= TRACE_MAGIC_BYTES &&
           memcmp(out->bytes, TRACE_MAGIC, TRACE_MAGIC_BYTES) == 0;
}

/* A pipe's reader has left. For the next one what waits is a trace that begins with it. */
static void begin_again(struct writer *w)
{
    struct trace_out begin = {0};
    uint64_t first = recording_loss_of(w->encoder, w->out.bytes, w->out.length).first;
    if (first == UINT64_MAX)
        first = trace_encoder_records(w->encoder);
    trace_encode_beginning_of(w->encoder, &begin, first, "--trace");
    (void)trace_out_room(&w->out, begin.length); /* it may move */
    memmove(w->out.bytes + begin.length, w->out.bytes, w->out.length);
    memcpy(w->out.bytes, begin.bytes, begin.length);
    w->out.length += begin.length;
    trace_out_free(&begin);
}

static void append(struct writer *w, uint64_t now_ns)
{
    if (w->store.reader_left && !has_beginning(&w->out))
        begin_again(w);
    size_t n = recording_store_append(&w->store, w->out.bytes, w->out.length);
    w->out.length -= n;
    if (!w->out.length)
        return;
    memmove(w->out.bytes, w->out.bytes + n, w->out.length);
    get_stuck(w, now_ns);
}

static void begin_file(struct writer *w)
{
    trace_out_begin_at(&w->out, 0);
    trace_encode_beginning(w->encoder, &w->out, w->store.part, "--trace");
}

static void begin_part(struct writer *w, uint64_t now_ns)
{
    if (!recording_store_next_part(&w->store, now_ns))
        get_stuck(w, now_ns);
    begin_file(w);
}

/* What is encoded goes where it belongs. */
static void put_away(struct writer *w, uint64_t now_ns)
{
    if (!w->out.length || w->stuck)
        return;
    w->put_ns = now_ns;
    if (!keeps_in_memory(w)) {
        append(w, now_ns);
        return;
    }
    recording_flight_append(&w->flight, w->out.bytes, w->out.length, w->out_first, now_ns);
    w->out.length = 0;
}

/* Whether it can be made is known now, and not when it is wanted. 0, or an errno. */
static int try_file(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno;
    close(fd);
    return unlink(path) == 0 ? 0 : errno;
}

/* Who reads the file from the first moment on finds its beginning. */
int writer_open(struct writer *w, uint64_t now_ns)
{
    if (keeps_in_memory(w))
        return try_file(w->store.path);
    int error = recording_store_open(&w->store, now_ns);
    if (error)
        return error;
    begin_file(w);
    put_away(w, now_ns);
    return 0;
}

static void retry(struct writer *w, uint64_t now_ns)
{
    if (!w->stuck || now_ns < w->retry_ns)
        return;
    w->stuck = false;
    append(w, now_ns);
    if (!w->stuck)
        get_loose(w, now_ns);
}

/* ---- from the rings ---- */

static bool is_piece(const struct writer *w, uint64_t now_ns)
{
    if (keeps_in_memory(w))
        return w->out.length >= KEEP_BYTES;
    return !w->stuck && (w->out.length >= APPEND_BYTES ||
                         recording_store_is_full(&w->store, w->out.length, now_ns));
}

/* Nothing is waiting: the next record may begin another part. */
static void begin_piece(struct writer *w, uint64_t now_ns)
{
    w->out_first = trace_encoder_records(w->encoder);
    if (keeps_in_memory(w))
        return;
    if (!w->stuck && recording_store_is_full(&w->store, 0, now_ns))
        begin_part(w, now_ns);
    else
        trace_out_begin_at(&w->out, w->store.bytes % TRACE_OUT_ALIGNED);
}

static uint64_t lost_with(const struct entry *e)
{
    return e->what == ENTRY_LAGGED ? e->payload.words[0] : 1;
}

/* So many calls found no room in a ring. */
static void take_overrun(struct writer *w, uint64_t calls)
{
    w->missing += calls;
    if (!w->overrun)
        say(w, "%s: messages come faster than they are written, some are missing in it" MORE_MEMORY,
            w->store.path);
    w->overrun = true;
}

static void leave_out(struct writer *w, const struct entry *e)
{
    w->lost[e->worker] += lost_with(e);
    w->missing += e->what != ENTRY_LAGGED;
}

static void take_entry(struct writer *w, const struct recorded *h, uint64_t now_ns)
{
    const struct entry *e = h->entry;
    if (!w->out.length)
        begin_piece(w, now_ns);
    if (e->what == ENTRY_LAGGED)
        take_overrun(w, lost_with(e));
    if (!w->stuck || w->out.length < HELD_MAX)
        trace_encode_entry(w->encoder, &w->out, h);
    else
        leave_out(w, e);
}

/* While more comes, what is no whole piece waits for it: so the writes are few and large. Not when everything is
 * wanted, whenever it ended: `before_ns`. */
static bool must_wait(const struct writer *w, uint64_t count, uint64_t before_ns, uint64_t now_ns)
{
    return count && before_ns != UINT64_MAX && now_ns - w->put_ns < WAIT_NS && !keeps_in_memory(w);
}

uint64_t writer_drain(struct writer *w, uint64_t before_ns, uint64_t now_ns)
{
    const struct recorded *h;
    uint64_t count = 0;
    retry(w, now_ns);
    for (; (h = recorder_next(w->recorder, before_ns)); count++) {
        take_entry(w, h, now_ns);
        recorder_took(w->recorder, h);
        if (is_piece(w, now_ns))
            put_away(w, now_ns);
    }
    if (!must_wait(w, count, before_ns, now_ns))
        put_away(w, now_ns);
    return count;
}

/* ---- the end ---- */

/* These records will not be in the file: they are lost, and their numbers are given again. */
static void give_up(struct writer *w, const struct trace_out *records)
{
    struct recording_loss l = recording_loss_of(w->encoder, records->bytes, records->length);
    if (l.first != UINT64_MAX)
        trace_encoder_take_back(w->encoder, l.first);
    for (unsigned i = 0; i < w->workers; i++)
        w->lost[i] += l.lost[i];
    w->missing += l.records;
}

/* In the place of what is held, and of the last records of the file if these make room. False: there is not even
 * room for this. */
static bool write_last_words(struct writer *w, const char *why, uint64_t now_ns, size_t room)
{
    struct trace_out records = {0};
    size_t begin = recording_units_before_records(w->out.bytes, w->out.length);
    bool has_room = !room || recording_store_cut(&w->store, room, &records);
    if (has_room) {
        trace_out_put(&records, w->out.bytes + begin, w->out.length - begin);
        w->out.length = begin;
        give_up(w, &records);
    }
    trace_out_free(&records);
    if (!has_room)
        return false;
    tell_lost(w, now_ns);
    trace_encode_note(w->encoder, &w->out, TRACE_NOTE_FILLED, now_ns);
    trace_encode_note(w->encoder, &w->out, why, now_ns);
    append(w, now_ns);
    return !w->out.length;
}

/* A file that stays full says what is missing in it. A pipe may hold the half of a frame. */
static void write_what_fits(struct writer *w, const char *why, uint64_t now_ns)
{
    enum { WORD = FRAME_HEAD_BYTES + TRACE_IMAGE_EXTRA };
    size_t room = (w->workers + 2) * WORD;
    int error = w->store.error;
    static_assert((WORKERS_MAX + 2) * WORD <= RECORDING_TAIL_BYTES, "they fit the tail");
    if (w->store.regular && !write_last_words(w, why, now_ns, 0))
        write_last_words(w, why, now_ns, room);
    w->store.error = error;
}

/* Who reads a pipe gets a moment more. */
static void flush(struct writer *w, const char *why, uint64_t now_ns)
{
    enum { TRIES = 20 };
    size_t before = w->out.length;
    w->stuck = false;
    put_away(w, now_ns);
    for (unsigned i = 0; i < TRIES && w->out.length && w->store.error == EAGAIN; i++) {
        i = w->out.length - w->store.sent < before ? 0 : i;
        before = w->out.length - w->store.sent;
        w->store.error = 0; /* it is waited for */
        append(w, now_ns);
    }
    if (!w->out.length)
        return;
    write_what_fits(w, why, now_ns);
    say(w, "%s is not whole: %s", w->store.path,
        w->store.error == EAGAIN ? "nobody reads" : strerror(w->store.error));
}

static void take_lost_at_the_end(struct writer *w, unsigned worker)
{
    uint64_t lost = recorder_lost(w->recorder, worker);
    w->lost[worker] += lost;
    if (lost)
        take_overrun(w, lost);
}

void writer_end(struct writer *w, const char *why, uint64_t now_ns)
{
    w->retry_ns = now_ns;
    writer_drain(w, UINT64_MAX, now_ns);
    if (!w->out.length)
        begin_piece(w, now_ns);
    for (unsigned i = 0; i < w->workers; i++)
        take_lost_at_the_end(w, i);
    tell_lost(w, now_ns);
    trace_encode_note(w->encoder, &w->out, why, now_ns);
    flush(w, why, now_ns);
    if (w->missing)
        say(w, "%s: %" PRIu64 " messages are missing in it%s", w->store.path, w->missing,
            w->overrun ? MORE_MEMORY : "");
}

/* ---- --trace-last ---- */

void writer_dump_name(const struct writer *w, char out[TRACE_PATH_MAX])
{
    for (uint32_t n = w->dumps + 1;; n++) {
        if (n == 1)
            snprintf(out, TRACE_PATH_MAX, "%s", w->store.path);
        else
            trace_part_name(w->store.path, n, out);
        if (access(out, F_OK) != 0)
            return;
    }
}

/* That memory kept less than was asked for: a note for the end of this one file. Nothing is kept of it, so its number
 * is given again. */
static void note_shortness(struct writer *w, const char *name, struct trace_out *out,
                           uint64_t now_ns)
{
    char text[120];
    uint64_t kept_ns, number = trace_encoder_records(w->encoder);
    if (!recording_flight_is_short(&w->flight, now_ns, &kept_ns))
        return;
    snprintf(text, sizeof text, TRACE_NOTE_SHORT "%" PRIu64 " ms of %" PRIu64 " ms are here",
             kept_ns / 1000000, w->flight.last_ns / 1000000);
    trace_encode_note(w->encoder, out, text, now_ns);
    trace_encoder_take_back(w->encoder, number);
    say(w, "%s: %s" MORE_MEMORY, name, text);
}

static bool write_dump(struct writer *w, const char *name, int fd, const char *why, uint64_t now_ns)
{
    struct trace_out begin = {0}, end = {0};
    trace_encode_beginning_of(w->encoder, &begin, recording_flight_first(&w->flight), why);
    note_shortness(w, name, &end, now_ns);
    bool good = recording_write_all(fd, begin.bytes, begin.length) &&
                recording_flight_write(&w->flight, fd) &&
                recording_write_all(fd, end.bytes, end.length);
    free(begin.bytes);
    free(end.bytes);
    return good;
}

bool writer_dump(struct writer *w, const char *why, uint64_t now_ns)
{
    char name[TRACE_PATH_MAX];
    writer_dump_name(w, name);
    recording_flight_trim(&w->flight, now_ns);
    int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool good = fd >= 0 && write_dump(w, name, fd, why, now_ns);
    int error = errno;
    if (fd >= 0)
        close(fd);
    w->dumps += fd >= 0;
    say(w, "%s was %s: %s", name, good ? "written" : "not written whole",
        good ? why : strerror(error));
    return good;
}

static void dump_error(struct writer *w, uint64_t now_ns)
{
    w->error_waits = false;
    w->error_ns = now_ns;
    writer_dump(w, "an error", now_ns);
    if (++w->error_dumps == ERROR_DUMPS_MAX)
        say(w, "%s: it was written for %d errors, for more it will not be", w->store.path,
            ERROR_DUMPS_MAX);
}

static bool error_waits(struct writer *w, bool error)
{
    w->error_waits |= error && w->error_dumps < ERROR_DUMPS_MAX;
    return w->error_waits;
}

void writer_dump_errors(struct writer *w, bool error, uint64_t now_ns)
{
    if (error_waits(w, error) && (!w->error_ns || now_ns - w->error_ns >= w->flight.last_ns / 2))
        dump_error(w, now_ns);
}

void writer_dump_last_error(struct writer *w, bool error, uint64_t now_ns)
{
    if (error_waits(w, error))
        dump_error(w, now_ns);
}
