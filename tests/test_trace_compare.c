/* tests/test_trace_compare.c -- units of two traces are found again, and what differs in them is named. */
#include "tests/check.h"
#include "tools/trace_align.h"
#include "tools/trace_compare.h"

static struct trace_strings *strings;
static struct trace_rules *rules;
static struct trace_units *a, *b;
static struct trace_comparison *compared;

static void begin(const char *text)
{
    static struct rule_errors errors;
    strings = trace_strings_new();
    rules = trace_rules_new();
    CHECK(trace_rules_read(rules, "rules", text, strlen(text), &errors));
    a = trace_units_new(strings, rules);
    b = trace_units_new(strings, rules);
}

static void compare(void)
{
    trace_units_finish(a);
    trace_units_finish(b);
    trace_align(a, b, rules);
    compared = trace_compare(a, b, rules);
}

static void end(void)
{
    trace_comparison_free(compared);
    compared = NULL;
    trace_units_free(a);
    trace_units_free(b);
    trace_rules_free(rules);
    trace_strings_free(strings);
}

static const char *s(const char *text)
{
    return trace_string_of(strings, text);
}

static struct unit_pair pair(const char *from, const char *to)
{
    return (struct unit_pair){s(from), s(to)};
}

/* One item with one field; sequences count on. */
static struct unit_item *say(struct trace_unit *x, const char *kind, const char *value)
{
    static uint64_t sequence;
    struct unit_item *i = trace_unit_item(x, pair("one", "other"), s(kind));
    i->sequence = ++sequence;
    unit_item_field(i, s("field"), s(value), false);
    return i;
}

static struct trace_unit *exchange(struct trace_units *u, uint64_t connection, const char *target)
{
    struct trace_unit *x = trace_units_add(u);
    x->number = (uint32_t)u->count;
    x->has_ids = true;
    x->ids.connection = connection;
    x->raw = !target;
    x->method = target ? s("GET") : NULL;
    x->target = target ? s(target) : NULL;
    say(x, "REQUEST", target ? target : "raw");
    return x;
}

static struct trace_unit *actor(struct trace_units *u, const char *type, const char *did)
{
    struct trace_unit *x = trace_units_add(u);
    x->actor = s(type);
    say(x, "DID", did);
    return x;
}

static void stream(struct trace_unit *x, struct trace_units *u, const char *piece,
                   const char *second)
{
    struct trace_stream *t = trace_unit_stream(u, x, pair("one", "other"), s("body"), 1);
    for (unsigned i = 0; i < 2; i++) {
        const char *bytes = i ? second : piece;
        uint32_t length = (uint32_t)strlen(bytes);
        trace_stream_add(t, &(struct trace_bytes){(const uint8_t *)bytes, length, length, 0});
    }
}

/* ---- alignment ------------------------------------------------------------------------------- */

static void same_ids_first(void)
{
    begin("");
    struct trace_unit *x = exchange(a, 1, "/"), *y = exchange(a, 2, "/");
    struct trace_unit *second = exchange(b, 2, "/"), *first = exchange(b, 1, "/");
    compare();
    CHECK(x->other == first && first->other == x);
    CHECK(y->other == second);
    CHECK_UINT(compared->exchanges[UNIT_EQUAL], 2);
    end();
}

static void then_the_same_request_in_order(void)
{
    begin("");
    struct trace_unit *x = exchange(a, 1, "/x"), *y = exchange(a, 2, "/y"),
                      *z = exchange(a, 3, "/x");
    struct trace_unit *q = exchange(b, 1, "/y"), *p = exchange(b, 2, "/x"),
                      *r = exchange(b, 9, "/x");
    compare();
    CHECK(x->other == p && y->other == q && z->other == r);
    end();
}

static void content_decides_between_the_same_requests(void)
{
    begin("");
    struct trace_unit *x = exchange(a, 1, "/x"), *y = exchange(a, 2, "/x");
    say(x, "RESPONSE", "200");
    say(y, "RESPONSE", "404");
    struct trace_unit *p = exchange(b, 5, "/x"), *q = exchange(b, 6, "/x");
    say(p, "RESPONSE", "404");
    say(q, "RESPONSE", "200");
    compare();
    CHECK(x->other == q && y->other == p);
    CHECK(trace_comparison_is_equal(compared, true));
    end();
}

