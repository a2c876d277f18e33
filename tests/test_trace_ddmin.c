/* tests/test_trace_ddmin.c -- delta debugging finds the few parts that are needed. */
#include "tests/check.h"
#include "tools/trace_ddmin.h"

enum { PARTS_MAX = 500 };

/* It is so while all of these are there. */
struct needed {
    size_t parts[8], count;
    unsigned tries, most; /* most: then it is stopped; 0: never */
};

static enum ddmin_answer test(void *context, const bool *keep, size_t count)
{
    struct needed *n = context;
    if (n->most && n->tries >= n->most)
        return DDMIN_STOP;
    n->tries++;
    for (size_t i = 0; i < n->count; i++) {
        REQUIRE(n->parts[i] < count);
        if (!keep[n->parts[i]])
            return DDMIN_GONE;
    }
    return DDMIN_STILL;
}

static void check(struct needed n, size_t count, unsigned tries)
{
    bool keep[PARTS_MAX];
    size_t kept = 0;
    memset(keep, true, sizeof keep);
    CHECK(ddmin(keep, count, test, &n));
    for (size_t i = 0; i < count; i++)
        kept += keep[i];
    CHECK_UINT(kept, n.count);
    for (size_t i = 0; i < n.count; i++)
        CHECK(keep[n.parts[i]]);
    CHECK(n.tries <= tries);
}

static void needed_parts_are_left(void)
{
    check((struct needed){{0}, 1, 0, 0}, 1, 4);
    check((struct needed){{0}, 0, 0, 0}, 0, 0);
    check((struct needed){{0}, 0, 0, 0}, 100, 1);
    check((struct needed){{77}, 1, 0, 0}, 100, 40);
    check((struct needed){{0, 99}, 2, 0, 0}, 100, 60);
    check((struct needed){{3, 4, 5, 250, 499}, 5, 0, 0}, 500, 160);
    check((struct needed){{0, 1, 2, 3, 4, 5, 6, 7}, 8, 0, 0}, 8, 32);
}

/* Part 1 is needed only while part 0 is there: going once more around finds that both can go. */
static enum ddmin_answer dependent(void *context, const bool *keep, size_t count)
{
    (void)context, (void)count;
    return (keep[1] || !keep[2]) && keep[3] ? DDMIN_STILL : DDMIN_GONE;
}

static void no_single_part_can_be_left_out(void)
{
    bool keep[4] = {true, true, true, true};
    CHECK(ddmin(keep, 4, dependent, NULL));
    CHECK(!keep[0] && !keep[1] && !keep[2] && keep[3]);
}

static void stopped_is_said(void)
{
    struct needed n = {{5, 60}, 2, 0, 3};
    bool keep[100];
    memset(keep, true, sizeof keep);
    CHECK(!ddmin(keep, 100, test, &n));
    CHECK(keep[5] && keep[60]); /* what is left is so still */
    CHECK_UINT(n.tries, 3);
}

static enum ddmin_answer at_least(void *context, size_t length)
{
    size_t *least = context;
    return length >= *least ? DDMIN_STILL : DDMIN_GONE;
}

static void least_length(void)
{
    bool stopped = false;
    for (size_t least = 0; least <= 40; least++)
        CHECK_UINT(ddmin_length(40, at_least, &least, &stopped), least);
    CHECK(!stopped);
}

CU_TestInfo trace_ddmin_tests[] = {
    {"the parts that are needed are left, with few tries", needed_parts_are_left},
    {"no single part of what is left can be left out", no_single_part_can_be_left_out},
    {"when it is stopped, what is left is still so", stopped_is_said},
    {"the least length is found", least_length},
    CU_TEST_INFO_NULL,
};
