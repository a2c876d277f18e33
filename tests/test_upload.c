/* tests/test_upload.c -- uploads: order, credit, the spool and its limits. LIM-1, LIM-2. */
#include "actors/interceptor_state.h"
#include "actors/local_state.h"
#include "tests/world.h"
#include <stdlib.h>

/* One upload of `total` bytes, each a function of its place. */
struct upload_test {
    struct world w;
    struct sim_peer *app;
    uint64_t sent, total;
    bool raw;
};

static char byte_at(uint64_t i)
{
    return (char)('a' + (i * 7 + i / 251) % 26);
}

static void begin(struct upload_test *t, uint64_t total, bool raw)
{
    char length[60];
    world_begin(&t->w);
    t->sent = 0;
    t->total = total;
    t->raw = raw;
    snprintf(length, sizeof length, "content-length: %" PRIu64 "\n", total);
    if (raw)
        agent_connection(&t->w, 1);
    else
        agent_request(&t->w, (struct request){.variant = VARIANT_CHUNKED_V2,
                                              .connection = 1,
                                              .method = "POST",
                                              .headers = length,
                                              .more = true});
    t->app = world_app(&t->w);
    REQUIRE(t->app != NULL);
    if (!raw)
        peer_text(t->app);
}

static void put(struct upload_test *t, size_t bytes)
{
    char *part = malloc(bytes);
    REQUIRE(part != NULL);
    for (size_t i = 0; i < bytes; i++)
        part[i] = byte_at(t->sent + i);
    t->sent += bytes;
    if (t->raw)
        agent_put_data(&t->w, WIRE_STEAL, 1, part, bytes);
    else
        agent_put_body(&t->w, 1, 0, part, bytes, t->sent == t->total);
    free(part);
}

static void put_all(struct upload_test *t, size_t most)
{
    while (t->sent < t->total) {
        size_t n = 1 + sim_random(&t->w.sim, (uint32_t)most);
        put(t, n < t->total - t->sent ? n : t->total - t->sent);
        world_run(&t->w);
    }
}

static void check_arrived(struct upload_test *t)
{
    size_t length;
    const uint8_t *bytes = sim_peer_received(t->app, &length);
    CHECK_UINT(length, t->total);
    for (size_t i = 0; i < length; i++)
        if (bytes[i] != (uint8_t)byte_at(i)) {
            CHECK_UINT(i, length); /* the first byte that is wrong */
            return;
        }
}

/* What the upload may send, what is on its way and what has no credit yet are always the window. */
static void check_credit(struct upload_test *t)
{
    const struct interceptor *i =
        (const void *)sim_actor(&t->w.sim, world_find(&t->w, &interceptor_type, 0));
    const struct local_connection *l =
        (const void *)sim_actor(&t->w.sim, world_find(&t->w, &local_connection_type, 0));
    REQUIRE(i != NULL && l != NULL);
    CHECK_UINT((uint64_t)((int64_t)i->upload.credit + (int64_t)l->uncredited), LOCAL_WINDOW);
}

static void credit_is_conserved(void)
{
    for (uint64_t seed = 1; seed <= 6; seed++) {
        struct upload_test t;
        world_create(&t.w, seed);
        sim_capacity(&t.w.sim, 40000);
        begin(&t, 3000000, seed % 2);
        while (t.sent + 70000 < t.total) {
            put(&t, 1 + sim_random(&t.w.sim, 70000));
            sim_peer_reads(t.app, sim_random(&t.w.sim, 2));
            world_run(&t.w);
            check_credit(&t);
        }
        sim_peer_reads(t.app, true);
        put_all(&t, 70000);
        world_run(&t.w);
        check_arrived(&t);
        world_end(&t.w);
    }
}

/* An application that does not read: memory, then the file; then everything, in order. */
static void through_the_spool_in_order(void)
{
    for (uint64_t seed = 1; seed <= 8; seed++) {
        struct upload_test t;
        world_create_with(&t.w, seed, 1 + seed % 2);
        begin(&t, 3000000, seed % 4 < 2);
        sim_peer_reads(t.app, false);
        put(&t, 1000000);
        world_run(&t.w);
        world_advance(&t.w, MS(200));
        put_all(&t, 60000);
        world_advance(&t.w, 2 * GRACE_US); /* it may have been given a moment to catch up */
        CHECK_UINT(sim_files_open(&t.w.sim), 1);
        sim_peer_reads(t.app, true);
        world_run(&t.w);
        world_advance(&t.w, MS(200));
        check_arrived(&t);
        CHECK_UINT(sim_files_open(&t.w.sim), 0);
        world_end(&t.w);
    }
}

