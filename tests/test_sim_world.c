/* tests/test_sim_world.c -- names, files and the log of deterministic mode. */
#include "messages/kinds.h"
#include "runtime/sim.h"
#include "tests/check.h"
#include "tests/toys.h"
#include <errno.h>
#include <netdb.h>

static const struct toy_ticker *ticker(const struct sim *sim, struct actor_ref ref)
{
    return (const struct toy_ticker *)sim_actor(sim, ref);
}

static struct message *host(const char *name)
{
    return msg_data_new((struct msg_data){.bytes = span_copy(name, strlen(name))});
}

static const struct toy_asker *asker(const struct sim *sim, struct actor_ref ref)
{
    return (const struct toy_asker *)sim_actor(sim, ref);
}

static void names_are_what_the_test_says(void)
{
    struct sim sim;
    char text[ADDRESS_TEXT_MAX];
    toy_sim(&sim, 0);
    sim_name_add(&sim, "app.test", "10.1.2.3");
    sim_name_add(&sim, "app.test", "::1");
    sim_name_fail(&sim, "bad.test", EAI_AGAIN);
    struct actor_ref ref = sim_spawn(&sim, &toy_asker_type, host("app.test"));
    CHECK(sim_run_until_idle(&sim));
    CHECK_UINT(asker(&sim, ref)->bytes[0], 2);
    CHECK_STR(address_print(&asker(&sim, ref)->first, text), "10.1.2.3:80");
    sim_send(&sim, ref, host("bad.test"));
    CHECK(sim_run_until_idle(&sim));
    CHECK(asker(&sim, ref)->errors[1] == EAI_AGAIN);
    sim_send(&sim, ref, host("no.test"));
    CHECK(sim_run_until_idle(&sim));
    CHECK(asker(&sim, ref)->errors[2] == EAI_NONAME);
    sim_send(&sim, ref, host("192.0.2.1"));
    CHECK(sim_run_until_idle(&sim));
    CHECK_UINT(asker(&sim, ref)->bytes[3], 1);
    CHECK_UINT(asker(&sim, ref)->heard, 4);
    CHECK_UINT(sim_destroy(&sim), 0);
}

static void a_slow_name_holds_up_what_blocks_and_nobody_else(void)
{
    for (uint64_t seed = 0; seed < 10; seed++) {
        struct sim sim;
        toy_sim(&sim, seed);
        sim_name_add(&sim, "slow.test", "10.1.2.3");
        sim_name_delay(&sim, "slow.test", 5000000);
        struct actor_ref ref = sim_spawn(&sim, &toy_asker_type, host("slow.test"));
        struct actor_ref tick = sim_spawn(&sim, &toy_ticker_type, resume(0));
        CHECK(sim_advance(&sim, 1000000));
        CHECK_UINT(asker(&sim, ref)->heard, 0);
        CHECK_UINT(ticker(&sim, tick)->count, TOY_TICKS);
        CHECK(sim_advance(&sim, 5000000));
        CHECK_UINT(asker(&sim, ref)->heard, 1);
        CHECK_UINT(asker(&sim, ref)->at_us[0], SIM_START_US + 5000000);
        CHECK_UINT(sim_destroy(&sim), 0);
    }
}

static void files_keep_what_is_written(void)
{
    for (uint64_t seed = 0; seed < 10; seed++) {
        struct sim sim;
        toy_sim(&sim, seed);
        sim_file_delay(&sim, 1000);
        struct actor_ref ref = sim_spawn(&sim, &toy_asker_type, resume(TOY_OPEN));
        for (uint32_t i = TOY_WRITE; i <= TOY_READ; i++)
            sim_send(&sim, ref, resume(i));
        CHECK(sim_advance(&sim, 10000));
        const struct toy_asker *a = asker(&sim, ref);
        CHECK_UINT(a->heard, 3);
        CHECK_UINT(a->kinds[0], MSG_FILE_OPENED);
        CHECK_UINT(a->kinds[1], MSG_FILE_WRITTEN);
        CHECK_UINT(a->bytes[1], 10);
        CHECK_STR(a->text, "56789");
        CHECK_UINT(a->at_us[2], SIM_START_US + 3000);
        CHECK_UINT(sim_files_open(&sim), 1);
        sim_send(&sim, ref, resume(TOY_CLOSE));
        CHECK(sim_run_until_idle(&sim));
        CHECK_UINT(sim_files_open(&sim), 0);
        CHECK_UINT(sim_destroy(&sim), 0);
    }
}

