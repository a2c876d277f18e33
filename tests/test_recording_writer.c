/* tests/test_recording_writer.c -- where a trace goes: files, parts, memory; and what becomes of it when the disk
 * is full, without a thread and with a clock of the test's own.
 */
#include "tools/recording_writer.h"
#include "tests/check.h"
#include "tests/toys.h"
#include "tests/trace_rig.h"
#include "runtime/worker.h"
#include "tools/trace_input.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct actor_type *const types[] = {&toy_asker_type, NULL};
static struct rig rig;
static struct sim sim;
static struct writer writer;
static char directory[64], path[100];
static uint64_t now;
static int stderr_before;

enum { SECOND = 1000000000 };

/* What is said on stderr goes into a file of the directory. */
static void hush(void)
{
    char name[120];
    snprintf(name, sizeof name, "%s/stderr", directory);
    stderr_before = dup(STDERR_FILENO);
    int fd = open(name, O_RDWR | O_CREAT | O_APPEND, 0600);
    dup2(fd, STDERR_FILENO);
    close(fd);
}

static unsigned said(const char *text)
{
    char name[120];
    static char all[20000];
    unsigned n = 0;
    snprintf(name, sizeof name, "%s/stderr", directory);
    FILE *f = fopen(name, "r");
    all[f ? fread(all, 1, sizeof all - 1, f) : 0] = '\0';
    fclose(f);
    for (const char *at = all; (at = strstr(at, text)); at++)
        n++;
    return n;
}

static void begin(void)
{
    snprintf(directory, sizeof directory, "build/trace-unit-XXXXXX");
    REQUIRE(mkdtemp(directory) != NULL);
    snprintf(path, sizeof path, "%s/t", directory);
    rig_create(&rig, types, 2, 16 << 20, UINT32_MAX); /* half of it is for what waits */
    rig.out.length = 0;
    toy_sim(&sim, 0);
    now = 100 * (uint64_t)SECOND;
    writer = (struct writer){.program = "test",
                             .recorder = rig.recorder,
                             .encoder = rig.encoder,
                             .workers = 2,
                             .store = {.path = path, .fd = -1, .direct = -1}};
    hush();
}

static void end(void)
{
    char command[100];
    writer_close(&writer);
    dup2(stderr_before, STDERR_FILENO);
    close(stderr_before);
    rig_destroy(&rig);
    CHECK_UINT(sim_destroy(&sim), 0);
    snprintf(command, sizeof command, "rm -r %s", directory);
    CHECK_UINT(system(command), 0);
}

/* A call of worker 0 or 1, with this many bytes. */
static void call(unsigned index, size_t bytes)
{
    static struct worker worker;
    static uint8_t any[65536];
    worker.index = index;
    struct actor a = {.ref = {index << 24 | 1, 1}, .type = types[0], .worker = &worker};
    struct message *m = msg_data_new((struct msg_data){.bytes = span_copy(any, bytes)});
    m->to = a.ref;
    rig_input(&rig, &a, m, 0);
    rig.hooks.handled(&rig, &a, false);
    message_free(m);
}

static void calls(unsigned count, size_t bytes)
{
    while (count--)
        call(0, bytes);
}

static void drain(void)
{
    writer_drain(&writer, UINT64_MAX, now);
}

struct counted {
    uint64_t calls, lost, notes, bad, torn, files;
    char note[100]; /* the last */
    uint64_t first; /* sequence */
};

static struct counted count_of(const char *name)
{
    struct counted c = {.first = UINT64_MAX};
    struct trace_input in = {.quiet = true};
    struct trace_record r;
    trace_input_open(&in, &name, 1);
    while (trace_input_next(&in, &r)) {
        if (c.first == UINT64_MAX)
            c.first = r.sequence;
        c.calls += r.what == TRACE_CALL;
        c.lost += r.what == TRACE_LAGGED ? r.lost : 0;
        if (r.what == TRACE_NOTE) {
            c.notes++;
            snprintf(c.note, sizeof c.note, "%s", r.text);
        }
    }
    c.bad = in.bad;
    c.torn = in.torn;
    c.files = in.files;
    trace_input_close(&in);
    return c;
}

static off_t size_of(const char *name)
{
    struct stat st;
    return stat(name, &st) == 0 ? st.st_size : -1;
}

/* ---- one file ---- */

