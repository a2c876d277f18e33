/* tools/recording.c -- the recorder's thread, and the signals that make it write; see recording.h
 *
 * The thread looks at the rings, takes what is in them (recording_writer.h), and naps. While it naps nobody tells
 * it anything, but for a ring that is half full; when it has found nothing for a while it sleeps, and the next
 * entry wakes it.
 */
#include "tools/recording.h"
#include "actors/actor_types.h"
#include "messages/trace_notes.h"
#include "runtime/aside.h"
#include "tools/recording_writer.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

enum {
    NAP_MS = 4, /* after long ones there is much to do, and who shares the core waits */
    SLEEP_MS = 500,
    NAPS_BEFORE_SLEEP = 12,
    CRASH_STARTS_MS = 2000,  /* so long a crash waits for the thread to begin, */
    CRASH_WRITES_MS = 30000, /* ... and to write */
    CRASH_STACK_BYTES = 64 << 10,
    FLIGHT_BYTES = 64 << 20,
};
/* An entry that ended so long ago is in its ring: then the order of all is known, mostly. */
#define SETTLED_NS UINT64_C(2000000)

/* How far the thread is with what a crash wants of it. */
enum crash_step { CRASH_WAITS, CRASH_BEGUN, CRASH_WRITTEN };

static const int fatal_signals[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, 0};
enum { FATAL_SIGNALS = sizeof fatal_signals / sizeof fatal_signals[0] - 1 };

static struct recording {
    struct writer writer;
    char *command_line;
    struct tick_scale scale; /* the thread's */
    struct aside thread;
    bool runs; /* the thread */
    atomic_bool stop, signalled;

    atomic_int crasher; /* the thread that crashed first; 0: none */
    atomic_int crash_step;
    struct sigaction before[FATAL_SIGNALS], before_usr1;
    struct trace_out crash_begin;    /* what a dump without the thread begins with */
    char crash_name[TRACE_PATH_MAX]; /* ... and its name */
} recording;

static bool keeps_in_memory(void)
{
    return recording_asked.last_ns != 0;
}

/* ---- the thread ---- */

static void wake(void *context)
{
    (void)context;
    aside_wake(&recording.thread);
}

/* What was seen up to now belongs to it, settled or not. */
static void dump_if_asked(struct recording *r)
{
    bool signalled = atomic_exchange(&r->signalled, false);
    bool error = recorder_saw_error(r->writer.recorder);
    uint32_t dumps = r->writer.dumps;
    if (!keeps_in_memory())
        return;
    if (signalled || error)
        writer_drain(&r->writer, UINT64_MAX, monotonic_ns());
    if (signalled)
        writer_dump(&r->writer, "SIGUSR1", monotonic_ns());
    writer_dump_errors(&r->writer, error, monotonic_ns());
    if (r->writer.dumps != dumps)
        writer_dump_name(&r->writer, r->crash_name);
}

static void write_after_crash(struct recording *r)
{
    atomic_store(&r->crash_step, CRASH_BEGUN);
    writer_end(&r->writer, TRACE_NOTE_CRASHED, monotonic_ns());
    if (keeps_in_memory())
        writer_dump(&r->writer, "a crash", monotonic_ns());
    atomic_store(&r->crash_step, CRASH_WRITTEN);
}

/* An error that ended the program is written out, too. */
static void write_at_the_end(struct recording *r)
{
    writer_end(&r->writer, TRACE_NOTE_ENDED, monotonic_ns());
    if (keeps_in_memory())
        writer_dump_last_error(&r->writer, recorder_saw_error(r->writer.recorder), monotonic_ns());
}

static void nap(struct recording *r, unsigned *empty, uint64_t found)
{
    *empty = found ? 0 : *empty + 1;
    bool sleeps = *empty > NAPS_BEFORE_SLEEP && !r->writer.error_waits;
    recorder_waits(r->writer.recorder, sleeps ? READER_SLEEPS : READER_NAPS);
    aside_wait(&r->thread, sleeps ? SLEEP_MS : NAP_MS);
}

