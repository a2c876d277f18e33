/* tools/recording.c -- the recorder's thread, and what makes it write; see recording.h
 *
 * The thread looks at the rings, encodes what is in them, appends it to the file (or keeps it in memory), and
 * naps. While it naps nobody tells it anything, but for a ring that is half full; when it has found nothing
 * for a while it sleeps, and the next entry wakes it.
 */
#include "tools/recording.h"
#include "actors/actor_types.h"
#include "messages/trace_encoder.h"
#include "runtime/limits.h"
#include "tools/recording_flight.h"
#include "tools/recording_store.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

enum {
    NAP_MS = 20,
    SLEEP_MS = 500,
    NAPS_BEFORE_SLEEP = 10,
    /* An entry that ended so long ago is in its ring: then the order of all is known. */
    SETTLED_US = 2000,
    APPEND_BYTES = 256 << 10, /* what is encoded goes to the file in pieces of about this */
    HELD_MAX = 4 << 20,       /* encoded bytes that a full disk may keep waiting */
    RETRY_MS = 1000,          /* until it is tried again */
    CRASH_WAIT_MS = 2000,
    CRASH_STACK_BYTES = 64 << 10,
};
#define MEMORY_MAX UINT64_C(0x400000000)

/* ---- options ---- */

static struct {
    const char *file;
    uint32_t bodies_max;
    uint64_t last_ns, part_ns, part_bytes, memory, keep;
} asked = {.bodies_max = UINT32_MAX};

void recording_take_file(struct command_line *c, const char *value)
{
    if (*value == '\0' || strlen(value) > TRACE_PATH_MAX - 16)
        command_line_mistake(c, "\"%s\" is no name of a file", value);
    asked.file = value;
}

void recording_take_bodies(struct command_line *c, const char *value)
{
    uint64_t n = 0;
    if (strcmp(value, "none") != 0 && !command_line_size(value, 0, UINT32_MAX - 1, &n))
        command_line_mistake(c, "\"%s\" is no number of bytes, write e.g. 1K, or none", value);
    asked.bodies_max = (uint32_t)n;
}

static void take_time(struct command_line *c, const char *value, uint64_t *ns)
{
    if (!command_line_time(value, 1000000, ns))
        command_line_mistake(c, "\"%s\" is no time from 1ms on, write e.g. 60s, 500ms or 5m",
                             value);
}

void recording_take_last(struct command_line *c, const char *value)
{
    take_time(c, value, &asked.last_ns);
}

void recording_take_part_time(struct command_line *c, const char *value)
{
    take_time(c, value, &asked.part_ns);
}

void recording_take_part_size(struct command_line *c, const char *value)
{
    if (!command_line_size(value, 64 << 10, UINT64_C(1) << 50, &asked.part_bytes))
        command_line_mistake(c, "\"%s\" is no size from 64K on, write e.g. 100M", value);
}

void recording_take_keep(struct command_line *c, const char *value)
{
    if (!command_line_number(value, 1, UINT32_MAX, &asked.keep))
        command_line_mistake(c, "\"%s\" is no number of files from 1 on", value);
}

void recording_take_memory(struct command_line *c, const char *value)
{
    if (!command_line_size(value, 256 << 10, MEMORY_MAX, &asked.memory))
        command_line_mistake(c, "\"%s\" is no size from 256K to 16G, write e.g. 32M", value);
}

void recording_check(struct command_line *c)
{
    static const struct {
        const char *name;
        bool cuts;
    } dependent[] = {{"--trace-bodies", false},   {"--trace-last", false},
                     {"--trace-part-size", true}, {"--trace-part-time", true},
                     {"--trace-keep", true},      {"--trace-memory", false}};
    for (unsigned i = 0; i < sizeof dependent / sizeof dependent[0]; i++) {
        if (!command_line_given(c, dependent[i].name))
            continue;
        if (!command_line_given(c, "--trace"))
            command_line_mistake(c, "%s needs --trace FILE", dependent[i].name);
        if (dependent[i].cuts && command_line_given(c, "--trace-last"))
            command_line_mistake(c, "%s and --trace-last exclude each other, leave one out",
                                 dependent[i].name);
    }
    if (asked.keep && !asked.part_bytes && !asked.part_ns)
        command_line_mistake(c, "--trace-keep needs --trace-part-size or --trace-part-time");
}

bool recording_is_wanted(void)
{
    return asked.file != NULL;
}

