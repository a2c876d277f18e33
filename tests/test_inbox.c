/* tests/test_inbox.c -- the states of the inbox and its orders, on one thread.
 *
 * What threads do to each other is checked in tests/models (make relacy, make stress).
 */
#include "runtime/inbox.h"
#include "tests/check.h"
#include <stdalign.h>

#define NODES 8

struct fixture {
    struct inbox inbox;
    struct inbox_node node[NODES];
};

static void fixture_create(struct fixture *f)
{
    memset(f->node, 0xa5, sizeof f->node); /* no link may be trusted that the inbox did not set */
    inbox_create(&f->inbox);
}

/* Links node[first] … node[last] as a producer does, each to the one before it. */
static void chain(struct fixture *f, size_t first, size_t last)
{
    for (size_t i = last; i > first; i--)
        f->node[i].next = &f->node[i - 1];
}

static enum inbox_pushed push(struct fixture *f, size_t first, size_t last)
{
    chain(f, first, last);
    return inbox_push(&f->inbox, &f->node[last], &f->node[first]);
}

/* The list is node[first] … node[last], in this order, and ends there. */
static void check_list(const struct fixture *f, const struct inbox_node *list, size_t first,
                       size_t last)
{
    for (size_t i = first; i <= last; i++) {
        REQUIRE(list != NULL);
        CHECK_UINT(list - f->node, i);
        list = list->next;
    }
    CHECK(list == NULL);
}

static void lies_on_its_own_line(void)
{
    CHECK_UINT(sizeof(struct inbox), 64);
    CHECK_UINT(alignof(struct inbox), 64);
}

static void empty_gives_nothing(void)
{
    struct fixture f;
    fixture_create(&f);
    CHECK(inbox_take(&f.inbox) == NULL);
    CHECK(inbox_take(&f.inbox) == NULL);
}

static void single_comes_back_alone(void)
{
    struct fixture f;
    fixture_create(&f);
    CHECK_UINT(push(&f, 3, 3), INBOX_PUSHED);
    check_list(&f, inbox_take(&f.inbox), 3, 3);
    CHECK(inbox_take(&f.inbox) == NULL);
}

static void oldest_comes_first(void)
{
    struct fixture f;
    fixture_create(&f);
    for (size_t i = 0; i < NODES; i++)
        CHECK_UINT(push(&f, i, i), INBOX_PUSHED);
    check_list(&f, inbox_take(&f.inbox), 0, NODES - 1);
}

static void chains_keep_their_order(void)
{
    struct fixture f;
    fixture_create(&f);
    CHECK_UINT(push(&f, 0, 2), INBOX_PUSHED);
    CHECK_UINT(push(&f, 3, 3), INBOX_PUSHED);
    CHECK_UINT(push(&f, 4, 7), INBOX_PUSHED);
    check_list(&f, inbox_take(&f.inbox), 0, 7);
    CHECK(inbox_take(&f.inbox) == NULL);
}

static void taken_node_goes_again(void)
{
    struct fixture f;
    fixture_create(&f);
    push(&f, 0, 3);
    check_list(&f, inbox_take(&f.inbox), 0, 3);
    CHECK_UINT(push(&f, 2, 2), INBOX_PUSHED);
    check_list(&f, inbox_take(&f.inbox), 2, 2);
}

static void first_push_wakes_the_parked(void)
{
    struct fixture f;
    fixture_create(&f);
    CHECK(inbox_park(&f.inbox));
    CHECK_UINT(push(&f, 0, 1), INBOX_WOKE);
    CHECK_UINT(push(&f, 2, 2), INBOX_PUSHED);
    CHECK_UINT(push(&f, 3, 3), INBOX_PUSHED);
    check_list(&f, inbox_take(&f.inbox), 0, 3);
}

static void each_park_has_one_wake(void)
{
    struct fixture f;
    unsigned wakes = 0;
    fixture_create(&f);
    for (unsigned round = 0; round < 100; round++) {
        CHECK(inbox_park(&f.inbox));
        wakes += push(&f, 0, 0) == INBOX_WOKE;
        wakes += push(&f, 1, 1) == INBOX_WOKE;
        check_list(&f, inbox_take(&f.inbox), 0, 1);
        wakes += push(&f, 2, 2) == INBOX_WOKE; /* awake: no wake */
        check_list(&f, inbox_take(&f.inbox), 2, 2);
    }
    CHECK_UINT(wakes, 100);
}