static void work(void *context)
{
    struct recording *r = context;
    unsigned empty = 0;
    recorder_touch(r->writer.recorder);
    while (!atomic_load(&r->stop) && !atomic_load(&r->crasher)) {
        recorder_waits(r->writer.recorder, READER_LOOKS);
        tick_scale_adjust(&r->scale);
        uint64_t now = monotonic_ns();
        uint64_t found = writer_drain(&r->writer, now - SETTLED_NS, now);
        dump_if_asked(r);
        nap(r, &empty, found);
    }
    tick_scale_adjust(&r->scale);
    if (atomic_load(&r->crasher))
        write_after_crash(r);
    else
        write_at_the_end(r);
}

/* ---- signals ---- */

static void on_usr1(int number)
{
    int before = errno;
    (void)number;
    atomic_store(&recording.signalled, true);
    aside_wake(&recording.thread);
    errno = before;
}

/* Without the thread's help: what is encoded already. */
static void write_what_there_is(struct recording *r)
{
    int fd = open(r->crash_name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0 && recording_write_all(fd, r->crash_begin.bytes, r->crash_begin.length))
        (void)recording_flight_write(&r->writer.flight, fd);
}

static void wait_while(struct recording *r, enum crash_step step, unsigned ms)
{
    while (ms-- && atomic_load(&r->crash_step) == (int)step)
        nanosleep(&(struct timespec){0, 1000000}, NULL);
}

static void wait_for_thread(struct recording *r)
{
    wait_while(r, CRASH_WAITS, CRASH_STARTS_MS);
    wait_while(r, CRASH_BEGUN, CRASH_WRITES_MS);
}

/* The thread is healthy, mostly: it takes what is still in the rings. */
static void have_it_written(struct recording *r)
{
    recorder_crashed(r->writer.recorder);
    if (!aside_is_here(&r->thread)) {
        aside_wake(&r->thread);
        wait_for_thread(r);
    }
    if (atomic_load(&r->crash_step) == CRASH_WAITS && keeps_in_memory())
        write_what_there_is(r);
}

static void restore(struct recording *r, int number)
{
    for (unsigned i = 0; i < FATAL_SIGNALS; i++)
        if (fatal_signals[i] == number)
            sigaction(number, &r->before[i], NULL);
}

/* Then the signal does what it did before us. One that crashes while another is at it waits for its end. */
static void on_crash(int number)
{
    struct recording *r = &recording;
    int me = gettid(), first = 0;
    if (atomic_compare_exchange_strong(&r->crasher, &first, me))
        have_it_written(r);
    else if (first != me)
        wait_for_thread(r);
    restore(r, number);
    raise(number);
}

static void catch_signals(struct recording *r)
{
    static uint8_t stack[CRASH_STACK_BYTES];
    struct sigaction usr1 = {.sa_handler = on_usr1, .sa_flags = SA_RESTART};
    struct sigaction crash = {.sa_handler = on_crash, .sa_flags = SA_ONSTACK};
    sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof stack}, NULL);
    sigaction(SIGUSR1, &usr1, &r->before_usr1);
    for (unsigned i = 0; i < FATAL_SIGNALS; i++)
        sigaction(fatal_signals[i], &crash, &r->before[i]);
}

static void leave_signals(struct recording *r)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN}; /* one may be on its way */
    sigaction(SIGUSR1, &ignore, NULL);
    for (unsigned i = 0; i < FATAL_SIGNALS; i++)
        sigaction(fatal_signals[i], &r->before[i], NULL);
    sigaltstack(&(stack_t){.ss_flags = SS_DISABLE}, NULL);
}

/* ---- begin and end ---- */