/* Into the file, out of it, and into another: what comes after is behind what came before. */
static void in_and_out_of_the_spool(void)
{
    for (uint64_t seed = 1; seed <= 8; seed++) {
        struct upload_test t;
        world_create(&t.w, seed);
        sim_capacity(&t.w.sim, 30000);
        begin(&t, 6000000, false);
        unsigned open = 0, opened = 0;
        while (t.sent + 60000 < t.total) {
            put(&t, 1 + sim_random(&t.w.sim, 60000));
            /* a megabyte is not read, a megabyte is */
            sim_peer_reads(t.app, t.sent / 1000000 % 2);
            for (uint32_t n = sim_random(&t.w.sim, 200); n; n--)
                sim_step(&t.w.sim);
            if (sim_random(&t.w.sim, 4) == 0)
                world_advance(&t.w, MS(300));
            opened += sim_files_open(&t.w.sim) > open;
            open = sim_files_open(&t.w.sim);
        }
        sim_peer_reads(t.app, true);
        put_all(&t, 60000);
        world_advance(&t.w, MS(2000));
        check_arrived(&t);
        CHECK(opened >= 2);
        world_end(&t.w);
    }
}

static void expect_failure(struct upload_test *t, const char *log)
{
    world_run(&t->w);
    world_advance(&t->w, MS(3000));
    CHECK(sim_log_contains(&t->w.sim, log));
    CHECK(sim_log_contains(&t->w.sim, "spool-dir=\"/spool\""));
    if (t->raw) {
        world_forget(&t->w);
        CHECK_UINT(t->w.heard[t->w.heard_count - 1].kind, WIRE_CONNECTION_UNSUBSCRIBE);
    } else {
        struct seen_answer a = world_answer(&t->w, 0, 1, 0);
        CHECK_UINT(a.status, 507);
        CHECK(!a.fault);
        free(a.body);
    }
    CHECK_UINT(world_count(&t->w, &interceptor_type), 0);
    CHECK_UINT(sim_files_open(&t->w.sim), 0);
    CHECK_UINT(t->w.session_count, 1);
    world_end(&t->w);
}

static void a_full_disk(void)
{
    for (unsigned is_raw = 0; is_raw < 2; is_raw++) {
        struct upload_test t;
        world_create(&t.w, 0);
        sim_file_room(&t.w.sim, 300000);
        begin(&t, 3000000, is_raw);
        sim_peer_reads(t.app, false);
        put_all(&t, 60000);
        expect_failure(&t, "the spool file failed: No space left on device, or --spool-total-max");
    }
}

static void a_spool_that_cannot_be_opened(void)
{
    struct upload_test t;
    world_create(&t.w, 0);
    sim_file_open_fails(&t.w.sim, 13);
    begin(&t, 3000000, false);
    sim_peer_reads(t.app, false);
    put_all(&t, 60000);
    expect_failure(&t, "the spool file failed: Permission denied");
}

static void a_limit_of_one_upload(void)
{
    struct upload_test t;
    world_create(&t.w, 0);
    t.w.settings.spool_max = 500000;
    begin(&t, 3000000, false);
    sim_peer_reads(t.app, false);
    put_all(&t, 60000);
    expect_failure(&t, "--spool-max is reached");
}

/* After the answer has begun there is no 507: the stream is broken off. */
static void a_limit_in_the_middle_of_an_answer(void)
{
    struct upload_test t;
    world_create(&t.w, 0);
    t.w.settings.spool_max = 500000;
    begin(&t, 3000000, false);
    app_say(&t.w, t.app, "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc");
    sim_peer_reads(t.app, false);
    put_all(&t, 60000);
    world_advance(&t.w, MS(3000));
    struct seen_answer a = world_answer(&t.w, 0, 1, 0);
    CHECK(a.broken && !a.fault);
    free(a.body);
    CHECK_UINT(world_count(&t.w, &interceptor_type), 0);
    world_end(&t.w);
}