static void test_all_of_it_is_in_the_file(void)
{
    begin();
    CHECK_UINT(writer_open(&writer, now), 0);
    for (unsigned i = 0; i < 10; i++)
        call(i % 2, i);
    drain();
    CHECK_UINT(count_of(path).calls, 10);
    for (unsigned i = 0; i < 10; i++)
        call(i % 2, 60000);
    drain();
    CHECK_UINT(count_of(path).calls, 20);
    writer_end(&writer, "the end", now);
    struct counted c = count_of(path);
    CHECK(c.calls == 20 && c.bad == 0 && c.torn == 0 && c.files == 1 && c.notes == 1);
    CHECK_STR(c.note, "the end");
    struct stat st;
    CHECK(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600);
    end();
}

static void touch_file(const char *name, const char *text)
{
    FILE *f = fopen(name, "w");
    fputs(text, f);
    fclose(f);
}

/* As the thread does while it runs. */
static void drain_now(void)
{
    writer_drain(&writer, UINT64_MAX - 1, now);
}

/* While there is more, what is no whole piece waits for up to 20 ms; and no longer than there is more. */
static void test_pieces_are_large(void)
{
    enum { MS = 1000000 };
    begin();
    CHECK_UINT(writer_open(&writer, now), 0);
    now += 30 * MS;
    calls(1, 20000);
    drain_now(); /* there was nothing for a while */
    CHECK_UINT(count_of(path).calls, 1);
    calls(1, 20000);
    now += 4 * MS;
    drain_now();
    CHECK_UINT(count_of(path).calls, 1);
    calls(1, 20000);
    now += 16 * MS;
    drain_now();
    CHECK_UINT(count_of(path).calls, 3);
    calls(1, 20000);
    drain_now();
    CHECK_UINT(count_of(path).calls, 3);
    drain_now();
    CHECK_UINT(count_of(path).calls, 4);
    calls(200, 20000);
    drain_now();
    CHECK(count_of(path).calls > 150 && count_of(path).calls < 204);
    CHECK(count_of(path).bad == 0 && count_of(path).torn == 0);
    drain();
    CHECK_UINT(count_of(path).calls, 204);
    end();
}

/* In memory it is always all there: a dump may come at any time. */
static void test_in_memory_nothing_waits(void)
{
    char dump[TRACE_PATH_MAX];
    begin();
    writer.flight.last_ns = 60 * (uint64_t)SECOND;
    writer.flight.bytes_max = 8 << 20;
    CHECK_UINT(writer_open(&writer, now), 0);
    for (unsigned i = 0; i < 2; i++) {
        call(0, 10);
        drain_now();
    }
    writer_dump_name(&writer, dump);
    CHECK(writer_dump(&writer, "test", now));
    CHECK_UINT(count_of(dump).calls, 2);
    end();
}

static void test_files_that_are_there_stay_as_they_are(void)
{
    char part[120];
    begin();
    touch_file(path, "mine");
    CHECK_UINT(writer_open(&writer, now), EEXIST);
    CHECK_UINT(size_of(path), 4);
    writer.store.part_bytes_max = 1 << 20;
    CHECK_UINT(writer_open(&writer, now), EEXIST);
    unlink(path);
    snprintf(part, sizeof part, "%s.7", path);
    touch_file(part, "");
    CHECK_UINT(writer_open(&writer, now), EEXIST);
    unlink(part);
    snprintf(part, sizeof part, "%s.07", path); /* no part's name */
    touch_file(part, "");
    CHECK_UINT(writer_open(&writer, now), 0);
    writer.store.part_bytes_max = 0;
    writer.flight.last_ns = SECOND;
    touch_file(path, "");
    CHECK_UINT(writer_open(&writer, now), EEXIST);
    end();
}

static void test_an_empty_file_may_be_given(void)
{
    begin();
    touch_file(path, "");
    CHECK_UINT(writer_open(&writer, now), 0);
    CHECK(!writer.store.created);
    recording_store_remove(&writer.store);
    CHECK_UINT(size_of(path), 0); /* it was not ours */
    unlink(path);
    CHECK_UINT(writer_open(&writer, now), 0);
    recording_store_remove(&writer.store);
    CHECK_UINT(size_of(path), -1);
    end();
}

static void test_a_directory_that_is_not_there(void)
{
    begin();
    writer.store.path = "/nowhere/t";
    CHECK_UINT(writer_open(&writer, now), ENOENT);
    writer.store.path = directory;
    CHECK_UINT(writer_open(&writer, now), EISDIR);
    writer.flight.last_ns = SECOND;
    CHECK_UINT(writer_open(&writer, now), EEXIST);
    writer.store.path = "/nowhere/t";
    CHECK_UINT(writer_open(&writer, now), ENOENT);
    end();
}