/* ---- the thread ---- */

static struct recording {
    struct recorder *recorder;
    struct trace_encoder *encoder;
    struct recording_store store;
    struct recording_flight flight;
    struct trace_out out;   /* encoded, not yet in the file */
    struct trace_out crash; /* the beginning of the file that a crash makes */
    const char *program;
    unsigned workers;
    uint64_t lost[WORKERS_MAX]; /* while the disk took nothing */
    bool is_full;               /* it did not take the last piece */
    bool said_full;
    uint64_t retry_ns, dumped_ns;
    uint32_t dumps;

    pthread_t thread;
    sem_t wake;
    atomic_bool stop, signalled, crashed, written;
    atomic_bool working; /* the thread runs */
} recording;

static uint64_t clock_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static bool keeps_in_memory(void)
{
    return asked.last_ns != 0;
}

static void wake(void *context)
{
    (void)context;
    sem_post(&recording.wake);
}

/* The disk takes nothing: said once, on stderr; the trace will say it, too. */
static void say_full(struct recording *r)
{
    if (!r->said_full)
        fprintf(stderr,
                "%s: the trace %s: %s; messages are left out of it until it can be written\n",
                r->program, r->store.path, strerror(r->store.error));
    r->said_full = r->is_full = true;
    r->retry_ns = clock_ns() + (uint64_t)RETRY_MS * 1000000;
}

static void say_what_was_lost(struct recording *r)
{
    char text[200];
    uint64_t now = clock_ns();
    for (unsigned i = 0; i < r->workers; i++) {
        if (r->lost[i])
            trace_encode_lagged(r->encoder, &r->out, i, r->lost[i], now);
        r->lost[i] = 0;
    }
    snprintf(text, sizeof text, "the file could not be written for a while");
    trace_encode_note(r->encoder, &r->out, text, now);
}

/* What is encoded goes where it belongs. False: it could not, and stays. */
static bool put_away(struct recording *r)
{
    if (keeps_in_memory()) {
        recording_flight_append(&r->flight, r->out.bytes, r->out.length, clock_ns());
        r->out.length = 0;
        return true;
    }
    if (r->out.length && !recording_store_append(&r->store, r->out.bytes, r->out.length)) {
        say_full(r);
        return false;
    }
    r->out.length = 0;
    return true;
}

static void begin_part(struct recording *r)
{
    if (keeps_in_memory() || !recording_store_is_full(&r->store, clock_ns()) || !put_away(r))
        return;
    if (!recording_store_next_part(&r->store, clock_ns()))
        say_full(r);
    trace_encode_beginning(r->encoder, &r->out, r->store.part, "--trace");
}

static bool takes_more(const struct recording *r)
{
    return !r->is_full || r->out.length < HELD_MAX;
}

static void take_entry(struct recording *r, const struct entry *e)
{
    if (takes_more(r))
        trace_encode_entry(r->encoder, &r->out, e);
    else
        r->lost[e->worker] += 1 + e->lost;
}

static void retry(struct recording *r)
{
    if (!r->is_full || clock_ns() < r->retry_ns || !put_away(r))
        return;
    r->is_full = false;
    say_what_was_lost(r);
}

/* All that ended before. Returns how many there were. */
static uint64_t drain(struct recording *r, uint64_t before_ns)
{
    const struct entry *e;
    uint64_t count = 0;
    retry(r);
    for (; (e = recorder_next(r->recorder, before_ns)); count++) {
        take_entry(r, e);
        recorder_took(r->recorder, e);
        if (r->out.length >= APPEND_BYTES && !r->is_full) {
            begin_part(r);
            put_away(r);
        }
    }
    if (!r->is_full) {
        begin_part(r);
        put_away(r);
    }
    return count;
}

/* The name of the next dump: FILE, FILE.2 ... -1: errno. */
static int open_dump(struct recording *r, char name[TRACE_PATH_MAX])
{
    for (uint32_t i = r->dumps;; i++) {
        snprintf(name, TRACE_PATH_MAX, i ? "%s.%u" : "%s", asked.file, i + 1);
        int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd >= 0 || errno != EEXIST) {
            r->dumps = i + 1;
            return fd;
        }
    }
}

