/* tests/test_heard_bounds.c -- what no actor is given from a file. */
#include "actors/heard_bounds.h"
#include "actors/agent_port.h"
#include "actors/agent_remote.h"
#include "actors/agent_session.h"
#include "actors/agent_settings.h"
#include "actors/destinations.h"
#include "actors/settings.h"
#include "messages/kinds.h"
#include "messages/vocabulary.h"
#include "tests/check.h"

static struct heap *heap;
static struct settings some;
static struct agent_settings agent;

/* One destination, one subscription, one port of the agent. */
static void begin(void)
{
    struct address a;
    char error[160];
    messages_init();
    heap = heap_new(0, NULL, NULL);
    heap_enter(heap);
    REQUIRE(address_parse(&a, "127.0.0.1:80", error));
    destinations_clear();
    destination_add(&a);
    some.subscription_count = 1;
    agent.port_count = 1;
    settings = &some;
    agent_settings = &agent;
}

static void end(void)
{
    CHECK_UINT(heap_live(heap), 0);
    heap_delete(heap);
}

static bool within(const struct actor_type *type, struct message *m)
{
    char why[200] = "";
    bool good = heard_within_bounds(type, m, why);
    CHECK(good || *why);
    message_free(m);
    return good;
}

#define WITHIN(kind, ...)                                                                          \
    within(&agent_port_type, msg_##kind##_new((struct msg_##kind){__VA_ARGS__}))

static void places(void)
{
    begin();
    CHECK(WITHIN(local_open, .destination = 0));
    CHECK(!WITHIN(local_open, .destination = 1));
    CHECK(!WITHIN(want, .destination = UINT16_MAX));
    CHECK(WITHIN(intercept, .window = 1));
    CHECK(!WITHIN(intercept, .window = 1, .destination = 1));
    CHECK(!WITHIN(subscribe, .subscription = 1));
    CHECK(WITHIN(agent_port_open, .index = AGENT_NO_LISTENER));
    CHECK(!WITHIN(agent_port_open, .index = 1));
    CHECK(!WITHIN(agent_port_ready, .error = 1, .index = 1));
    agent_settings = NULL;
    settings = NULL;
    CHECK(!WITHIN(agent_port_open, .index = 0));
    CHECK(!WITHIN(subscribe, .subscription = 0));
    end();
}

static void tag_of_a_listener(void)
{
    begin();
    CHECK(within(&agent_remote_type, msg_socket_accepted_new((struct msg_socket_accepted){0})));
    CHECK(!within(&agent_remote_type,
                  msg_socket_accepted_new((struct msg_socket_accepted){.tag = 255})));
    CHECK(within(&agent_session_type,
                 msg_socket_accepted_new((struct msg_socket_accepted){.tag = 255})));
    end();
}

static void sizes(void)
{
    static const char addresses[2 * ADDRESS_PACKED_BYTES];
    begin();
    CHECK(WITHIN(agent_attach, .addresses = span_copy(addresses, sizeof addresses)));
    CHECK(!WITHIN(agent_attach, .addresses = span_copy(addresses, sizeof addresses - 1)));
    CHECK(!WITHIN(assign, .window = 0));
    CHECK(!WITHIN(intercept, .window = 0));
    CHECK(!WITHIN(request, .port = 80));
    CHECK(!WITHIN(response, .head = NO_BYTES));
    struct message *answer = msg_answer_new((struct msg_answer){.head = NO_BYTES});
    answer->flags = ANSWER_FORMAT_MASK;
    CHECK(!within(&agent_port_type, answer));
    end();
}

CU_TestInfo heard_bounds_tests[] = {
    {"places in the settings", places},
    {"the tag of a listener, by whom it is for", tag_of_a_listener},
    {"sizes of what is in a message", sizes},
    CU_TEST_INFO_NULL,
};