/* ---- parts ---- */

static void test_parts_by_size(void)
{
    begin();
    writer.store.part_bytes_max = 65536;
    CHECK_UINT(writer_open(&writer, now), 0);
    calls(400, 1000);
    drain();
    writer_end(&writer, "the end", now);
    struct counted c = count_of(path);
    CHECK(c.calls == 400 && c.bad == 0 && c.torn == 0 && c.notes == 1);
    CHECK(c.files >= 7 && c.files <= 9);
    for (unsigned i = 1; i < c.files; i++) {
        char part[120];
        snprintf(part, sizeof part, "%s.%u", path, i);
        CHECK(size_of(part) >= 65536 && size_of(part) < 65536 + 2000);
    }
    CHECK_UINT(size_of(path), -1);
    end();
}

/* A pause makes no parts of nothing, and of what is kept nothing is lost by it. */
static void test_parts_by_time(void)
{
    begin();
    writer.store.part_ns_max = SECOND;
    writer.store.keep = 2;
    CHECK_UINT(writer_open(&writer, now), 0);
    call(0, 1);
    drain();
    for (unsigned i = 0; i < 50; i++) {
        now += SECOND;
        drain();
    }
    CHECK_UINT(count_of(path).files, 1);
    call(0, 1);
    drain();
    CHECK_UINT(count_of(path).files, 2);
    now += SECOND / 2;
    call(0, 1);
    drain();
    CHECK_UINT(count_of(path).files, 2);
    now += SECOND;
    call(0, 1);
    drain();
    struct counted c = count_of(path);
    CHECK_UINT(c.files, 2); /* the first is gone */
    CHECK_UINT(c.calls, 3);
    CHECK_UINT(c.first, 1);
    CHECK_UINT(c.bad, 0);
    end();
}

static void test_the_last_parts_stay(void)
{
    begin();
    writer.store.part_bytes_max = 65536;
    writer.store.keep = 3;
    CHECK_UINT(writer_open(&writer, now), 0);
    calls(1000, 1000);
    drain();
    struct counted c = count_of(path);
    CHECK(c.files == 3 && c.bad == 0 && c.first > 700);
    CHECK_UINT(trace_part_after(path, 0), writer.store.part - 1);
    end();
}

/* The next part cannot be made: it is said, and recording goes on in it when it can. */
static void test_a_part_that_cannot_be_made(void)
{
    char part[120];
    begin();
    writer.store.part_bytes_max = 65536;
    CHECK_UINT(writer_open(&writer, now), 0);
    snprintf(part, sizeof part, "%s.2", path);
    mkdir(part, 0700);
    calls(100, 1000);
    drain();
    CHECK_UINT(said("Is a directory; messages are left out"), 1);
    rmdir(part);
    now += SECOND;
    drain();
    drain();
    struct counted c = count_of(path);
    CHECK(c.calls == 100 && c.bad == 0 && c.files == 2 && c.notes == 1);
    end();
}

/* ---- a full disk ---- */

static void limit_files(rlim_t bytes)
{
    struct rlimit l;
    CHECK_UINT(getrlimit(RLIMIT_FSIZE, &l), 0);
    l.rlim_cur = bytes == RLIM_INFINITY ? l.rlim_max : bytes;
    CHECK_UINT(setrlimit(RLIMIT_FSIZE, &l), 0);
    signal(SIGXFSZ, SIG_IGN);
}

static void test_a_full_disk(void)
{
    begin();
    CHECK_UINT(writer_open(&writer, now), 0);
    call(0, 10);
    drain();
    off_t whole = size_of(path);
    limit_files((rlim_t)whole + 500);
    call(0, 1000);
    drain();
    CHECK_UINT(size_of(path), whole); /* what was half written is taken back */
    CHECK_UINT(count_of(path).torn, 0);
    for (unsigned i = 0; i < 100; i++) { /* six megabytes: more than is held */
        call(i % 2, 60000);
        drain();
        now += 30 * (uint64_t)SECOND / 1000;
    }
    CHECK_UINT(said("File too large; messages are left out"), 1);
    limit_files(RLIM_INFINITY);
    now += SECOND;
    drain();
    call(0, 1);
    drain();
    struct counted c = count_of(path);
    CHECK_UINT(c.calls + c.lost, 103);
    CHECK(c.lost > 20 && c.lost < 40);
    CHECK(c.bad == 0 && c.torn == 0 && c.notes == 1);
    CHECK_STR(c.note, "the file could not be written for a while");
    limit_files((rlim_t)size_of(path));
    call(0, 1);
    drain();
    CHECK_UINT(said("File too large; messages are left out"), 2);
    writer_end(&writer, "the end", now);
    CHECK_UINT(said("is not whole: File too large"), 1);
    limit_files(RLIM_INFINITY);
    end();
}