static struct trace_about about_of(const struct recording_program *p, const char *command_line)
{
    static struct utsname system;
    static char text[sizeof system.sysname + sizeof system.release + sizeof system.machine + 4];
    struct timespec wall;
    clock_gettime(CLOCK_REALTIME, &wall);
    if (uname(&system) == 0)
        snprintf(text, sizeof text, "%s %s %s", system.sysname, system.release, system.machine);
    return (struct trace_about){
        .wall_us = (uint64_t)wall.tv_sec * 1000000 + (uint64_t)wall.tv_nsec / 1000,
        .clock_ns = monotonic_ns(),
        .workers = p->workers,
        .bodies_max = recording_asked.bodies_max,
        .process = (uint32_t)getpid(),
        .program = p->name,
        .build = INTPROXYD_VERSION,
        .options = command_line,
        .protocol = p->protocol,
        .system = text,
    };
}

static struct recorder *new_recorder(unsigned workers, int *error)
{
    ticks_clock *ticks = ticks_choose();
    tick_scale_begin(&recording.scale, ticks);
    return recorder_new(
        &(struct recorder_options){
            .types = actor_types,
            .workers = workers,
            .ring_bytes = keeps_in_memory() ? 0 : (size_t)recording_asked.memory,
            .bodies_max = recording_asked.bodies_max,
            .ticks = ticks,
            .scale = &recording.scale,
            .wake = wake,
        },
        error);
}

static struct writer writer_of(const struct recording_program *p)
{
    return (struct writer){
        .program = p->name,
        .workers = p->workers,
        .store = {.path = recording_asked.file,
                  .part_bytes_max = recording_asked.part_bytes,
                  .part_ns_max = recording_asked.part_ns,
                  .keep = (uint32_t)recording_asked.keep,
                  .fd = -1,
                  .direct = -1},
        .flight = {.last_ns = recording_asked.last_ns,
                   .bytes_max = recording_asked.memory ? recording_asked.memory : FLIGHT_BYTES},
    };
}

static void free_all(struct recording *r)
{
    writer_close(&r->writer);
    if (r->writer.encoder)
        trace_encoder_free(r->writer.encoder);
    if (r->writer.recorder)
        recorder_free(r->writer.recorder);
    free(r->crash_begin.bytes);
    r->crash_begin = (struct trace_out){0};
    free(r->command_line);
    r->runs = false;
}

/* What is made when memory is all that can be missing comes first; the file last. 0, or an errno. */
static int start(struct recording *r, const struct recording_program *p,
                 const struct trace_setting *settings)
{
    int error;
    struct trace_about about = about_of(p, r->command_line);
    r->writer.recorder = new_recorder(p->workers, &error);
    if (!r->writer.recorder)
        return error;
    r->writer.encoder = trace_encoder_new(&about, actor_types, settings);
    if ((error = writer_open(&r->writer, monotonic_ns())))
        return error;
    if (keeps_in_memory())
        trace_encode_beginning_of(r->writer.encoder, &r->crash_begin, UINT64_MAX, "a crash");
    writer_dump_name(&r->writer, r->crash_name);
    /* the bench looks for this name; a fault of the thread's own is caught there */
    if ((error = aside_start(&r->thread, "trace", work, r, fatal_signals)))
        recording_store_remove(&r->writer.store);
    return error;
}

static void say_why(const char *program, int error)
{
    if (error == EEXIST)
        fprintf(stderr,
                "%s: --trace: \"%s\", or a part of it, exists already, remove it or name another "
                "file\n",
                program, recording_asked.file);
    else
        fprintf(stderr, "%s: --trace: \"%s\": %s\n", program, recording_asked.file,
                strerror(error));
}

const struct hooks *recording_start(const struct recording_program *p,
                                    const struct trace_setting *settings)
{
    struct recording *r = &recording;
    r->writer = writer_of(p);
    r->command_line = recording_command_line(p->argc, p->argv);
    int error = start(r, p, settings);
    if (error) {
        say_why(p->name, error);
        free_all(r);
        return NULL;
    }
    r->runs = true;
    catch_signals(r);
    return recorder_hooks(r->writer.recorder);
}

void recording_stop(void)
{
    struct recording *r = &recording;
    if (!r->runs)
        return;
    atomic_store(&r->stop, true);
    aside_wake(&r->thread);
    aside_join(&r->thread);
    leave_signals(r);
    free_all(r);
}