/* A disk that is more than 16 MiB behind: this exchange ends, the others go on. */
static void a_disk_that_is_too_slow(void)
{
    struct upload_test t;
    world_create(&t.w, 0);
    sim_file_delay(&t.w.sim, MS(60000));
    begin(&t, MIB(40), false);
    sim_peer_reads(t.app, false);
    while (t.sent < t.total) {
        put(&t, MIB(1));
        world_advance(&t.w, MS(1000));
        agent_get(&t.w, 100 + t.sent, "/other");
        struct sim_peer *other = world_app(&t.w);
        if (other)
            app_say(&t.w, other, "HTTP/1.1 204 x\r\nconnection: close\r\n\r\n");
        struct seen_answer b = world_answer(&t.w, 0, 100 + t.sent, 0);
        CHECK_UINT(b.status, 204);
        free(b.body);
    }
    world_advance(&t.w, MS(600000));
    struct seen_answer a = world_answer(&t.w, 0, 1, 0);
    CHECK_UINT(a.status, 507);
    CHECK(a.body && strstr(a.body, "the disk is 16 MiB behind") != NULL);
    free(a.body);
    CHECK_UINT(world_count(&t.w, &interceptor_type), 0);
    world_end(&t.w);
}

/* Memory is full, but no file was opened: an end needs neither (TCP-7). */
static void an_end_without_a_spool(void)
{
    struct upload_test t;
    world_create(&t.w, 0);
    begin(&t, 0, true);
    sim_peer_reads(t.app, false);
    const struct interceptor *i =
        (const void *)sim_actor(&t.w.sim, world_find(&t.w, &interceptor_type, 0));
    REQUIRE(i != NULL);
    while (i->upload.waiting_bytes <= i->upload.memory_max && t.sent < 2000000) {
        put(&t, 10000);
        world_run(&t.w);
    }
    t.total = t.sent;
    world_advance(&t.w, 2 * GRACE_US);
    CHECK(i->upload.waiting_bytes > i->upload.memory_max);
    CHECK_UINT(sim_files_open(&t.w.sim), 0);
    agent_data(&t.w, 1, "");
    sim_peer_reads(t.app, true);
    world_run(&t.w);
    check_arrived(&t);
    CHECK(sim_peer_ended(t.app));
    world_end(&t.w);
}

/* DEL-19, AG-8 */
static void trailers_behind_the_spool(void)
{
    struct upload_test t;
    world_create(&t.w, 0);
    world_begin(&t.w);
    t.raw = false;
    t.sent = 0;
    t.total = 3000000; /* put() must not end it */
    agent_request(&t.w, (struct request){.variant = VARIANT_CHUNKED_V2,
                                         .connection = 1,
                                         .method = "POST",
                                         .headers = "transfer-encoding: chunked\ntrailer: x-sum\n",
                                         .more = true});
    t.app = world_app(&t.w);
    sim_peer_reads(t.app, false);
    for (unsigned n = 0; n < 20; n++) {
        put(&t, 100000);
        world_run(&t.w);
    }
    agent_put_trailers(&t.w, 1, 0, "x-sum: 1\n", false);
    agent_put_trailers(&t.w, 1, 0, "x-sum: 2\n", false);
    agent_body(&t.w, 1, "", true);
    world_advance(&t.w, MS(1000));
    CHECK_UINT(sim_files_open(&t.w.sim), 1);
    sim_peer_reads(t.app, true);
    world_run(&t.w);
    world_advance(&t.w, MS(1000));
    static const char end[] = "\r\n0\r\nx-sum: 2\r\n\r\n";
    size_t length;
    const uint8_t *bytes = sim_peer_received(t.app, &length);
    REQUIRE(length > sizeof end);
    CHECK_BYTES(bytes + length - (sizeof end - 1), sizeof end - 1, end, sizeof end - 1);
    world_end(&t.w);
}