static void check_last_words(struct counted c, uint64_t all)
{
    CHECK(c.bad == 0 && c.torn == 0 && c.notes == 2);
    CHECK_UINT(c.calls + c.lost, all);
    CHECK_STR(c.note, "the end");
}

/* What is held does not fit, but what is to be said of it does: as it is, or in the place of the last records. */
static void test_a_disk_that_stays_full(void)
{
    for (unsigned room = 0; room < 5000; room += 250) {
        begin();
        CHECK_UINT(writer_open(&writer, now), 0);
        for (unsigned i = 0; i < 30; i++)
            call(i % 2, 1000 + i);
        drain();
        limit_files((rlim_t)size_of(path) + room);
        for (unsigned i = 0; i < 100; i++) { /* more than is held */
            call(i % 2, 60000);
            drain();
        }
        writer_end(&writer, "the end", now);
        limit_files(RLIM_INFINITY);
        struct counted c = count_of(path);
        check_last_words(c, 130);
        CHECK(c.calls >= 28 && c.calls <= 30);
        CHECK_UINT(said("is not whole: File too large"), 1);
        char want[100];
        snprintf(want, sizeof want, ": %u messages are missing in it\n", (unsigned)c.lost);
        CHECK_UINT(said(want), 1);
        end();
    }
}

/* The last records that make room are behind the tables, however few they are. */
static void test_a_disk_that_was_full_from_the_beginning(void)
{
    for (unsigned calls = 0; calls < 3; calls++) {
        begin();
        CHECK_UINT(writer_open(&writer, now), 0);
        for (unsigned i = 0; i < calls; i++)
            call(0, 1000);
        drain();
        limit_files((rlim_t)size_of(path));
        call(0, 1000);
        writer_end(&writer, "the end", now);
        limit_files(RLIM_INFINITY);
        struct counted c = count_of(path);
        CHECK(c.bad == 0 && c.torn == 0);
        if (calls)
            check_last_words(c, calls + 1);
        end();
    }
}

/* A part of which there is nothing yet has its beginning before the last words. */
static void test_a_part_that_stays_full(void)
{
    begin();
    writer.store.part_ns_max = SECOND;
    CHECK_UINT(writer_open(&writer, now), 0);
    rlim_t beginning = writer.store.bytes;
    call(0, 1000);
    drain();
    now += SECOND;
    limit_files(beginning + 500);
    calls(20, 1000);
    drain();
    writer_end(&writer, "the end", now);
    limit_files(RLIM_INFINITY);
    struct counted c = count_of(path);
    check_last_words(c, 21);
    CHECK(c.calls == 1 && c.files == 2);
    end();
}

/* What is held need not fit as a whole. */
static void test_a_disk_that_has_a_little_room_again(void)
{
    begin();
    CHECK_UINT(writer_open(&writer, now), 0);
    call(0, 10);
    drain();
    rlim_t room = (rlim_t)size_of(path);
    for (unsigned i = 0; i < 20; i++) {
        limit_files(room);
        call(0, 3000);
        drain();
        room += i % 3 * 1500;
        now += SECOND;
        struct counted c = count_of(path);
        CHECK(c.bad == 0 && c.torn == 0);
    }
    struct counted c = count_of(path);
    CHECK(c.calls > 3 && c.calls < 18);
    limit_files(RLIM_INFINITY);
    now += SECOND;
    drain();
    CHECK_UINT(count_of(path).calls, 21);
    end();
}

static void test_a_disk_that_is_always_full(void)
{
    begin();
    writer.store.path = "/dev/full";
    CHECK_UINT(writer_open(&writer, now), 0);
    for (unsigned i = 0; i < 50; i++) {
        call(0, 60000);
        drain();
        now += SECOND;
    }
    CHECK_UINT(said("No space left on device; messages are left out"), 1);
    CHECK(writer.out.length < 5 << 20);
    writer_end(&writer, "the end", now);
    end();
}

/* ---- a ring that is full ---- */

