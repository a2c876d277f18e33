/* tools/trace_match.c -- see trace_match.h */
#include "tools/trace_match.h"
#include "runtime/heap.h"
#include <stdlib.h>

/* Beyond so many cells the middle of two lists is compared place by place. */
enum { CELLS_MAX = 16 << 20 };
enum { EQUAL_WEIGHT = 3, SAME_KIND_WEIGHT = 1 };

struct list {
    const struct unit_item **items;
    size_t count;
};

struct matching {
    match_found *found;
    void *context;
};

static void tell(const struct matching *m, const struct unit_item *a, const struct unit_item *b)
{
    m->found(m->context, a, b);
}

static bool equal(const struct unit_item *a, const struct unit_item *b)
{
    return a->kind == b->kind && a->hash == b->hash;
}

/* ---- unordered ones -------------------------------------------------------------------------- */

static int by_content(const void *x, const void *y)
{
    const struct unit_item *a = *(const struct unit_item *const *)x;
    const struct unit_item *b = *(const struct unit_item *const *)y;
    int order = strcmp(a->kind, b->kind);
    if (!order)
        order = (a->hash > b->hash) - (a->hash < b->hash);
    return order ? order : (a->sequence > b->sequence) - (a->sequence < b->sequence);
}

/* Takes them out of the list; sorted, and of equal ones that count once only the first. */
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
    qsort(taken.items, taken.count, sizeof *taken.items, by_content);
    for (size_t i = 0; i < taken.count; i++)
        if (!unique || !taken.items[i]->once || !equal(taken.items[i], taken.items[unique - 1]))
            taken.items[unique++] = taken.items[i];
    taken.count = unique;
    return taken;
}

/* Both are sorted: equal ones go together and are gone; what is left is in order of kinds. */
static void match_equal(const struct matching *m, struct list *a, struct list *b)
{
    size_t i = 0, j = 0, left_a = 0, left_b = 0;
    while (i < a->count || j < b->count) {
        int order = i == a->count                     ? 1
                    : j == b->count                   ? -1
                    : equal(a->items[i], b->items[j]) ? 0
                                                      : by_content(&a->items[i], &b->items[j]);
        if (order == 0)
            tell(m, a->items[i++], b->items[j++]);
        else if (order < 0)
            a->items[left_a++] = a->items[i++];
        else
            b->items[left_b++] = b->items[j++];
    }
    a->count = left_a;
    b->count = left_b;
}

static void match_kinds(const struct matching *m, struct list a, struct list b)
{
    size_t i = 0, j = 0;
    while (i < a.count || j < b.count) {
        int order = i == a.count   ? 1
                    : j == b.count ? -1
                                   : strcmp(a.items[i]->kind, b.items[j]->kind);
        tell(m, order <= 0 ? a.items[i] : NULL, order >= 0 ? b.items[j] : NULL);
        i += order <= 0;
        j += order >= 0;
    }
}

static void unordered(const struct matching *m, struct list *a, struct list *b)
{
    struct list of_a = take_unordered(a), of_b = take_unordered(b);
    match_equal(m, &of_a, &of_b);
    match_kinds(m, of_a, of_b);
    free(of_a.items);
    free(of_b.items);
}

/* ---- ordered ones ---------------------------------------------------------------------------- */

static uint32_t weight(const struct unit_item *a, const struct unit_item *b)
{
    return equal(a, b) ? EQUAL_WEIGHT : a->kind == b->kind ? SAME_KIND_WEIGHT : 0;
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
static uint32_t *best_of(struct list a, struct list b)
{
    size_t width = b.count + 1;
    uint32_t *best = calloc((a.count + 1) * width, sizeof *best);
    if (!best)
        heap_exhausted("a comparison of traces", (a.count + 1) * width * sizeof *best);
    for (size_t i = a.count; i-- > 0;)
        for (size_t j = b.count; j-- > 0;) {
            uint32_t w = weight(a.items[i], b.items[j]);
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
    uint32_t *best = best_of(a, b);
    while (i < a.count || j < b.count) {
        uint32_t w = i < a.count && j < b.count ? weight(a.items[i], b.items[j]) : 0;
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
                 size_t b_count, match_found *found, void *context)
{
    struct matching m = {found, context};
    struct list x = {a, a_count}, y = {b, b_count};
    unordered(&m, &x, &y);
    ordered(&m, x, y);
}