static void dump(struct recording *r, const char *why)
{
    char name[TRACE_PATH_MAX];
    int fd = open_dump(r, name);
    struct trace_out begin = {0};
    trace_encode_beginning(r->encoder, &begin, 0, why);
    bool good = fd >= 0 && write(fd, begin.bytes, begin.length) == (ssize_t)begin.length &&
                recording_flight_write(&r->flight, fd);
    fprintf(stderr, "%s: the trace %s was %s: %s\n", r->program, name,
            good ? "written" : "not written whole", good ? why : strerror(errno));
    if (fd >= 0)
        close(fd);
    free(begin.bytes);
    r->dumped_ns = clock_ns();
}

/* An error is written out once for the time that is kept: the next one has it in its past. */
static bool error_is_due(struct recording *r)
{
    return recorder_saw_error(r->recorder) &&
           (!r->dumped_ns || clock_ns() - r->dumped_ns >= asked.last_ns);
}

static void dump_if_asked(struct recording *r)
{
    bool signalled = atomic_exchange(&r->signalled, false);
    if (!keeps_in_memory())
        return;
    if (atomic_load(&r->crashed))
        dump(r, "a crash");
    else if (signalled)
        dump(r, "SIGUSR1");
    else if (error_is_due(r))
        dump(r, "an error");
}

static void wait_ms(unsigned ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += (long)ms * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    while (sem_clockwait(&recording.wake, CLOCK_MONOTONIC, &until) && errno == EINTR)
        ;
}

static void *work(void *unused)
{
    struct recording *r = &recording;
    unsigned empty = 0;
    (void)unused;
    pthread_setname_np(pthread_self(), "trace"); /* for ps, top and the bench */
    for (;;) {
        bool last = atomic_load(&r->stop) || atomic_load(&r->crashed);
        recorder_waits(r->recorder, READER_LOOKS);
        uint64_t found = drain(r, last ? UINT64_MAX : clock_ns() - SETTLED_US * 1000);
        dump_if_asked(r);
        if (last)
            break;
        empty = found ? 0 : empty + 1;
        bool sleeps = empty > NAPS_BEFORE_SLEEP;
        recorder_waits(r->recorder, sleeps ? READER_SLEEPS : READER_NAPS);
        wait_ms(sleeps ? SLEEP_MS : NAP_MS);
    }
    atomic_store(&r->written, true);
    return NULL;
}

/* ---- signals ---- */

static void on_usr1(int number)
{
    int before = errno;
    (void)number;
    atomic_store(&recording.signalled, true);
    sem_post(&recording.wake);
    errno = before;
}

/* Without the thread's help: what is encoded already. */
static void write_what_there_is(struct recording *r)
{
    int fd = open(asked.file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0 && write(fd, r->crash.bytes, r->crash.length) == (ssize_t)r->crash.length)
        (void)recording_flight_write(&r->flight, fd);
}

/* The thread is healthy, mostly: it takes what is still in the rings. Then the signal does what it does. */
static void on_crash(int number)
{
    struct recording *r = &recording;
    signal(number, SIG_DFL);
    bool mine = pthread_equal(pthread_self(), r->thread);
    if (!atomic_exchange(&r->crashed, true) && !mine) {
        sem_post(&r->wake);
        for (unsigned i = 0; i < CRASH_WAIT_MS && !atomic_load(&r->written); i++)
            nanosleep(&(struct timespec){0, 1000000}, NULL);
    }
    if (!atomic_load(&r->written) && keeps_in_memory())
        write_what_there_is(r);
    raise(number);
}

static void catch_signals(void)
{
    static const int fatal[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};
    static uint8_t stack[CRASH_STACK_BYTES];
    struct sigaction usr1 = {.sa_handler = on_usr1, .sa_flags = SA_RESTART};
    struct sigaction crash = {.sa_handler = on_crash, .sa_flags = SA_ONSTACK};
    sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof stack}, NULL);
    sigaction(SIGUSR1, &usr1, NULL);
    for (unsigned i = 0; i < sizeof fatal / sizeof fatal[0]; i++)
        sigaction(fatal[i], &crash, NULL);
}

/* ---- begin and end ---- */

/* The command line as it was, but for the values of filters: these name people and their secrets. */
static char *options_text(const struct recording_program *p)
{
    size_t length = 1;
    for (int i = 1; i < p->argc; i++)
        length += strlen(p->argv[i]) + 16;
    char *text = calloc(1, length), *end = text;
    bool hide = false;
    for (int i = 1; text && i < p->argc; i++) {
        const char *a = p->argv[i], *equals = strchr(a, '=');
        bool filter = strncmp(a, "--header-filter", 15) == 0;
        if (hide)
            end += sprintf(end, "[hidden] ");
        else if (filter && equals)
            end += sprintf(end, "--header-filter=[hidden] ");
        else
            end += sprintf(end, "%s ", a);
        hide = filter && !equals;
    }
    return text;
}