static void test_what_finds_no_room_in_a_ring_is_said(void)
{
    begin();
    CHECK_UINT(writer_open(&writer, now), 0);
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < 200; i++) /* 12 MB, into 8 */
            call(0, 60000);
        drain();
    }
    CHECK_UINT(said("come faster than they are written"), 1);
    call(0, 1);
    drain();
    uint64_t lost = count_of(path).lost;
    CHECK(lost > 100);
    for (unsigned i = 0; i < 200; i++)
        call(1, 60000);
    writer_end(&writer, "the end", now);
    struct counted c = count_of(path);
    CHECK(c.lost > lost && c.calls + c.lost == 601);
    CHECK_UINT(said("come faster than they are written"), 1);
    char want[100];
    snprintf(want, sizeof want, ": %u messages are missing in it; more memory", (unsigned)c.lost);
    CHECK_UINT(said(want), 1);
    end();
}

/* ---- pipes ---- */

static int open_fifo(void)
{
    CHECK_UINT(mkfifo(path, 0600), 0);
    int reader = open(path, O_RDONLY | O_NONBLOCK);
    CHECK_UINT(writer_open(&writer, now), 0);
    return reader;
}

static void suck(int fd, struct trace_out *all, size_t most)
{
    ssize_t n;
    while (all->length < most && (n = read(fd, trace_out_room(all, 65536), 65536)) > 0)
        all->length += (size_t)n;
}

/* What does not fit waits, in the middle of a frame, and nothing is lost for it. */
static void test_a_pipe_that_is_read_slowly(void)
{
    struct trace_out all = {0};
    struct text story;
    begin();
    int reader = open_fifo();
    for (unsigned i = 0; i < 20; i++) {
        call(0, 60000);
        drain();
        suck(reader, &all, all.length + 30000);
    }
    for (unsigned i = 0; i < 40; i++) {
        drain();
        suck(reader, &all, SIZE_MAX);
    }
    writer_end(&writer, "the end", now);
    suck(reader, &all, SIZE_MAX);
    CHECK_UINT(said("left out"), 0);
    text_begin(&story);
    rig_story(&story, all.bytes, all.length, 0);
    CHECK(strstr(text_of(&story), "bad") == NULL && strstr(text_of(&story), "torn") == NULL);
    CHECK(strstr(text_of(&story), "record 20 ") != NULL); /* the note */
    text_free(&story);
    free(all.bytes);
    close(reader);
    end();
}

static void test_a_pipe_that_nobody_reads(void)
{
    begin();
    signal(SIGPIPE, SIG_IGN);
    int reader = open_fifo();
    writer.stuck = true; /* without waiting for each drain */
    writer.retry_ns = UINT64_MAX;
    for (unsigned i = 0; i < 100; i++) {
        call(0, 60000);
        drain();
    }
    writer.retry_ns = 0;
    drain();
    CHECK_UINT(said("nobody reads; messages are left out"), 1);
    CHECK(writer.lost[0] > 20);
    struct trace_out all = {0};
    for (unsigned i = 0; i < 200; i++) {
        suck(reader, &all, SIZE_MAX);
        drain();
    }
    suck(reader, &all, SIZE_MAX);
    CHECK(!writer.stuck && writer.lost[0] == 0);
    close(reader);
    call(0, 1);
    drain();
    CHECK_UINT(said("Broken pipe"), 1);
    free(all.bytes);
    end();
}

static bool reads_well(const struct trace_out *all)
{
    struct text story;
    text_begin(&story);
    rig_story(&story, all->bytes, all->length, 0);
    bool well = all->length && !strstr(text_of(&story), "bad") && !strstr(text_of(&story), "torn");
    text_free(&story);
    return well;
}

/* The first has half a frame; what is left of that is nothing for the second. */
static void test_a_pipe_whose_reader_is_another_one(void)
{
    struct trace_out first = {0}, second = {0};
    begin();
    signal(SIGPIPE, SIG_IGN);
    int reader = open_fifo();
    for (unsigned i = 0; i < 10; i++)
        call(0, 60000);
    drain();
    suck(reader, &first, 100000);
    CHECK(writer.stuck && writer.store.sent > 0);
    close(reader);
    call(0, 100);
    drain();
    CHECK_UINT(writer.store.sent, 0);
    CHECK(writer.store.reader_left);
    reader = open(path, O_RDONLY | O_NONBLOCK);
    for (unsigned i = 0; i < 40; i++) {
        now += 2 * SECOND;
        drain();
        suck(reader, &second, SIZE_MAX);
    }
    writer_end(&writer, "the end", now);
    suck(reader, &second, SIZE_MAX);
    CHECK(!reads_well(&first));
    CHECK(reads_well(&second));
    close(reader);
    free(first.bytes);
    free(second.bytes);
    end();
}