static void then_ids_then_raw_by_order(void)
{
    begin("");
    struct trace_unit *x = exchange(a, 1, "/x"), *r = exchange(a, 4, NULL),
                      *q = exchange(a, 5, NULL);
    struct trace_unit *y = exchange(b, 1, "/y"), *s1 = exchange(b, 7, NULL),
                      *s2 = exchange(b, 8, NULL);
    say(r, "DATA", "1"); /* neither is as any of the others */
    say(q, "DATA", "2");
    say(s1, "DATA", "3");
    say(s2, "DATA", "4");
    compare();
    CHECK(x->other == y);
    CHECK(r->other == s1 && q->other == s2);
    CHECK_UINT(compared->exchanges[UNIT_DIFFERENT], 3);
    end();
}

static void what_is_in_one_alone(void)
{
    begin("");
    exchange(a, 1, "/x");
    exchange(a, 2, "/only/a");
    exchange(b, 1, "/x");
    exchange(b, 3, "/only/b");
    exchange(b, 4, "/only/b");
    compare();
    CHECK_UINT(compared->exchanges[UNIT_EQUAL], 1);
    CHECK_UINT(compared->exchanges[UNIT_ONLY_A], 1);
    CHECK_UINT(compared->exchanges[UNIT_ONLY_B], 2);
    CHECK(!trace_comparison_is_equal(compared, false));
    end();
}

static void actors_by_type(void)
{
    begin("");
    struct trace_unit *x = actor(a, "agent", "1"), *y = actor(a, "link", "1"),
                      *z = actor(a, "link", "2");
    struct trace_unit *r = actor(b, "link", "2"), *q = actor(b, "link", "3"),
                      *p = actor(b, "agent", "5");
    compare();
    CHECK(x->other == p && z->other == r && y->other == q);
    CHECK_UINT(compared->outside[UNIT_EQUAL], 1);
    CHECK_UINT(compared->outside[UNIT_DIFFERENT], 2);
    end();
}

static void actors_that_count_once(void)
{
    begin("once actor local_connection");
    for (unsigned i = 0; i < 3; i++)
        actor(a, "local_connection", "1");
    actor(b, "local_connection", "1");
    actor(b, "local_connection", "2");
    compare();
    CHECK_UINT(compared->outside[UNIT_EQUAL], 3);
    CHECK_UINT(compared->outside[UNIT_ONLY_B], 1);
    end();
}

/* ---- items ----------------------------------------------------------------------------------- */

static const struct trace_difference *only_difference(void)
{
    REQUIRE(compared->count == 1);
    REQUIRE(compared->units[0].count == 1);
    return &compared->units[0].differences[0];
}

static void a_field_is_named(void)
{
    begin("");
    struct trace_unit *x = exchange(a, 1, "/"), *y = exchange(b, 1, "/");
    say(x, "RESPONSE", "200");
    say(y, "RESPONSE", "404");
    compare();
    const struct trace_difference *d = only_difference();
    CHECK_UINT(d->kind, DIFFERENCE_FIELD);
    CHECK_UINT(d->weight, UNIT_DIFFERENT);
    CHECK_STR(d->item, "RESPONSE");
    CHECK_STR(d->name, "field");
    CHECK_STR(d->a, "200");
    CHECK_STR(d->b, "404");
    CHECK(d->has_a && d->has_b && d->sequence_a == x->items[1].sequence);
    end();
}

static void one_too_many_is_one_difference(void)
{
    begin("");
    struct trace_unit *x = exchange(a, 1, "/"), *y = exchange(b, 1, "/");
    for (unsigned i = 0; i < 5; i++) {
        static const char *const values[] = {"0", "1", "2", "3", "4"};
        say(x, "STEP", values[i]);
        if (i == 2)
            say(y, "STEP", "new");
        say(y, "STEP", values[i]);
    }
    compare();
    const struct trace_difference *d = only_difference();
    CHECK_UINT(d->kind, DIFFERENCE_EXTRA);
    CHECK(!d->has_a && d->has_b);
    CHECK_UINT(d->sequence_b, y->items[3].sequence);
    end();
}

