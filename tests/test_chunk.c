/* tests/test_chunk.c -- references to bytes: made, moved, cut, given back. */
#include "runtime/chunk.h"
#include "runtime/heap.h"
#include "runtime/limits.h"
#include "tests/check.h"

static struct heap *heap;

static void begin(void)
{
    heap = heap_new(0, NULL, NULL);
    heap_enter(heap);
}

/* Nothing is left: every reference that a test made, it gave back. */
static void end(void)
{
    CHECK_UINT(heap_live(heap), 0);
    heap_delete(heap);
}

static void check_span(struct span s, const char *want)
{
    CHECK_BYTES(span_bytes(s), s.length, want, strlen(want));
}

static void copy_holds_the_bytes(void)
{
    begin();
    char text[] = "some bytes";
    struct span s = span_copy(text, strlen(text));
    text[0] = 'X';
    check_span(s, "some bytes");
    span_release(&s);
    CHECK(s.chunk == NULL && s.length == 0);
    span_release(&s); /* the empty one owns nothing */
    end();
}

static void no_bytes_need_no_chunk(void)
{
    begin();
    struct span s = span_copy(NULL, 0);
    CHECK(s.chunk == NULL);
    CHECK(span_bytes(s) == NULL);
    struct span second = span_ref(s);
    CHECK(span_equal(s, second));
    span_settle(&s);
    end();
}

/* Then it is another one to whoever remembers its stamp. */
static bool recycles(struct chunk *c)
{
    uint64_t before = c->stamp;
    c->used = 1;
    chunk_recycle(c);
    CHECK((c->used == 0) == (c->stamp != before));
    return c->used == 0;
}

static void last_reference_frees(void)
{
    begin();
    struct span a = span_copy("abc", 3), b = span_ref(a);
    CHECK(!recycles(a.chunk));
    span_release(&a);
    CHECK(recycles(b.chunk));
    CHECK_UINT(heap_live(heap), 1);
    check_span(b, "abc");
    span_release(&b);
    end();
}

static void take_moves(void)
{
    begin();
    struct span a = span_copy("abc", 3), b = span_take(&a);
    CHECK(a.chunk == NULL && a.length == 0);
    CHECK(recycles(b.chunk));
    check_span(b, "abc");
    span_release(&b);
    end();
}

static void slice_is_a_reference_of_its_own(void)
{
    begin();
    struct span whole = span_copy("0123456789", 10);
    struct span part = span_slice(whole, 3, 4), of_part = span_slice(part, 1, 2);
    struct span none = span_slice(whole, 10, 0), all = span_slice(whole, 0, 10);
    CHECK(none.chunk == NULL);
    span_release(&whole);
    check_span(part, "3456");
    check_span(of_part, "45");
    check_span(all, "0123456789");
    span_release(&part);
    span_release(&of_part);
    span_release(&all);
    end();
}

static void split_cuts_the_head_off(void)
{
    begin();
    struct span rest = span_copy("headrest", 8);
    struct span none = span_split(&rest, 0);
    CHECK(none.length == 0 && rest.length == 8);
    struct span head = span_split(&rest, 4);
    check_span(head, "head");
    check_span(rest, "rest");
    struct span last = span_split(&rest, 100); /* more than there is: all of it */
    check_span(last, "rest");
    CHECK(rest.chunk == NULL && rest.length == 0);
    CHECK(span_split(&rest, 1).chunk == NULL);
    span_release(&head);
    span_release(&last);
    end();
}

static void settled_piece_pins_nothing(void)
{
    begin();
    struct chunk *c = chunk_new_pooled();
    const uint32_t eighth = c->capacity / PIN_DIVISOR;
    memset(c->bytes, 'x', c->capacity);
    chunk_ref(c);
    struct span small = {c, 5, eighth - 1};
    span_settle(&small);
    CHECK(small.chunk != c);
    CHECK_UINT(small.length, eighth - 1);
    CHECK_UINT(span_bytes(small)[eighth - 2], 'x');
    struct span large = {c, 5, eighth}; /* the reference of chunk_new_pooled */
    span_settle(&large);
    CHECK(large.chunk == c);
    struct chunk *own = small.chunk;
    span_settle(&small); /* what is settled stays where it is */
    CHECK(small.chunk == own);
    span_release(&small);
    span_release(&large);
    end();
}

static void equal_compares_bytes(void)
{
    begin();
    struct span a = span_copy("xabc", 4), b = span_copy("abc", 3), c = span_copy("abd", 3);
    struct span tail = span_slice(a, 1, 3);
    CHECK(span_equal(tail, b));
    CHECK(!span_equal(a, b));
    CHECK(!span_equal(b, c));
    CHECK(span_equal(NO_BYTES, NO_BYTES));
    CHECK(!span_equal(NO_BYTES, b));
    span_release(&a);
    span_release(&b);
    span_release(&c);
    span_release(&tail);
    end();
}

static void large_chunks_have_their_room(void)
{
    begin();
    const uint32_t sizes[] = {0, 1, SLAB_OBJECT_MAX, SLAB_OBJECT_MAX + 1, CHUNK_BYTES, 1 << 20};
    for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct chunk *c = chunk_new(sizes[i]);
        CHECK(c->capacity >= sizes[i]);
        memset(c->bytes, 1, sizes[i]);
        chunk_unref(c);
    }
    end();
}

CU_TestInfo chunk_tests[] = {
    {"a copy holds the bytes, a released span is empty", copy_holds_the_bytes},
    {"no bytes need no chunk", no_bytes_need_no_chunk},
    {"the last reference frees the chunk", last_reference_frees},
    {"take moves the reference and leaves the span empty", take_moves},
    {"a slice is a reference of its own", slice_is_a_reference_of_its_own},
    {"split cuts the head off and keeps the rest", split_cuts_the_head_off},
    {"a settled piece pins no large chunk", settled_piece_pins_nothing},
    {"spans are equal by their bytes", equal_compares_bytes},
    {"chunks of every size have their room", large_chunks_have_their_room},
    CU_TEST_INFO_NULL,
};