/* ---- --trace-last ---- */

static void begin_last(uint64_t ns, size_t bytes)
{
    begin();
    writer.flight.last_ns = ns;
    writer.flight.bytes_max = bytes;
    CHECK_UINT(writer_open(&writer, now), 0);
}

static void test_nothing_is_written_unless_asked_for(void)
{
    begin_last(SECOND, 1 << 20);
    call(0, 100);
    drain();
    CHECK_UINT(size_of(path), -1);
    CHECK(writer_dump(&writer, "why", now));
    CHECK_UINT(count_of(path).calls, 1);
    call(0, 100);
    drain();
    CHECK(writer_dump(&writer, "why", now));
    char second[120];
    snprintf(second, sizeof second, "%s.2", path);
    CHECK_UINT(count_of(second).calls, 2);
    CHECK_UINT(count_of(path).calls, 1);
    CHECK_UINT(said("was written: why"), 2);
    end();
}

/* A call every hundredth of a second, of which the last second is to be kept. */
static void test_age_bounds_it(void)
{
    begin_last(SECOND, 64 << 20);
    for (unsigned i = 0; i < 1000; i++) {
        call(0, 10);
        now += SECOND / 100;
        drain();
    }
    CHECK(writer_dump(&writer, "why", now));
    struct counted c = count_of(path);
    CHECK(c.calls >= 100 && c.calls <= 110);
    CHECK(c.bad == 0 && c.first == 1000 - c.calls);
    now += 2 * (uint64_t)SECOND; /* nothing happens, and all of it grows old */
    CHECK(writer_dump(&writer, "why", now));
    char second[120];
    snprintf(second, sizeof second, "%s.2", path);
    CHECK_UINT(count_of(second).calls, 0);
    CHECK_UINT(count_of(path).notes, 0);
    CHECK_UINT(said("for want of memory"), 0);
    end();
}

/* What went for want of memory would be too old now anyhow. */
static void test_memory_that_was_short_long_ago(void)
{
    begin_last(SECOND, 1 << 20);
    for (unsigned i = 0; i < 300; i++) {
        call(0, 5000);
        drain();
    }
    for (unsigned i = 0; i < 30; i++) {
        now += SECOND / 10;
        call(0, 10);
        drain();
    }
    CHECK(writer_dump(&writer, "why", now));
    struct counted c = count_of(path);
    CHECK(c.calls >= 10 && c.calls <= 12 && c.notes == 0);
    end();
}

static void test_memory_bounds_it(void)
{
    begin_last(3600 * (uint64_t)SECOND, 1 << 20);
    for (unsigned i = 0; i < 1000; i++) {
        call(0, 5000);
        now += SECOND / 100;
        drain();
        CHECK(writer.flight.bytes <= 1 << 20);
    }
    CHECK(writer_dump(&writer, "why", now));
    struct counted c = count_of(path);
    CHECK(c.calls > 150 && c.calls < 210 && c.bad == 0);
    CHECK_UINT(c.first, 1000 - c.calls);
    CHECK_UINT(c.notes, 1);
    unsigned ms;
    CHECK(sscanf(c.note, "for want of memory only the last %u ms of 3600000 ms are here", &ms) ==
          1);
    CHECK(ms >= 10 * (c.calls - 1) && ms <= 10 * c.calls);
    CHECK_UINT(said(c.note), 1);
    CHECK_UINT(said("more memory keeps more"), 1);
    call(0, 1); /* the note is only there, and no number is missing for it */
    drain();
    CHECK(writer_dump(&writer, "why", now));
    char second[120];
    snprintf(second, sizeof second, "%s.2", path);
    c = count_of(second);
    CHECK(c.notes == 1 && c.bad == 0);
    end();
}

static void test_a_record_that_is_larger_than_the_memory(void)
{
    begin_last(SECOND, 4096);
    for (unsigned i = 0; i < 3; i++) {
        call(0, 60000);
        drain();
    }
    CHECK(writer_dump(&writer, "why", now));
    CHECK_UINT(count_of(path).calls, 1);
    end();
}