static struct trace_about about_of(const struct recording_program *p)
{
    static struct utsname system;
    static char text[sizeof system.sysname + sizeof system.release + sizeof system.machine + 4];
    struct timespec wall;
    clock_gettime(CLOCK_REALTIME, &wall);
    if (uname(&system) == 0)
        snprintf(text, sizeof text, "%s %s %s", system.sysname, system.release, system.machine);
    return (struct trace_about){
        .wall_us = (uint64_t)wall.tv_sec * 1000000 + (uint64_t)wall.tv_nsec / 1000,
        .clock_ns = clock_ns(),
        .workers = p->workers,
        .bodies_max = asked.bodies_max,
        .process = (uint32_t)getpid(),
        .program = p->name,
        .build = INTPROXYD_VERSION,
        .options = options_text(p),
        .protocol = p->protocol,
        .system = text,
    };
}

static bool cannot(const struct recording_program *p, int error)
{
    if (error == EEXIST)
        fprintf(stderr, "%s: --trace: \"%s\" exists already, remove it or name another file\n",
                p->name, asked.file);
    else
        fprintf(stderr, "%s: --trace: \"%s\": %s\n", p->name, asked.file, strerror(error));
    return false;
}

static bool open_store(struct recording *r, const struct recording_program *p)
{
    r->store = (struct recording_store){.path = asked.file,
                                        .part_bytes_max = asked.part_bytes,
                                        .part_ns_max = asked.part_ns,
                                        .keep = (uint32_t)asked.keep,
                                        .fd = -1};
    if (!keeps_in_memory()) {
        int error = recording_store_open(&r->store, clock_ns());
        return !error || cannot(p, error);
    }
    r->flight = (struct recording_flight){.last_ns = asked.last_ns,
                                          .bytes_max = asked.memory ? asked.memory : 64 << 20};
    return access(asked.file, F_OK) != 0 || cannot(p, EEXIST);
}

static bool make_recorder(struct recording *r, const struct recording_program *p)
{
    int error;
    r->recorder = recorder_new(
        &(struct recorder_options){
            .types = actor_types,
            .workers = p->workers,
            .ring_bytes = keeps_in_memory() ? 0 : (size_t)asked.memory,
            .bodies_max = asked.bodies_max,
            .clock_ns = clock_ns,
            .wake = wake,
        },
        &error);
    return r->recorder || cannot(p, error);
}

const struct hooks *recording_start(const struct recording_program *p,
                                    const struct trace_setting *settings)
{
    struct recording *r = &recording;
    struct trace_about about = about_of(p);
    r->program = p->name;
    r->workers = p->workers;
    if (!open_store(r, p) || !make_recorder(r, p))
        return NULL;
    r->encoder = trace_encoder_new(&about, actor_types, settings);
    if (keeps_in_memory())
        trace_encode_beginning(r->encoder, &r->crash, 0, "a crash");
    else
        trace_encode_beginning(r->encoder, &r->out, 0, "--trace");
    sem_init(&r->wake, 0, 0);
    sigset_t all, before;
    sigfillset(&all); /* a signal goes to the workers, as without a trace */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&r->thread, NULL, work, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error) {
        cannot(p, error);
        return NULL;
    }
    catch_signals();
    return recorder_hooks(r->recorder);
}

static void say_rest(struct recording *r)
{
    for (unsigned i = 0; i < r->workers; i++) {
        uint64_t lost = recorder_lost(r->recorder, i) + r->lost[i];
        if (lost)
            trace_encode_lagged(r->encoder, &r->out, i, lost, clock_ns());
        r->lost[i] = 0;
    }
    trace_encode_note(r->encoder, &r->out, "the program has ended", clock_ns());
    put_away(r);
}

void recording_stop(void)
{
    struct recording *r = &recording;
    if (!r->recorder)
        return;
    atomic_store(&r->stop, true);
    sem_post(&r->wake);
    pthread_join(r->thread, NULL);
    say_rest(r);
    recording_store_close(&r->store);
    recording_flight_free(&r->flight);
    trace_encoder_free(r->encoder);
    recorder_free(r->recorder);
    free(r->out.bytes);
    free(r->crash.bytes);
}
