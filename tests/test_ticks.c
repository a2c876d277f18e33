/* tests/test_ticks.c -- ticks into nanoseconds: by what two clocks said, and not by what they will say. */
#include "runtime/ticks.h"
#include "tests/check.h"

#define MS UINT64_C(1000000)

static uint64_t no_clock(void)
{
    CHECK(false); /* the scale is told what it says */
    return 0;
}

/* Three ticks a nanosecond, from a moment on. */
static struct tick_scale thrice(void)
{
    return (struct tick_scale){.ticks = no_clock,
                               .began_ticks = 1000,
                               .at_ticks = 1000,
                               .began_ns = 5000 * MS,
                               .at_ns = 5000 * MS,
                               .ns_a_tick = TICK_UNIT};
}

static uint64_t ticks_at(uint64_t ns)
{
    return 1000 + (ns - 5000 * MS) * 3;
}

static bool is_near(uint64_t a, uint64_t b, uint64_t most)
{
    return a > b ? a - b <= most : b - a <= most;
}

static void test_what_lies_between_two_readings_is_known(void)
{
    struct tick_scale s = thrice();
    tick_scale_note(&s, ticks_at(5001 * MS), 5001 * MS);
    CHECK(is_near(tick_scale_ns(&s, ticks_at(5000 * MS)), 5000 * MS, 1));
    CHECK(is_near(tick_scale_ns(&s, ticks_at(5000 * MS + 123456)), 5000 * MS + 123456, 1));
    CHECK(is_near(tick_scale_ns(&s, ticks_at(5001 * MS)), 5001 * MS, 1));
}

/* A reading that is 200 ns late does not tilt the line: it is not used before it is far enough away. */
static void test_a_reading_that_is_near_does_not_spoil_one_that_is_far(void)
{
    struct tick_scale s = thrice();
    tick_scale_note(&s, ticks_at(5020 * MS), 5020 * MS);
    tick_scale_note(&s, ticks_at(5020 * MS + 1000), 5020 * MS + 1200);
    CHECK(is_near(tick_scale_ns(&s, ticks_at(5029 * MS)), 5029 * MS, 2));
    CHECK(is_near(tick_scale_ns(&s, ticks_at(5018 * MS)), 5018 * MS, 2));
}

/* The clocks drift: the kernel slews the one. After each reading both agree again. */
static void test_the_line_follows_a_clock_that_is_slewed(void)
{
    struct tick_scale s = thrice();
    uint64_t ticks = 1000, ns = 5000 * MS;
    for (unsigned i = 0; i < 1000; i++) {
        uint64_t ticks_before = ticks, ns_before = ns;
        ticks += 60 * MS;
        ns += 20 * MS + (i % 7) * 1000; /* up to 300 in a million */
        tick_scale_note(&s, ticks, ns);
        CHECK(is_near(tick_scale_ns(&s, ticks), ns, 1));
        CHECK(is_near(tick_scale_ns(&s, ticks_before), ns_before, 1));
    }
}

static void test_a_counter_that_stands_still_is_not_believed(void)
{
    struct tick_scale s = thrice();
    tick_scale_note(&s, 1000, 5100 * MS);
    CHECK_UINT(tick_scale_ns(&s, 1000), 5000 * MS);
}

static void test_nanoseconds_stay_what_they_are(void)
{
    struct tick_scale s;
    tick_scale_begin(&s, monotonic_ns);
    tick_scale_adjust(&s);
    CHECK_UINT(tick_scale_ns(&s, 0), 0);
    CHECK_UINT(tick_scale_ns(&s, UINT64_MAX), UINT64_MAX);
}

/* Whatever clock this machine has, what it said between two looks at the real one was between them. */
static void test_the_clock_of_this_machine(void)
{
    struct tick_scale s;
    ticks_clock *ticks = ticks_choose();
    tick_scale_begin(&s, ticks);
    uint64_t before = monotonic_ns(), t = ticks(), again = ticks(), after = monotonic_ns();
    while (monotonic_ns() < after + 100000)
        ;
    tick_scale_adjust(&s);
    CHECK(again >= t);
    CHECK(tick_scale_ns(&s, t) + 2000 >= before);
    CHECK(tick_scale_ns(&s, again) <= after + 2000);
}

CU_TestInfo ticks_tests[] = {
    {"what lies between two readings is known", test_what_lies_between_two_readings_is_known},
    {"a reading that is near does not spoil one that is far",
     test_a_reading_that_is_near_does_not_spoil_one_that_is_far},
    {"the line follows a clock that is slewed", test_the_line_follows_a_clock_that_is_slewed},
    {"a counter that stands still is not believed",
     test_a_counter_that_stands_still_is_not_believed},
    {"nanoseconds stay what they are", test_nanoseconds_stay_what_they_are},
    {"the clock of this machine", test_the_clock_of_this_machine},
    CU_TEST_INFO_NULL,
};