static void test_a_dump_that_does_not_fit(void)
{
    begin_last(SECOND, 1 << 20);
    calls(10, 5000);
    drain();
    limit_files(30000);
    CHECK(!writer_dump(&writer, "why", now));
    limit_files(RLIM_INFINITY);
    CHECK_UINT(said("not written whole: File too large"), 1);
    struct counted c = count_of(path);
    CHECK(c.calls > 0 && c.calls < 10 && c.bad == 0 && c.torn == 1);
    CHECK(writer_dump(&writer, "why", now)); /* into the next file */
    end();
}

static unsigned dumps(void)
{
    return said("was written: an error");
}

/* An error that comes while the last dump is young is written out when it has grown old: it is not forgotten. */
static void test_errors_are_written_out_once_for_the_time_that_is_kept(void)
{
    begin_last(10 * (uint64_t)SECOND, 1 << 20);
    writer_dump_errors(&writer, false, now);
    CHECK_UINT(dumps(), 0);
    writer_dump_errors(&writer, true, now);
    CHECK_UINT(dumps(), 1);
    now += SECOND;
    writer_dump_errors(&writer, true, now);
    CHECK_UINT(dumps(), 1);
    now += 3 * (uint64_t)SECOND;
    writer_dump_errors(&writer, false, now);
    CHECK_UINT(dumps(), 1);
    now += SECOND;
    writer_dump_errors(&writer, false, now);
    CHECK_UINT(dumps(), 2);
    now += 100 * (uint64_t)SECOND;
    writer_dump_errors(&writer, false, now);
    CHECK_UINT(dumps(), 2);
    for (unsigned i = 0; i < 100; i++) {
        now += 10 * (uint64_t)SECOND;
        writer_dump_errors(&writer, true, now);
    }
    CHECK_UINT(dumps(), 20); /* not for ever */
    end();
}

static void test_the_next_name_is_one_that_is_free(void)
{
    char name[TRACE_PATH_MAX], want[120];
    begin_last(SECOND, 1 << 20);
    writer_dump_name(&writer, name);
    CHECK_STR(name, path);
    touch_file(path, "");
    snprintf(want, sizeof want, "%s.2", path);
    touch_file(want, "");
    writer_dump_name(&writer, name);
    snprintf(want, sizeof want, "%s.3", path);
    CHECK_STR(name, want);
    end();
}

/* ---- parts, as a reader finds them ---- */

static void test_which_parts_there_are(void)
{
    char name[120];
    static const char *const others[] = {".0", ".x", ".1x", "-1", ".1234567890", "", "."};
    begin();
    CHECK_UINT(trace_part_after(path, 0), 0);
    for (unsigned i = 0; i < sizeof others / sizeof others[0]; i++) {
        snprintf(name, sizeof name, "%s%s", path, others[i]);
        touch_file(name, "");
    }
    CHECK_UINT(trace_part_after(path, 0), 0);
    for (unsigned i = 8; i < 12; i++) {
        snprintf(name, sizeof name, "%s.%u", path, i);
        touch_file(name, "");
    }
    CHECK_UINT(trace_part_after(path, 0), 8);
    CHECK_UINT(trace_part_after(path, 8), 9);
    CHECK_UINT(trace_part_after(path, 9), 10);
    CHECK_UINT(trace_part_after(path, 11), 0);
    CHECK_UINT(trace_part_after("/nowhere/t", 0), 0);
    CHECK_UINT(trace_part_last(path), 11);
    CHECK_UINT(trace_part_last("/nowhere/t"), 0);
    end();
}

static bool no_more(void *context)
{
    (void)context;
    return false;
}

/* What is written while it is read, and rotated, and the oldest removed. */
static void test_following_while_it_is_rotated(void)
{
    struct trace_input in = {.quiet = true, .follow = true, .waits = no_more};
    struct trace_record r;
    const char *name = path;
    uint64_t read = 0, next = 0;
    begin();
    writer.store.part_bytes_max = 65536;
    writer.store.keep = 2;
    CHECK_UINT(writer_open(&writer, now), 0);
    call(0, 100);
    drain();
    trace_input_open(&in, &name, 1);
    CHECK(trace_input_next(&in, &r));
    calls(100, 1000);
    drain();
    for (next = r.sequence + 1; read < 100 && trace_input_next(&in, &r); read++, next++)
        CHECK_UINT(r.sequence, next);
    CHECK_UINT(read, 100);
    CHECK_UINT(in.bad, 0);
    calls(1000, 1000); /* now it is too slow: parts are gone before it comes to them */
    drain();
    while (trace_input_next(&in, &r))
        read++;
    CHECK_UINT(in.bad, 1); /* records n to m are missing */
    CHECK(read > 150 && read < 1000);
    CHECK_UINT(r.sequence, 1100);
    trace_input_close(&in);
    end();
}