/* What the disk still says about a file that was closed is not about the next one. */
static void two_files_of_one_exchange(void)
{
    static const char head[] = "POST / HTTP/1.1\r\ncontent-length: 3000000\r\nupgrade: x\r\n\r\n";
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct upload_test t;
        world_create(&t.w, seed);
        sim_file_delay(&t.w.sim, MS(20));
        world_begin(&t.w);
        t = (struct upload_test){.w = t.w, .total = 3000000};
        agent_request(&t.w, (struct request){.variant = VARIANT_CHUNKED_V2,
                                             .connection = 1,
                                             .method = "POST",
                                             .headers = "content-length: 3000000\nupgrade: x\n",
                                             .more = true});
        t.app = world_app(&t.w);
        sim_peer_reads(t.app, false);
        for (unsigned n = 0; n < 20; n++)
            put(&t, 100000);
        world_advance(&t.w, 2 * GRACE_US); /* now it is in the file, or on its way */
        app_say(&t.w, t.app, "HTTP/1.1 101 x\r\nupgrade: x\r\n\r\n");
        t.raw = true;
        t.sent = 0;
        while (t.sent < 1500000) {
            put(&t, 100000);
            world_advance(&t.w, t.sent == 900000 ? MS(1000) : MS(5));
        }
        world_advance(&t.w, MS(3000));
        CHECK_UINT(sim_files_open(&t.w.sim), 1);
        sim_peer_reads(t.app, true);
        world_run(&t.w);
        world_advance(&t.w, MS(5000));
        size_t length;
        const uint8_t *bytes = sim_peer_received(t.app, &length);
        REQUIRE(length > t.sent + sizeof head);
        bool same = true;
        for (uint64_t i = 0; i < t.sent; i++)
            same &= bytes[length - t.sent + i] == (uint8_t)byte_at(i);
        CHECK(same);
        CHECK(!sim_log_contains(&t.w.sim, "does not take the upload"));
        world_end(&t.w);
    }
}

/* AG-23: the answer is complete but waits for the agent to read it; what still comes of the request is
 * for nobody, and needs no file. */
static void a_body_behind_its_answer(void)
{
    for (unsigned broken = 0; broken < 2; broken++) {
        struct upload_test t;
        world_create(&t.w, 0);
        t.w.settings.spool_max = 500000;
        sim_capacity(&t.w.sim, 30000);
        begin(&t, 9000000, false);
        sim_peer_reads(agent_peer(&t.w), false);
        app_say(&t.w, t.app, "HTTP/1.1 200 OK\r\ncontent-length: 200000\r\n\r\nabc");
        static char rest[199997];
        sim_peer_write(t.app, rest, broken ? sizeof rest - 1 : sizeof rest);
        world_run(&t.w);
        if (broken) {
            sim_peer_reset(t.app);
            world_run(&t.w);
        }
        CHECK_UINT(world_count(&t.w, &interceptor_type), 1);
        put_all(&t, 60000);
        CHECK_UINT(sim_files_open(&t.w.sim), 0);
        CHECK(!sim_log_contains(&t.w.sim, "does not take the upload"));
        sim_peer_reads(agent_peer(&t.w), true);
        world_run(&t.w);
        struct seen_answer a = world_answer(&t.w, 0, 1, 0);
        CHECK(broken ? a.broken : a.ended);
        CHECK(!a.fault);
        free(a.body);
        CHECK_UINT(world_count(&t.w, &interceptor_type), 0);
        world_end(&t.w);
    }
}

/* An upload that ends while the file is in use. */
static void an_end_behind_the_spool(void)
{
    struct upload_test t;
    world_create(&t.w, 0);
    begin(&t, 2000000, true);
    sim_peer_reads(t.app, false);
    put_all(&t, 60000);
    agent_data(&t.w, 1, "");
    world_advance(&t.w, MS(1000));
    CHECK_UINT(sim_files_open(&t.w.sim), 1);
    CHECK(!sim_peer_ended(t.app));
    sim_peer_reads(t.app, true);
    world_run(&t.w);
    world_advance(&t.w, MS(1000));
    check_arrived(&t);
    CHECK(sim_peer_ended(t.app));
    world_end(&t.w);
}

CU_TestInfo upload_tests[] = {
    {"credit is conserved however the parts are cut", credit_is_conserved},
    {"what is not read goes through the spool, in order", through_the_spool_in_order},
    {"an upload may go into the spool and out again", in_and_out_of_the_spool},
    {"a full disk ends that upload", a_full_disk},
    {"a spool that cannot be opened ends that upload", a_spool_that_cannot_be_opened},
    {"--spool-max ends that upload with 507", a_limit_of_one_upload},
    {"a limit after the head breaks the answer off", a_limit_in_the_middle_of_an_answer},
    {"a disk that is 16 MiB behind ends that upload only", a_disk_that_is_too_slow},
    {"the end of a body stays behind what is in the file", an_end_behind_the_spool},
    {"an end needs no room", an_end_without_a_spool},
    {"trailers stay behind what is in the file", trailers_behind_the_spool},
    {"an upgraded exchange may have two files", two_files_of_one_exchange},
    {"a body that goes on behind its answer is dropped", a_body_behind_its_answer},
    CU_TEST_INFO_NULL,
};
