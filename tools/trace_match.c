/* tools/trace_match.c -- see trace_match.h */
#include "tools/trace_match.h"
#include "runtime/heap.h"
#include <stdlib.h>

/* Beyond so many cells the middle of two lists is compared place by place. */
enum { CELLS_MAX = 16 << 20 };
/* Where bytes were cut weighs less than all that does not follow from it: of a list, whose pairs CELLS_MAX bounds,
 * the small weights together are less than one FIRM. */
enum { SAME_WEIGHT = 3, SAME_KIND_WEIGHT = 1, FIRM = 1 << 16 };

struct list {
    const struct unit_item **items;
    size_t count;
};

static void tell(const struct matching *m, const struct unit_item *a, const struct unit_item *b)
{
    m->found(m->context, a, b);
}

static bool equal(const struct unit_item *a, const struct unit_item *b)
{
    return a->kind == b->kind && a->hash == b->hash;
}

/* ... but for what follows from how bytes were cut */
static bool same(const struct unit_item *a, const struct unit_item *b)
{
    return a->kind == b->kind && a->uncut == b->uncut;
}

/* ... and for fields that are within their tolerance */
static bool near(const struct matching *m, const struct unit_item *a, const struct unit_item *b)
{
    return same(a, b) || (a->kind == b->kind && a->near == b->near && m->near(m->context, a, b));
}

/* ---- unordered ones -------------------------------------------------------------------------- */

/* An order of items; each of these is finer than the one before it. */
typedef int order_of(const struct unit_item *a, const struct unit_item *b);

static int by_kind(const struct unit_item *a, const struct unit_item *b)
{
    return strcmp(a->kind, b->kind);
}

static int by_uncut(const struct unit_item *a, const struct unit_item *b)
{
    int order = by_kind(a, b);
    return order ? order : (a->uncut > b->uncut) - (a->uncut < b->uncut);
}

static int by_content(const struct unit_item *a, const struct unit_item *b)
{
    int order = by_uncut(a, b);
    return order ? order : (a->hash > b->hash) - (a->hash < b->hash);
}

static int by_content_then_time(const void *x, const void *y)
{
    const struct unit_item *a = *(const struct unit_item *const *)x;
    const struct unit_item *b = *(const struct unit_item *const *)y;
    int order = by_content(a, b);
    return order ? order : (a->sequence > b->sequence) - (a->sequence < b->sequence);
}

/* Takes them out of the list; sorted, and of the same ones that count once only the first. */
static struct list take_unordered(struct list *l)
{
    struct list taken = {malloc((l->count + 1) * sizeof *l->items), 0};
    size_t kept = 0, unique = 0;
    if (!taken.items)
        heap_exhausted("a comparison of traces", l->count);
    for (size_t i = 0; i < l->count; i++)
        if (l->items[i]->unordered)
            taken.items[taken.count++] = l->items[i];
        else
            l->items[kept++] = l->items[i];
    l->count = kept;
    qsort(taken.items, taken.count, sizeof *taken.items, by_content_then_time);
    for (size_t i = 0; i < taken.count; i++)
        if (!unique || !taken.items[i]->once || !same(taken.items[i], taken.items[unique - 1]))
            taken.items[unique++] = taken.items[i];
    taken.count = unique;
    return taken;
}

/* -1: the next one of a comes first, or is alone; 1: that of b; 0: they go together. */
static int next_of(struct list a, size_t i, struct list b, size_t j, order_of *order)
{
    if (i == a.count || j == b.count)
        return i == a.count ? 1 : -1;
    return order(a.items[i], b.items[j]);
}

/* Both are sorted: those that are one in this order go together and are gone; what is left is sorted still. */
static void match_by(const struct matching *m, struct list *a, struct list *b, order_of *order)
{
    size_t i = 0, j = 0, left_a = 0, left_b = 0;
    while (i < a->count || j < b->count) {
        int next = next_of(*a, i, *b, j, order);
        if (next == 0)
            tell(m, a->items[i++], b->items[j++]);
        else if (next < 0)
            a->items[left_a++] = a->items[i++];
        else
            b->items[left_b++] = b->items[j++];
    }
    a->count = left_a;
    b->count = left_b;
}

/* The one of b that is near, from `taken` on, comes to `taken`; the others keep their order. */
static bool take_near(const struct matching *m, const struct unit_item *a, struct list b,
                      size_t taken)
{
    for (size_t j = taken; j < b.count; j++) {
        const struct unit_item *y = b.items[j];
        if (!near(m, a, y))
            continue;
        memmove(b.items + taken + 1, b.items + taken, (j - taken) * sizeof *b.items);
        b.items[taken] = y;
        return true;
    }
    return false;
}

