/* tests/test_ready_line.c -- the line that says what is served, and what this agent cannot do. */
#include "actors/ready_line.h"
#include "actors/destinations.h"
#include "actors/settings.h"
#include "tests/check.h"

static struct settings asked;

static void begin(void)
{
    char error[160];
    struct address a;
    destinations_clear();
    settings_default(&asked);
    settings = &asked;
    CHECK(address_parse(&asked.agent, "10.0.0.7:61337", error));
    CHECK(address_parse(&a, "127.0.0.1:8080", error));
    asked.subscriptions[0] = (struct subscription){80, destination_add(&a)};
    asked.subscription_count = 1;
}

static const char *line(struct version v, bool negotiated)
{
    static char out[READY_LINE_MAX];
    ready_line(out, sizeof out, v, negotiated);
    return out;
}

static void the_plain_line(void)
{
    begin();
    CHECK_STR(line(version_newest(), true),
              "ready: stealing port 80 to 127.0.0.1:8080; agent 10.0.0.7:61337 says 1.29.0");
}

static void filters_and_ports(void)
{
    struct address a;
    char error[160];
    begin();
    CHECK(address_parse(&a, "unix:/run/a.sock", error));
    asked.subscriptions[1] = (struct subscription){9000, destination_add(&a)};
    asked.subscription_count = 2;
    asked.mirror = true;
    asked.filters[0] = (struct filter){FILTER_HEADER, "^x: me$"};
    asked.filters[1] = (struct filter){FILTER_METHOD, "GET"};
    asked.filter_count = 2;
    CHECK_STR(line(version_newest(), true),
              "ready: mirroring port 80 to 127.0.0.1:8080, port 9000 to unix:/run/a.sock if header "
              "~ \"^x: me$\" and method \"GET\"; agent 10.0.0.7:61337 says 1.29.0");
    asked.any_of = true;
    CHECK(strstr(line(version_newest(), true), "\" or method") != NULL);
}

/* What is lacking is said from its gate downward. */
static void what_an_agent_lacks(void)
{
    static const struct {
        const char *words;
        unsigned minor, patch; /* the first version that does not lack it */
    } rows[] = {{"trailers are lost", 3, 0},
                {"no upgrades", 5, 0},
                {"not streamed", 8, 1},
                {"unfiltered HTTP", 19, 4}};
    begin();
    for (unsigned i = 0; i < 4; i++) {
        struct version has = version_of(1, rows[i].minor, rows[i].patch);
        struct version lacks = {has.ordinal - 1};
        CHECK(strstr(line(has, true), rows[i].words) == NULL);
        CHECK(strstr(line(lacks, true), rows[i].words) != NULL);
    }
    CHECK(strstr(line(version_unnegotiated(), false), "not negotiated") != NULL);
    asked.filter_count = 1;
    CHECK(strstr(line(version_of(1, 10, 0), true), "unfiltered HTTP") == NULL);
}

/* However much there is to say, the room is kept. */
static void the_room_is_kept(void)
{
    char out[64];
    begin();
    for (uint16_t i = 0; i < SUBSCRIPTIONS_MAX; i++)
        asked.subscriptions[i] = asked.subscriptions[0];
    asked.subscription_count = SUBSCRIPTIONS_MAX;
    for (size_t room = 1; room < sizeof out; room++) {
        memset(out, 'x', sizeof out);
        ready_line(out, room, version_unnegotiated(), false);
        CHECK_UINT(strnlen(out, room), room - 1);
        CHECK(out[room] == 'x');
    }
    CHECK(strlen(line(version_unnegotiated(), false)) == READY_LINE_MAX - 1);
}

CU_TestInfo ready_line_tests[] = {
    {"what is served is said in a line", the_plain_line},
    {"filters and all ports are named", filters_and_ports},
    {"what an agent lacks is said", what_an_agent_lacks},
    {"the line keeps to its room", the_room_is_kept},
    CU_TEST_INFO_NULL,
};