static void work_forbids_sleep(void)
{
    struct fixture f;
    fixture_create(&f);
    push(&f, 0, 0);
    CHECK(!inbox_park(&f.inbox));
    CHECK(!inbox_park(&f.inbox));
    check_list(&f, inbox_take(&f.inbox), 0, 0); /* the refusal lost nothing */
    CHECK(inbox_park(&f.inbox));
}

static void unpark_takes_the_wake_back(void)
{
    struct fixture f;
    fixture_create(&f);
    CHECK(inbox_park(&f.inbox));
    CHECK(inbox_unpark(&f.inbox));
    CHECK_UINT(push(&f, 0, 0), INBOX_PUSHED);
    check_list(&f, inbox_take(&f.inbox), 0, 0);
}

static void unpark_after_a_push_says_so(void)
{
    struct fixture f;
    fixture_create(&f);
    CHECK(inbox_park(&f.inbox));
    CHECK_UINT(push(&f, 0, 1), INBOX_WOKE);
    CHECK(!inbox_unpark(&f.inbox));
    check_list(&f, inbox_take(&f.inbox), 0, 1);
    CHECK(!inbox_unpark(&f.inbox)); /* empty and awake: nothing to undo */
}

static void take_ends_the_park(void)
{
    struct fixture f;
    fixture_create(&f);
    CHECK(inbox_park(&f.inbox));
    CHECK(inbox_take(&f.inbox) == NULL);
    CHECK_UINT(push(&f, 0, 0), INBOX_PUSHED);
    check_list(&f, inbox_take(&f.inbox), 0, 0);
    CHECK(inbox_park(&f.inbox)); /* asserts if the inbox were parked still */
}

static void close_returns_what_was_left(void)
{
    struct fixture f;
    fixture_create(&f);
    push(&f, 0, 1);
    push(&f, 2, 4);
    check_list(&f, inbox_close(&f.inbox), 0, 4);
    CHECK(inbox_take(&f.inbox) == NULL);
}

static void closed_refuses_for_ever(void)
{
    struct fixture f;
    fixture_create(&f);
    CHECK(inbox_close(&f.inbox) == NULL);
    for (unsigned round = 0; round < 3; round++) {
        CHECK_UINT(push(&f, 0, 2), INBOX_CLOSED);
        CHECK(inbox_take(&f.inbox) == NULL);
        CHECK(!inbox_unpark(&f.inbox));
    }
}

static void refused_chain_is_whole(void)
{
    struct fixture f;
    fixture_create(&f);
    inbox_close(&f.inbox);
    CHECK_UINT(push(&f, 0, 2), INBOX_CLOSED);
    CHECK(f.node[2].next == &f.node[1]);
    CHECK(f.node[1].next == &f.node[0]);
    CHECK(f.node[0].next == NULL);
}

static void close_ends_the_park(void)
{
    struct fixture f;
    fixture_create(&f);
    CHECK(inbox_park(&f.inbox));
    CHECK(inbox_close(&f.inbox) == NULL);
    CHECK_UINT(push(&f, 0, 0), INBOX_CLOSED); /* and wakes nobody */
}

CU_TestInfo inbox_tests[] = {
    {"the word lies on a cache line of its own", lies_on_its_own_line},
    {"an empty inbox gives nothing", empty_gives_nothing},
    {"a single message comes back alone", single_comes_back_alone},
    {"the oldest message comes first", oldest_comes_first},
    {"chains keep their order, inside and among each other", chains_keep_their_order},
    {"a node that was taken can be pushed again", taken_node_goes_again},
    {"the first push wakes the parked consumer, the next do not", first_push_wakes_the_parked},
    {"each park has exactly one wake", each_park_has_one_wake},
    {"an inbox with work cannot be parked and loses nothing", work_forbids_sleep},
    {"unpark takes the wake back", unpark_takes_the_wake_back},
    {"unpark after a push says that a wake is on its way", unpark_after_a_push_says_so},
    {"take ends a park", take_ends_the_park},
    {"close returns what was left, oldest first", close_returns_what_was_left},
    {"a closed inbox refuses every push, for ever", closed_refuses_for_ever},
    {"a refused chain is whole and ends in NULL", refused_chain_is_whole},
    {"close ends a park without a wake", close_ends_the_park},
    CU_TEST_INFO_NULL,
};