static void order_counts_unless_a_rule_says_no(void)
{
    for (unsigned unordered = 0; unordered < 2; unordered++) {
        begin("");
        struct trace_unit *x = exchange(a, 1, "/"), *y = exchange(b, 1, "/");
        say(x, "ONE", "1")->unordered = unordered;
        say(x, "TWO", "2")->unordered = unordered;
        say(y, "TWO", "2")->unordered = unordered;
        say(y, "ONE", "1")->unordered = unordered;
        compare();
        CHECK(trace_comparison_is_equal(compared, true) == unordered);
        end();
    }
}

static void what_counts_once(void)
{
    begin("");
    struct trace_unit *x = exchange(a, 1, "/"), *y = exchange(b, 1, "/");
    for (unsigned i = 0; i < 5; i++) {
        struct unit_item *item = say(i < 2 ? x : y, "PING", "");
        item->unordered = item->once = true;
    }
    compare();
    CHECK(trace_comparison_is_equal(compared, true));
    end();
}

static void repeated_fields_compare_one_by_one(void)
{
    begin("");
    struct trace_unit *x = exchange(a, 1, "/"), *y = exchange(b, 1, "/");
    struct unit_item *i = say(x, "RESPONSE", "1"), *j = say(y, "RESPONSE", "1");
    unit_item_field(i, s("header a"), s("1"), false);
    unit_item_field(i, s("header a"), s("2"), false);
    unit_item_field(j, s("header a"), s("1"), false);
    unit_item_field(j, s("header a"), s("3"), false);
    unit_item_field(j, s("header a"), s("4"), false);
    compare();
    REQUIRE(compared->units[0].count == 2);
    CHECK_STR(compared->units[0].differences[0].a, "2");
    CHECK_STR(compared->units[0].differences[0].b, "3");
    CHECK(compared->units[0].differences[1].a == NULL);
    CHECK_STR(compared->units[0].differences[1].b, "4");
    end();
}

static void near_enough_is_equal(void)
{
    begin("tolerate fiel* 10%\ntolerate time 20ms"); /* a pattern: there is no such field */
    struct trace_unit *x = exchange(a, 1, "/"), *y = exchange(b, 1, "/");
    say(x, "ASSIGN", "1000")->since_us = 5000;
    say(y, "ASSIGN", "1100")->since_us = 24000;
    say(x, "CREDIT", "1000")->since_us = 5000;
    say(y, "CREDIT", "1200")->since_us = 26000;
    compare();
    REQUIRE(compared->units[0].count == 2);
    CHECK_STR(compared->units[0].differences[0].item, "CREDIT");
    CHECK_STR(compared->units[0].differences[1].a, "5000us");
    end();
}

/* One too many in front displaces nothing that is near; 9 is not near to anything. */
static void what_is_near_enough_goes_together(void)
{
    static const char *const of_a[] = {"1000", "2000", "4000"};
    static const char *const of_b[] = {"9", "1001", "2002", "4004"};
    for (unsigned unordered = 0; unordered < 2; unordered++) {
        begin("tolerate fiel* 10%");
        struct trace_unit *x = exchange(a, 1, "/"), *y = exchange(b, 1, "/");
        for (unsigned i = 0; i < 3; i++)
            say(x, "STEP", of_a[i])->unordered = unordered;
        for (unsigned i = 0; i < 4; i++)
            say(y, "STEP", of_b[i])->unordered = unordered;
        compare();
        const struct trace_difference *d = only_difference();
        CHECK_UINT(d->kind, DIFFERENCE_EXTRA);
        CHECK_UINT(d->sequence_b, y->items[1].sequence);
        end();
    }
}

static void what_counts_once_is_no_more_once_if_it_is_only_near(void)
{
    begin("tolerate fiel* 10%");
    struct trace_unit *x = exchange(a, 1, "/"), *y = exchange(b, 1, "/");
    static const char *const values[] = {"1000", "1000", "5000"};
    for (unsigned i = 0; i < 3; i++) {
        struct unit_item *item = say(i ? y : x, "PING", values[i]);
        item->unordered = item->once = true;
    }
    compare();
    CHECK_UINT(only_difference()->kind, DIFFERENCE_EXTRA);
    end();
}

