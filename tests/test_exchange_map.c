/* tests/test_exchange_map.c -- ids and numbers of live exchanges. W-4, AG-5, AG-6. */
#include "actors/exchange_map.h"
#include "messages/exchange_number.h"
#include "messages/vocabulary.h"
#include "tests/bare.h"
#include "tests/check.h"

static struct exchange *add(struct exchange_map *m, uint8_t mode, uint64_t connection,
                            uint16_t request)
{
    return exchange_map_add(m, exchange_map_number(m), mode, connection, request);
}

static void found_by_id_and_by_number(void)
{
    struct bare b;
    struct exchange_map m = {.exchanges = NULL};
    bare_create(&b, 1);
    struct exchange *x = add(&m, MODE_STEAL, 7, 0), *y = add(&m, MODE_STEAL, 7, 1);
    struct exchange *other = add(&m, MODE_MIRROR, 7, 0); /* the other space of ids */
    CHECK(x->number == 1 && y->number == 2 && other->number == 3);
    CHECK(exchange_map_by_number(&m, 2) == y);
    CHECK(exchange_map_by_number(&m, 9) == NULL);
    CHECK(exchange_map_request(&m, MODE_STEAL, 7, 0) == x);
    CHECK(exchange_map_request(&m, MODE_STEAL, 7, 1) == y);
    CHECK(exchange_map_request(&m, MODE_STEAL, 7, 2) == NULL);
    CHECK(exchange_map_request(&m, MODE_MIRROR, 7, 0) == other);
    CHECK(exchange_map_newest(&m, MODE_STEAL, 7) == y);
    CHECK(exchange_map_newest(&m, MODE_STEAL, 8) == NULL);
    CHECK_UINT(exchange_map_count(&m), 3);
    exchange_map_destroy(&m);
    CHECK_UINT(exchange_map_count(&m), 0);
    bare_destroy(&b);
}

static void raw_ones_are_no_requests(void)
{
    struct bare b;
    struct exchange_map m = {.exchanges = NULL};
    bare_create(&b, 1);
    struct exchange *x = add(&m, MODE_STEAL, 7, 0);
    x->raw = true;
    CHECK(exchange_map_request(&m, MODE_STEAL, 7, 0) == NULL);
    CHECK(exchange_map_newest(&m, MODE_STEAL, 7) == x);
    exchange_map_destroy(&m);
    bare_destroy(&b);
}

static void any_order_of_removal(void)
{
    static const unsigned orders[][3] = {{0, 1, 2}, {2, 1, 0}, {1, 0, 2}, {1, 2, 0}};
    struct bare b;
    bare_create(&b, 1);
    for (unsigned o = 0; o < 4; o++) {
        struct exchange_map m = {.exchanges = NULL};
        struct exchange *x[3];
        for (uint16_t i = 0; i < 3; i++)
            x[i] = add(&m, MODE_STEAL, 5, i);
        for (unsigned i = 0; i < 3; i++) {
            exchange_map_remove(&m, x[orders[o][i]]);
            CHECK_UINT(exchange_map_count(&m), 2 - i);
            for (uint16_t r = 0; r < 3; r++) {
                bool gone = false;
                for (unsigned k = 0; k <= i; k++)
                    gone |= orders[o][k] == r;
                CHECK_UINT(exchange_map_request(&m, MODE_STEAL, 5, r) == NULL, gone);
            }
        }
        CHECK(exchange_map_newest(&m, MODE_STEAL, 5) == NULL);
        exchange_map_destroy(&m);
    }
    bare_destroy(&b);
}

/* Ids of an old link never meet those of a new one; its exchanges live until their DOWN. */
static void ids_are_forgotten(void)
{
    struct bare b;
    struct exchange_map m = {.exchanges = NULL};
    bare_create(&b, 1);
    struct exchange *old = add(&m, MODE_STEAL, 7, 0);
    add(&m, MODE_STEAL, 8, 0);
    exchange_map_forget_ids(&m);
    CHECK(exchange_map_request(&m, MODE_STEAL, 7, 0) == NULL);
    CHECK(old->connection == NULL);
    CHECK_UINT(exchange_map_count(&m), 2);
    struct exchange *again = add(&m, MODE_STEAL, 7, 0);
    CHECK(exchange_map_request(&m, MODE_STEAL, 7, 0) == again);
    CHECK(exchange_map_by_number(&m, 1) == old);
    exchange_map_remove(&m, old);
    CHECK(exchange_map_request(&m, MODE_STEAL, 7, 0) == again);
    exchange_map_destroy(&m);
    bare_destroy(&b);
}

static void one_connection_is_forgotten(void)
{
    struct bare b;
    struct exchange_map m = {.exchanges = NULL};
    bare_create(&b, 1);
    add(&m, MODE_STEAL, 7, 0);
    add(&m, MODE_STEAL, 7, 1);
    struct exchange *other = add(&m, MODE_STEAL, 8, 0);
    exchange_map_forget_connection(&m, MODE_STEAL, 7);
    exchange_map_forget_connection(&m, MODE_STEAL, 99);
    CHECK(exchange_map_newest(&m, MODE_STEAL, 7) == NULL);
    CHECK(exchange_map_newest(&m, MODE_STEAL, 8) == other);
    CHECK_UINT(exchange_map_count(&m), 3);
    exchange_map_destroy(&m);
    bare_destroy(&b);
}

static void numbers_are_the_proxys(void)
{
    struct exchange_map m = {.last_number = EXCHANGE_NUMBER_MAX - 1};
    uint32_t last = exchange_map_number(&m), first = exchange_map_number(&m);
    CHECK_UINT(last, EXCHANGE_NUMBER_MAX);
    CHECK_UINT(first, 1);
    CHECK(exchange_is_after(first, last) && !exchange_is_after(last, first));
    CHECK(exchange_is_after(last, last - 1) && !exchange_is_after(last, last));
}

CU_TestInfo exchange_map_tests[] = {
    {"an exchange is found by its id and by its number", found_by_id_and_by_number},
    {"a raw connection is no request", raw_ones_are_no_requests},
    {"exchanges are removed in any order", any_order_of_removal},
    {"the ids of a lost link are forgotten", ids_are_forgotten},
    {"the ids of a closed connection are forgotten", one_connection_is_forgotten},
    {"numbers are never zero, and none of the agent's", numbers_are_the_proxys},
    CU_TEST_INFO_NULL,
};