/* As match_by, of those that are near: which is near which is no order. */
static void match_near_ones(const struct matching *m, struct list *a, struct list *b)
{
    size_t left = 0, taken = 0;
    if (b->count && a->count >= CELLS_MAX / b->count)
        return;
    for (size_t i = 0; i < a->count; i++)
        if (take_near(m, a->items[i], *b, taken))
            tell(m, a->items[i], b->items[taken++]);
        else
            a->items[left++] = a->items[i];
    a->count = left;
    memmove(b->items, b->items + taken, (b->count - taken) * sizeof *b->items);
    b->count -= taken;
}

static void tell_alone(const struct matching *m, struct list a, struct list b)
{
    for (size_t i = 0; i < a.count; i++)
        tell(m, a.items[i], NULL);
    for (size_t j = 0; j < b.count; j++)
        tell(m, NULL, b.items[j]);
}

static void unordered(const struct matching *m, struct list *a, struct list *b)
{
    struct list of_a = take_unordered(a), of_b = take_unordered(b);
    match_by(m, &of_a, &of_b, by_content);
    match_by(m, &of_a, &of_b, by_uncut);
    match_near_ones(m, &of_a, &of_b);
    match_by(m, &of_a, &of_b, by_kind);
    tell_alone(m, of_a, of_b);
    free(of_a.items);
    free(of_b.items);
}

/* ---- ordered ones ---------------------------------------------------------------------------- */

/* 0: they cannot go together. An item that is there only because of a cut may as well be missing. */
static uint32_t weight(const struct matching *m, const struct unit_item *a,
                       const struct unit_item *b)
{
    if (a->kind != b->kind)
        return 0;
    uint32_t w = near(m, a, b) ? SAME_WEIGHT : SAME_KIND_WEIGHT;
    return (a->cut ? w : w * FIRM) + equal(a, b);
}

static void one_by_one(const struct matching *m, struct list a, struct list b)
{
    for (size_t i = 0; i < a.count || i < b.count; i++) {
        const struct unit_item *x = i < a.count ? a.items[i] : NULL;
        const struct unit_item *y = i < b.count ? b.items[i] : NULL;
        if (x && y && x->kind != y->kind) {
            tell(m, x, NULL);
            tell(m, NULL, y);
        } else {
            tell(m, x, y);
        }
    }
}

/* best[i][j]: the most that can be had of a from i on and b from j on. */
static uint32_t *best_of(const struct matching *m, struct list a, struct list b)
{
    size_t width = b.count + 1;
    uint32_t *best = calloc((a.count + 1) * width, sizeof *best);
    if (!best)
        heap_exhausted("a comparison of traces", (a.count + 1) * width * sizeof *best);
    for (size_t i = a.count; i-- > 0;)
        for (size_t j = b.count; j-- > 0;) {
            uint32_t w = weight(m, a.items[i], b.items[j]);
            uint32_t most = best[(i + 1) * width + j];
            if (best[i * width + j + 1] > most)
                most = best[i * width + j + 1];
            if (w && best[(i + 1) * width + j + 1] + w > most)
                most = best[(i + 1) * width + j + 1] + w;
            best[i * width + j] = most;
        }
    return best;
}

static void by_weight(const struct matching *m, struct list a, struct list b)
{
    size_t i = 0, j = 0, width = b.count + 1;
    uint32_t *best = best_of(m, a, b);
    while (i < a.count || j < b.count) {
        uint32_t w = i < a.count && j < b.count ? weight(m, a.items[i], b.items[j]) : 0;
        if (w && best[i * width + j] == best[(i + 1) * width + j + 1] + w) {
            tell(m, a.items[i++], b.items[j++]);
        } else if (j == b.count ||
                   (i < a.count && best[(i + 1) * width + j] == best[i * width + j])) {
            tell(m, a.items[i++], NULL);
        } else {
            tell(m, NULL, b.items[j++]);
        }
    }
    free(best);
}

static void ordered(const struct matching *m, struct list a, struct list b)
{
    size_t tail = 0;
    while (a.count && b.count && equal(a.items[0], b.items[0])) {
        tell(m, a.items[0], b.items[0]);
        a = (struct list){a.items + 1, a.count - 1};
        b = (struct list){b.items + 1, b.count - 1};
    }
    while (tail < a.count && tail < b.count &&
           equal(a.items[a.count - 1 - tail], b.items[b.count - 1 - tail]))
        tail++;
    a.count -= tail;
    b.count -= tail;
    if (a.count && b.count && a.count < CELLS_MAX / b.count)
        by_weight(m, a, b);
    else
        one_by_one(m, a, b);
    for (size_t i = 0; i < tail; i++)
        tell(m, a.items[a.count + i], b.items[b.count + i]);
}

void trace_match(const struct unit_item **a, size_t a_count, const struct unit_item **b,
                 size_t b_count, const struct matching *m)
{
    struct list x = {a, a_count}, y = {b, b_count};
    unordered(m, &x, &y);
    ordered(m, x, y);
}
