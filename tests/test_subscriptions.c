/* tests/test_subscriptions.c -- what may be asked of an agent, and what its answers mean. */
#include "actors/subscriptions.h"
#include "tests/check.h"

static struct settings asked;

static void begin(uint16_t ports, bool mirror)
{
    settings_default(&asked);
    asked.mirror = mirror;
    asked.subscription_count = ports;
    for (uint16_t i = 0; i < ports; i++)
        asked.subscriptions[i] = (struct subscription){(uint16_t)(80 + i), 0};
    settings = &asked;
}

/* SUB-8, at each gate's edge. */
static void obstacles(void)
{
    static const struct {
        bool mirror;
        uint16_t filters;
        enum filter_kind first;
        unsigned minor, patch;
        const char *words; /* NULL: none */
    } rows[] = {
        {false, 0, FILTER_HEADER, 2, 1, NULL},     {false, 1, FILTER_HEADER, 2, 1, NULL},
        {false, 1, FILTER_PATH, 3, 0, NULL},       {false, 2, FILTER_HEADER, 10, 0, "1.11.0"},
        {false, 2, FILTER_HEADER, 11, 0, NULL},    {false, 1, FILTER_METHOD, 19, 9, "1.20.0"},
        {false, 1, FILTER_METHOD, 20, 0, NULL},    {true, 0, FILTER_HEADER, 2, 1, NULL},
        {true, 1, FILTER_HEADER, 21, 0, "1.21.1"}, {true, 1, FILTER_HEADER, 21, 1, NULL},
    };
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        begin(1, rows[i].mirror);
        asked.filter_count = rows[i].filters;
        asked.filters[0] = (struct filter){(uint8_t)rows[i].first, "x"};
        asked.filters[1] = (struct filter){FILTER_PATH, "y"};
        const char *why = subscriptions_obstacle(version_of(1, rows[i].minor, rows[i].patch));
        CHECK_UINT(why == NULL, rows[i].words == NULL);
        if (why && rows[i].words)
            CHECK(strstr(why, rows[i].words) != NULL);
    }
    begin(1, false);
    asked.filter_count = 2;
    CHECK(subscriptions_obstacle(version_unnegotiated()) != NULL);
    struct version pre = version_newest();
    pre.ordinal &= ~VERSION_RELEASE;
    CHECK(subscriptions_obstacle(pre) != NULL); /* W-9 */
}

static void answers_that_name_a_port(void)
{
    struct subscriptions s;
    begin(3, false);
    subscriptions_reset(&s);
    for (uint16_t i = 0; i < 3; i++)
        subscriptions_ask(&s, i);
    CHECK(subscriptions_answered(&s, true, 81) == 1);
    CHECK(subscriptions_answered(&s, true, 99) == -1);
    s.state[1] = SUBSCRIPTION_CONFIRMED;
    CHECK(subscriptions_answered(&s, true, 81) == -1); /* SUB-11, SUB-16 */
    CHECK(subscriptions_any_asked(&s));
    CHECK(!subscriptions_all_confirmed(&s));
    s.state[0] = s.state[2] = SUBSCRIPTION_CONFIRMED;
    CHECK(!subscriptions_any_asked(&s));
    CHECK(subscriptions_all_confirmed(&s));
}

/* SUB-18: those that name none are about the oldest that waits. */
static void answers_that_name_none(void)
{
    struct subscriptions s;
    begin(3, false);
    subscriptions_reset(&s);
    CHECK(subscriptions_answered(&s, false, 0) == -1);
    subscriptions_ask(&s, 2);
    subscriptions_ask(&s, 0);
    CHECK(subscriptions_answered(&s, false, 0) == 2);
    s.state[2] = SUBSCRIPTION_SUSPENDED;
    CHECK(subscriptions_answered(&s, false, 0) == 0);
}

/* SUB-20: by port and by mode; one that is asked for counts, the agent may be faster than its word. */
static void traffic_finds_its_subscription(void)
{
    struct subscriptions s;
    begin(2, true);
    subscriptions_reset(&s);
    CHECK(subscriptions_find(&s, 80, MODE_MIRROR) == -1);
    subscriptions_ask(&s, 0);
    CHECK(subscriptions_find(&s, 80, MODE_MIRROR) == 0);
    CHECK(subscriptions_find(&s, 80, MODE_STEAL) == -1);
    CHECK(subscriptions_find(&s, 81, MODE_MIRROR) == -1);
    s.state[0] = SUBSCRIPTION_SUSPENDED;
    CHECK(subscriptions_find(&s, 80, MODE_MIRROR) == -1);
    CHECK(settings_subscription_of(81) == 1);
    CHECK(settings_subscription_of(82) == -1);
}

CU_TestInfo subscriptions_tests[] = {
    {"what a version cannot express is an obstacle", obstacles},
    {"an answer may name its port", answers_that_name_a_port},
    {"an answer that names none is about the oldest", answers_that_name_none},
    {"traffic finds its subscription by port and mode", traffic_finds_its_subscription},
    CU_TEST_INFO_NULL,
};