static void a_full_disk_takes_what_fits(void)
{
    struct sim sim;
    toy_sim(&sim, 0);
    sim_file_room(&sim, 14);
    struct actor_ref ref = sim_spawn(&sim, &toy_asker_type, resume(TOY_OPEN));
    sim_send(&sim, ref, resume(TOY_WRITE));
    sim_send(&sim, ref, resume(TOY_WRITE));
    CHECK(sim_run_until_idle(&sim));
    CHECK_UINT(asker(&sim, ref)->errors[1], 0);
    CHECK_UINT(asker(&sim, ref)->errors[2], ENOSPC);
    CHECK_UINT(asker(&sim, ref)->bytes[2], 4);
    CHECK_UINT(sim_destroy(&sim), 0); /* the file is still open */
}

/* All open files together, and what is closed counts no more. */
static void files_have_a_limit_together(void)
{
    struct sim sim;
    toy_sim(&sim, 0);
    sim_file_total(&sim, 25);
    struct actor_ref refs[2];
    for (unsigned i = 0; i < 2; i++) {
        refs[i] = sim_spawn(&sim, &toy_asker_type, resume(TOY_OPEN));
        sim_send(&sim, refs[i], resume(TOY_WRITE));
        CHECK(sim_run_until_idle(&sim));
        CHECK_UINT(asker(&sim, refs[i])->errors[1], 0);
    }
    sim_send(&sim, refs[0], resume(TOY_WRITE));
    CHECK(sim_run_until_idle(&sim));
    CHECK_UINT(asker(&sim, refs[0])->errors[2], ENOSPC);
    CHECK_UINT(asker(&sim, refs[0])->bytes[2], 0);
    sim_send(&sim, refs[1], resume(TOY_CLOSE));
    CHECK(sim_run_until_idle(&sim));
    sim_send(&sim, refs[0], resume(TOY_WRITE));
    CHECK(sim_run_until_idle(&sim));
    CHECK_UINT(asker(&sim, refs[0])->errors[3], 0);
    CHECK_UINT(asker(&sim, refs[0])->bytes[3], 10);
    CHECK_UINT(sim_destroy(&sim), 0);
}

static void a_file_that_cannot_be_opened_says_so(void)
{
    struct sim sim;
    toy_sim(&sim, 0);
    sim_file_open_fails(&sim, EACCES);
    struct actor_ref ref = sim_spawn(&sim, &toy_asker_type, resume(TOY_OPEN));
    sim_send(&sim, ref, resume(TOY_WRITE));
    CHECK(sim_run_until_idle(&sim));
    CHECK_UINT(asker(&sim, ref)->errors[0], EACCES);
    CHECK_UINT(asker(&sim, ref)->errors[1], EACCES);
    CHECK_UINT(sim_destroy(&sim), 0);
}

static void a_log_that_is_not_read_waits(void)
{
    struct sim sim;
    toy_sim(&sim, 0);
    sim_log_block(&sim, true);
    sim_spawn(&sim, &toy_ticker_type, resume(0));
    CHECK(sim_advance(&sim, 1000000));
    CHECK(!sim_log_contains(&sim, "ticked"));
    sim_log_block(&sim, false);
    CHECK(sim_advance(&sim, 1000000));
    CHECK(sim_log_contains(&sim, "00:00:01.050Z I toy_ticker")); /* the time at which it was said */
    CHECK_UINT(sim_destroy(&sim), 0);
}

CU_TestInfo sim_world_tests[] = {
    {"names are what the test says", names_are_what_the_test_says},
    {"a slow name holds up what blocks and nobody else",
     a_slow_name_holds_up_what_blocks_and_nobody_else},
    {"files keep what is written", files_keep_what_is_written},
    {"a full disk takes what fits", a_full_disk_takes_what_fits},
    {"files have a limit together", files_have_a_limit_together},
    {"a file that cannot be opened says so", a_file_that_cannot_be_opened_says_so},
    {"a log that is not read waits", a_log_that_is_not_read_waits},
    CU_TEST_INFO_NULL,
};