static void units_are_found_again_if_they_are_near(void)
{
    begin("tolerate fiel* 10%");
    struct trace_unit *x = exchange(a, 1, "/x"), *y = exchange(a, 2, "/x");
    struct trace_unit *q = exchange(b, 5, "/x"), *p = exchange(b, 6, "/x");
    say(x, "ONE", "");
    say(x, "RESPONSE", "1000");
    say(y, "TWO", "");
    say(y, "RESPONSE", "1000");
    say(q, "TWO", "");
    say(q, "RESPONSE", "1010");
    say(p, "ONE", "");
    say(p, "RESPONSE", "1010");
    compare();
    CHECK(x->other == p && y->other == q);
    CHECK(trace_comparison_is_equal(compared, true));
    end();
}

/* ---- cuts ------------------------------------------------------------------------------------ */

static void cut_differently_is_its_own_class(void)
{
    begin("");
    struct trace_unit *x = exchange(a, 1, "/"), *y = exchange(b, 1, "/");
    stream(x, a, "hel", "lo");
    stream(y, b, "h", "ello");
    say(x, "ANSWERED", "")->cut = true;
    compare();
    CHECK_UINT(compared->exchanges[UNIT_CUT], 1);
    CHECK_UINT(compared->units[0].count, 2);
    CHECK(trace_comparison_is_equal(compared, false));
    CHECK(!trace_comparison_is_equal(compared, true));
    end();
}

/* As `say`, with a flag that follows from the cut. */
static struct unit_item *say_cut(struct trace_unit *x, const char *kind, const char *value,
                                 bool last)
{
    struct unit_item *i = say(x, kind, value);
    unit_item_field(i, s("flags of the cut"), s(last ? "1" : "0"), true);
    return i;
}

static void the_same_messages_go_together_wherever_they_were_cut(void)
{
    for (unsigned unordered = 0; unordered < 2; unordered++) {
        begin("");
        struct trace_unit *x = exchange(a, 1, "/"), *y = exchange(b, 1, "/");
        for (unsigned i = 0; i < 6; i++) {
            say_cut(x, "RESPONSE", unordered && i > 2 ? "404" : "200", i % 2)->unordered =
                unordered;
            say_cut(y, "RESPONSE", unordered && i < 3 ? "404" : "200", !(i % 2) && !unordered)
                ->unordered = unordered;
        }
        compare();
        CHECK_UINT(compared->exchanges[UNIT_CUT], 1);
        end();
    }
}

/* LAST and no LAST of an answer that counts once are one. */
static void what_counts_once_counts_once_wherever_it_was_cut(void)
{
    begin("");
    struct trace_unit *x = exchange(a, 1, "/"), *y = exchange(b, 1, "/");
    for (unsigned i = 0; i < 3; i++) {
        struct unit_item *item = say_cut(i ? y : x, "RESPONSE", "200", i == 2);
        item->unordered = item->once = true;
    }
    compare();
    CHECK(trace_comparison_is_equal(compared, false));
    end();
}

/* To keep ANSWERED in its place is not worth a RESPONSE. */
static void what_is_there_only_because_of_a_cut_displaces_nothing(void)
{
    begin("");
    struct trace_unit *x = exchange(a, 1, "/"), *y = exchange(b, 1, "/");
    say(x, "RESPONSE", "200");
    say(x, "ANSWERED", "")->cut = true;
    say(y, "ANSWERED", "")->cut = true;
    say(y, "RESPONSE", "200");
    compare();
    CHECK_UINT(compared->exchanges[UNIT_CUT], 1);
    end();
}

static void units_are_found_again_wherever_they_were_cut(void)
{
    begin("once actor local_connection");
    struct trace_unit *x = exchange(a, 1, "/x"), *y = exchange(a, 2, "/x");
    struct trace_unit *q = exchange(b, 5, "/x"), *p = exchange(b, 6, "/x");
    say_cut(x, "RESPONSE", "200", true);
    say_cut(y, "RESPONSE", "404", true);
    say_cut(q, "RESPONSE", "404", false);
    say_cut(p, "RESPONSE", "200", false);
    say(p, "ANSWERED", "")->cut = true;
    say_cut(actor(a, "local_connection", "1"), "RESPONSE", "200", true);
    say_cut(actor(a, "local_connection", "1"), "RESPONSE", "200", true);
    say_cut(actor(b, "local_connection", "1"), "RESPONSE", "200", false);
    compare();
    CHECK(x->other == p && y->other == q);
    CHECK(trace_comparison_is_equal(compared, false));
    end();
}

