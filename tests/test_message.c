/* tests/test_message.c -- cells: the table of kinds against the compiler, printing, equality, copies. */
#include "messages/kinds.h"
#include "runtime/actor.h"
#include "tests/check.h"
#include <stddef.h>

static struct heap *heap;

static void begin(void)
{
    messages_init();
    heap = heap_new(0, NULL, NULL);
    heap_enter(heap);
}

static void end(void)
{
    CHECK_UINT(heap_live(heap), 0);
    heap_delete(heap);
}

/* ---- the table ---- */

/* What the compiler made of a row: KIND rows become functions that go through their fields. */
struct row {
    const struct kind_info *info;
    unsigned field, spans;
};

static void check_field(struct row *r, const char *name, unsigned type, size_t offset)
{
    REQUIRE(r->field < FIELDS_MAX);
    const struct field_info *f = &r->info->fields[r->field++];
    REQUIRE(f->name != NULL);
    CHECK_STR(f->name, name);
    CHECK_UINT(f->type, type);
    CHECK_UINT(f->offset, offset);
    if (type != FIELD_span)
        return;
    REQUIRE(r->spans < 2);
    CHECK_UINT(r->info->span_offset[r->spans], offset);
    r->spans++;
}

/* A row's fields do not know its struct: each row's function names it row_type. */
#define F(type, field) check_field(&r, #field, FIELD_##type, offsetof(row_type, field));
#define KIND(NAME, text, class_, ...)                                                              \
    static void check_##text(void)                                                                 \
    {                                                                                              \
        typedef struct msg_##text row_type;                                                        \
        struct row r = {message_kind_info(MSG_##NAME), 0, 0};                                      \
        CHECK_STR(r.info->name, #NAME);                                                            \
        CHECK_UINT(r.info->class, KIND_##class_);                                                  \
        __VA_ARGS__                                                                                \
        CHECK(r.info->fields[r.field].name == NULL);                                               \
        CHECK_UINT(r.info->spans, r.spans);                                                        \
    }
#include "messages/kinds.def"
#undef KIND
#undef F

static void table_agrees_with_the_compiler(void)
{
    unsigned rows = 1; /* MSG_NONE */
    messages_init();
#define KIND(NAME, text, class_, ...)                                                              \
    check_##text();                                                                                \
    rows++;
#include "messages/kinds.def"
#undef KIND
    CHECK_UINT(rows, MESSAGE_KINDS);
    messages_init(); /* a second time changes nothing */
    CHECK_UINT(message_kind_info(MSG_SOCKET_DATA)->spans, 1);
}

/* ---- every kind, filled by its fields ---- */

static size_t width_of(const struct field_info *f)
{
    static const uint8_t widths[] = {
        [FIELD_u8] = 1,  [FIELD_u16] = 2,  [FIELD_u32] = 4, [FIELD_u64] = 8,
        [FIELD_i32] = 4, [FIELD_flag] = 1, [FIELD_ref] = 8, [FIELD_span] = 16};
    return widths[f->type];
}

static void fill_field(struct message *m, const struct field_info *f, uint8_t with)
{
    uint8_t *at = m->payload.bytes + f->offset;
    if (f->type == FIELD_span) {
        struct span s = span_copy(&with, 1);
        memcpy(at, &s, sizeof s);
    } else {
        memset(at, f->type == FIELD_flag ? with & 1 : with, width_of(f));
    }
}

static struct message *filled(uint16_t kind, uint8_t with)
{
    struct message *m = message_new(kind);
    for (const struct field_info *f = message_kind_info(kind)->fields; f->name; f++)
        fill_field(m, f, with);
    m->flags = 3;
    m->exchange = 9;
    return m;
}

/* Another value in this field, and only there. */
static void change_field(struct message *m, const struct field_info *f)
{
    if (f->type == FIELD_span)
        span_release((struct span *)(void *)(m->payload.bytes + f->offset));
    fill_field(m, f, 6);
}

static void each_field_counts(uint16_t kind)
{
    struct message *a = filled(kind, 5), *b = filled(kind, 5);
    CHECK(message_equal(a, b));
    for (const struct field_info *f = message_kind_info(kind)->fields; f->name; f++) {
        struct message *changed = filled(kind, 5);
        change_field(changed, f);
        if (message_equal(a, changed)) {
            printf("%s: %s is not compared\n", message_kind_info(kind)->name, f->name);
            CHECK(false);
        }
        message_free(changed);
    }
    message_free(a);
    message_free(b);
}

static void equality_looks_at_every_field(void)
{
    begin();
    for (uint16_t kind = 1; kind < MESSAGE_KINDS; kind++)
        each_field_counts(kind);
    end();
}

static void equality_looks_at_the_head(void)
{
    begin();
    struct message *a = filled(MSG_STOP, 1), *b = filled(MSG_STOP, 1), *c = filled(MSG_SIGNAL, 1);
    a->from = (struct actor_ref){1, 2}; /* not compared */
    b->to = (struct actor_ref){3, 4};
    CHECK(message_equal(a, b));
    CHECK(!message_equal(a, c));
    b->flags = 4;
    CHECK(!message_equal(a, b));
    b->flags = a->flags;
    b->exchange = 8;
    CHECK(!message_equal(a, b));
    message_free(a);
    message_free(b);
    message_free(c);
    end();
}

static void copy_shares_the_spans(void)
{
    begin();
    for (uint16_t kind = 1; kind < MESSAGE_KINDS; kind++) {
        struct message *m = filled(kind, 7);
        m->node.next = &m->node;
        struct message *copy = message_copy(m);
        CHECK(copy->node.next == NULL);
        CHECK(message_equal(m, copy));
        message_free(m);
        struct message *fresh = filled(kind, 7);
        CHECK(message_equal(fresh, copy)); /* still whole */
        message_free(copy);
        message_free(fresh);
    }
    end(); /* and every span was released exactly once */
}

static void new_cell_is_zero(void)
{
    begin();
    struct message *dirty = message_new(MSG_STOP);
    dirty->flags = 1;
    dirty->exchange = 2;
    dirty->from = dirty->to = (struct actor_ref){1, 1};
    memset(dirty->payload.bytes, 0xff, sizeof dirty->payload);
    message_free(dirty);
    struct message *m = message_new(MSG_SIGNAL);
    static const uint8_t zero[sizeof m->payload];
    CHECK_BYTES(m->payload.bytes, sizeof zero, zero, sizeof zero);
    CHECK_UINT(m->kind, MSG_SIGNAL);
    CHECK_UINT(m->flags + m->exchange, 0);
    CHECK(ref_is_nobody(m->from) && ref_is_nobody(m->to));
    message_free(m);
    end();
}

static void span_that_was_taken_stays(void)
{
    begin();
    struct message *m =
        msg_socket_data_new((struct msg_socket_data){.bytes = span_copy("kept", 4), .n = 1});
    struct span kept = span_take(&msg_socket_data(m)->bytes);
    message_free(m);
    CHECK_BYTES(span_bytes(kept), kept.length, "kept", 4);
    span_release(&kept);
    end();
}

/* ---- printing ---- */

static void prints_what_it_holds(void)
{
    begin();
    char line[256];
    struct message *m = msg_resolved_new(
        (struct msg_resolved){.addresses = span_copy("12345", 5), .n = 3, .error = -2});
    m->from = (struct actor_ref){1u << 24 | 7, 2};
    m->to = (struct actor_ref){8, 1};
    m->exchange = 12;
    m->flags = 0x1f;
    int n = message_print(m, line, sizeof line);
    CHECK_STR(line, "RESOLVED from=1/7.2 to=0/8.1 exchange=12 flags=1f addresses=<5 bytes> n=3 "
                    "error=-2");
    CHECK_UINT(n, strlen(line));
    message_free(m);
    m = msg_down_new((struct msg_down){.who = {2u << 24 | 5, 9}, .reason = STOP_FAILED});
    message_print(m, line, sizeof line);
    CHECK_STR(line, "DOWN from=0/0.0 to=0/0.0 exchange=0 flags=0 who=2/5.9 reason=1");
    message_free(m);
    end();
}

static void prints_no_further_than_the_room(void)
{
    begin();
    char whole[512];
    for (uint16_t kind = 1; kind < MESSAGE_KINDS; kind++) {
        struct message *m = filled(kind, 0xff);
        int length = message_print(m, whole, sizeof whole);
        for (size_t room = 1; room <= (size_t)length + 1; room += 7) {
            char cut[512];
            memset(cut, '#', sizeof cut);
            CHECK_UINT(message_print(m, cut, room), length);
            CHECK(strlen(cut) == room - 1 && !strncmp(cut, whole, room - 1));
            CHECK_UINT(cut[room], '#');
        }
        message_free(m);
    }
    end();
}

CU_TestInfo message_tests[] = {
    {"the table of kinds agrees with the compiler, row by row", table_agrees_with_the_compiler},
    {"equality looks at every field of every kind", equality_looks_at_every_field},
    {"equality looks at kind, flags and exchange", equality_looks_at_the_head},
    {"a copy is equal and shares the spans", copy_shares_the_spans},
    {"a new cell is zero, whatever was there", new_cell_is_zero},
    {"a span that was taken outlives its message", span_that_was_taken_stays},
    {"a message prints what it holds", prints_what_it_holds},
    {"a message prints no further than the room", prints_no_further_than_the_room},
    CU_TEST_INFO_NULL,
};