/* Who does not follow reads the parts that there were, and of the last what it had when it came to that. */
static void test_reading_while_it_is_rotated(void)
{
    struct trace_input in = {.quiet = true};
    struct trace_record r;
    const char *name = path;
    uint64_t read = 0;
    begin();
    writer.store.part_bytes_max = 65536;
    CHECK_UINT(writer_open(&writer, now), 0);
    calls(100, 1000);
    drain();
    trace_input_open(&in, &name, 1);
    CHECK(trace_input_next(&in, &r));
    CHECK_UINT(r.sequence, 0);
    calls(1000, 1000);
    drain();
    while (trace_input_next(&in, &r))
        read++;
    CHECK_UINT(r.sequence, read);
    CHECK(read >= 99 && read < 200);
    CHECK(in.bad == 0 && in.torn == 0);
    trace_input_close(&in);
    end();
}

static void test_files_that_cannot_be_read(void)
{
    struct trace_record r;
    begin();
    CHECK_UINT(writer_open(&writer, now), 0);
    call(0, 1);
    drain();
    char empty[120];
    snprintf(empty, sizeof empty, "%s-empty", path);
    touch_file(empty, "");
    const char *names[] = {"/nowhere", directory, empty, path};
    struct trace_input in = {.quiet = true};
    trace_input_open(&in, names, 4);
    CHECK(trace_input_next(&in, &r)); /* the others are read all the same */
    CHECK(!trace_input_next(&in, &r));
    CHECK(!trace_input_next(&in, &r));
    CHECK(in.failed && in.torn == 1 && in.bad == 0);
    CHECK_UINT(trace_input_status(&in), 74);
    CHECK_UINT(said("No such file or directory"), 1);
    CHECK_UINT(said("Is a directory"), 1);
    trace_input_close(&in);
    end();
}

CU_TestInfo recording_writer_tests[] = {
    {"all of it is in the file", test_all_of_it_is_in_the_file},
    {"pieces are large", test_pieces_are_large},
    {"in memory nothing waits", test_in_memory_nothing_waits},
    {"files that are there stay as they are", test_files_that_are_there_stay_as_they_are},
    {"an empty file may be given", test_an_empty_file_may_be_given},
    {"a directory that is not there", test_a_directory_that_is_not_there},
    {"parts by size", test_parts_by_size},
    {"parts by time", test_parts_by_time},
    {"the last parts stay", test_the_last_parts_stay},
    {"a part that cannot be made", test_a_part_that_cannot_be_made},
    {"a full disk", test_a_full_disk},
    {"a disk that stays full", test_a_disk_that_stays_full},
    {"a disk that was full from the beginning", test_a_disk_that_was_full_from_the_beginning},
    {"a part that stays full", test_a_part_that_stays_full},
    {"a disk that has a little room again", test_a_disk_that_has_a_little_room_again},
    {"a disk that is always full", test_a_disk_that_is_always_full},
    {"what finds no room in a ring is said", test_what_finds_no_room_in_a_ring_is_said},
    {"a pipe that is read slowly", test_a_pipe_that_is_read_slowly},
    {"a pipe that nobody reads", test_a_pipe_that_nobody_reads},
    {"a pipe whose reader is another one", test_a_pipe_whose_reader_is_another_one},
    {"nothing is written unless asked for", test_nothing_is_written_unless_asked_for},
    {"age bounds it", test_age_bounds_it},
    {"memory that was short long ago", test_memory_that_was_short_long_ago},
    {"memory bounds it", test_memory_bounds_it},
    {"a record that is larger than the memory", test_a_record_that_is_larger_than_the_memory},
    {"a dump that does not fit", test_a_dump_that_does_not_fit},
    {"errors are written out once for the time that is kept",
     test_errors_are_written_out_once_for_the_time_that_is_kept},
    {"the next name is one that is free", test_the_next_name_is_one_that_is_free},
    {"which parts there are", test_which_parts_there_are},
    {"following while it is rotated", test_following_while_it_is_rotated},
    {"reading while it is rotated", test_reading_while_it_is_rotated},
    {"files that cannot be read", test_files_that_cannot_be_read},
    CU_TEST_INFO_NULL,
};