static void other_bytes_are_different(void)
{
    begin("");
    struct trace_unit *x = exchange(a, 1, "/"), *y = exchange(b, 1, "/");
    stream(x, a, "hel", "lo");
    stream(y, b, "hel", "l0");
    compare();
    CHECK_UINT(only_difference()->kind, DIFFERENCE_STREAM);
    CHECK_UINT(compared->exchanges[UNIT_DIFFERENT], 1);
    end();
}

/* What the bytes mean is said first. */
static void of_a_unit_sockets_come_last(void)
{
    begin("");
    struct trace_unit *x = exchange(a, 1, "/"), *y = exchange(b, 1, "/");
    for (unsigned i = 0; i < 2; i++) {
        struct trace_bytes bytes = {(const uint8_t *)(i ? "200" : "404"), 3, 3, 0};
        struct trace_unit *of = i ? x : y;
        trace_stream_add(trace_unit_stream(i ? a : b, of, pair("one", "other"), s("socket 0"), 1),
                         &bytes);
        say(of, "RESPONSE", i ? "200" : "404");
    }
    compare();
    REQUIRE(compared->units[0].count == 2);
    CHECK_UINT(compared->units[0].differences[0].kind, DIFFERENCE_FIELD);
    CHECK(compared->units[0].differences[1].is_socket);
    CHECK(strstr(compared->units[0].differences[1].b, "; they differ ") != NULL);
    end();
}

static void lost_calls_are_no_equality(void)
{
    begin("");
    exchange(a, 1, "/");
    exchange(b, 1, "/");
    b->calls_lost = 1;
    compare();
    CHECK_UINT(compared->exchanges[UNIT_EQUAL], 1);
    CHECK(!trace_comparison_is_equal(compared, false));
    end();
}

CU_TestInfo trace_compare_tests[] = {
    {"exchanges are found again by their ids and requests", same_ids_first},
    {"... then by their requests, in order", then_the_same_request_in_order},
    {"... of the same requests those that went the same way",
     content_decides_between_the_same_requests},
    {"... then by ids alone, and raw ones by order", then_ids_then_raw_by_order},
    {"what is in one trace alone is counted", what_is_in_one_alone},
    {"actors outside are found again by type", actors_by_type},
    {"actors that count once may be one or many", actors_that_count_once},
    {"a field that differs is named with both values", a_field_is_named},
    {"one message too many makes one difference", one_too_many_is_one_difference},
    {"order counts, unless a rule says no", order_counts_unless_a_rule_says_no},
    {"equal messages count once where a rule says so", what_counts_once},
    {"fields of one name compare one by one", repeated_fields_compare_one_by_one},
    {"numbers and times may differ as far as they are tolerated", near_enough_is_equal},
    {"what is within its tolerance goes together", what_is_near_enough_goes_together},
    {"what counts once is one only if it is equal",
     what_counts_once_is_no_more_once_if_it_is_only_near},
    {"of several units those go together that are within tolerances",
     units_are_found_again_if_they_are_near},
    {"the same bytes cut differently are a class of their own", cut_differently_is_its_own_class},
    {"... and the same messages go together, wherever they were cut",
     the_same_messages_go_together_wherever_they_were_cut},
    {"... those that count once, too", what_counts_once_counts_once_wherever_it_was_cut},
    {"... and what is there only because of a cut displaces nothing",
     what_is_there_only_because_of_a_cut_displaces_nothing},
    {"... and exchanges and actors are found again", units_are_found_again_wherever_they_were_cut},
    {"other bytes are different", other_bytes_are_different},
    {"what differs on a socket is said last", of_a_unit_sockets_come_last},
    {"traces that lack calls are not equal", lost_calls_are_no_equality},
    CU_TEST_INFO_NULL,
};
