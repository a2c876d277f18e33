/* messages/filter.c -- does a message pass a filter? See filter.h */
#include "messages/filter.h"
#include "messages/filter_program.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct text {
    const char *at;
    size_t length;
};

void filter_free(struct filter_program *f)
{
    if (!f)
        return;
    free(f->ops);
    free(f->texts);
    free(f);
}

/* ---- texts ----------------------------------------------------------------------------------- */

/* On a mismatch the last * takes one character more: no two need ever be remembered. */
static bool pattern_matches(struct text pattern, struct text t)
{
    size_t p = 0, i = 0, star = SIZE_MAX, star_at = 0;
    while (i < t.length) {
        if (p < pattern.length && pattern.at[p] == '*') {
            star = p++;
            star_at = i;
        } else if (p < pattern.length && (pattern.at[p] == '?' || pattern.at[p] == t.at[i])) {
            p++;
            i++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            i = ++star_at;
        } else {
            return false;
        }
    }
    while (p < pattern.length && pattern.at[p] == '*')
        p++;
    return p == pattern.length;
}

static bool same(struct text a, struct text b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.at, b.at, a.length) == 0);
}

static bool contains(struct text t, struct text part)
{
    return part.length == 0 ||
           (t.length >= part.length && memmem(t.at, t.length, part.at, part.length));
}

static bool text_matches(const struct filter_test *test, struct text t)
{
    struct text wanted = {test->text, test->length};
    if (test->compare == FILTER_IS || test->compare == FILTER_IS_NOT)
        return same(t, wanted);
    return test->pattern ? pattern_matches(wanted, t) : contains(t, wanted);
}

/* A(B(C)): the whole, B(C), C, and A, B. */
static bool kind_matches(const struct filter_test *test, struct text t)
{
    for (;;) {
        const char *open = t.length ? memchr(t.at, '(', t.length) : NULL;
        if (text_matches(test, t))
            return true;
        if (!open)
            return false;
        struct text name = {t.at, (size_t)(open - t.at)};
        if (text_matches(test, name))
            return true;
        if (t.length < name.length + 2)
            return false;
        t.length -= name.length + 2;
        t.at = open + 1;
    }
}

/* ---- tests ----------------------------------------------------------------------------------- */

static bool number_passes(const struct filter_test *test, uint64_t n)
{
    switch (test->compare) {
    case FILTER_IS: return n == test->number;
    case FILTER_IS_NOT: return n != test->number;
    case FILTER_BELOW: return n < test->number;
    case FILTER_AT_MOST: return n <= test->number;
    case FILTER_ABOVE: return n > test->number;
    default: return n >= test->number;
    }
}

static bool passes(const struct filter_test *test, const struct filter_value *v)
{
    struct text t = {v->text, v->length};
    if (test->compare == FILTER_HAS)
        return true;
    if (test->type == FILTER_NUMBER || test->type == FILTER_TIME || test->type == FILTER_EXCHANGE)
        return number_passes(test, v->number);
    bool matches = test->type == FILTER_KIND ? kind_matches(test, t) : text_matches(test, t);
    return matches == (test->compare == FILTER_IS || test->compare == FILTER_LIKE);
}

static enum filter_verdict judge_test(const struct filter_test *test, filter_get *get,
                                      void *context)
{
    struct filter_value v = {0};
    if (!get(context, test->field, &v))
        return FILTER_NO;
    if (v.later)
        return FILTER_LATER;
    return passes(test, &v) ? FILTER_YES : FILTER_NO;
}

/* ---- the program ----------------------------------------------------------------------------- */

enum filter_verdict filter_judge(const struct filter_program *f, filter_get *get, void *context)
{
    enum filter_verdict stack[FILTER_TESTS_MAX];
    unsigned n = 0;
    if (!f)
        return FILTER_YES;
    for (unsigned i = 0; i < f->op_count; i++) {
        const struct filter_op *op = &f->ops[i];
        switch (op->what) {
        case FILTER_OP_TEST: stack[n++] = judge_test(&f->tests[op->n], get, context); break;
        case FILTER_OP_NOT: stack[n - 1] = FILTER_YES - stack[n - 1]; break;
        case FILTER_OP_AND: /* the smaller of the two */
            n--;
            stack[n - 1] = stack[n] < stack[n - 1] ? stack[n] : stack[n - 1];
            break;
        case FILTER_OP_OR:
            n--;
            stack[n - 1] = stack[n] > stack[n - 1] ? stack[n] : stack[n - 1];
            break;
        default:
            if (stack[n - 1] == (op->what == FILTER_OP_SKIP_NO ? FILTER_NO : FILTER_YES))
                i = op->n - 1u;
            break;
        }
    }
    assert(n == 1);
    return stack[0];
}
