/* tools/trace_parts_order.c -- see trace_parts_order.h */
#include "tools/trace_parts_order.h"
#include "tools/trace_input.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct named {
    const char *name;
    bool stands_for_parts; /* from `about` on, all that there are */
    bool is_known;
    struct trace_about about; /* its texts are copies: who wrote it */
};

static const char *copied(const char *text)
{
    char *copy = strdup(text);
    if (!copy)
        heap_exhausted("the names of traces", strlen(text));
    return copy;
}

/* What can be read more than once: a pipe would lose its beginning. */
static bool can_be_looked_at(struct named *n)
{
    struct stat st;
    if (stat(n->name, &st) == 0)
        return S_ISREG(st.st_mode) && access(n->name, R_OK) == 0;
    n->stands_for_parts = trace_part_after(n->name, 0) != 0;
    return n->stands_for_parts;
}

static void look_at(struct named *n)
{
    struct trace_input in = {.quiet = true};
    struct trace_record first;
    if (strcmp(n->name, "-") == 0 || !can_be_looked_at(n))
        return;
    trace_input_open(&in, &n->name, 1);
    trace_input_next(&in, &first);
    const struct trace_about *a = trace_input_about(&in);
    if (a) {
        n->about = *a;
        n->about.program = copied(a->program);
        n->about.build = copied(a->build);
        n->is_known = true;
    }
    trace_input_close(&in);
}

static bool is_same_run(const struct named *a, const struct named *b)
{
    return a->is_known && b->is_known && trace_about_same_run(&a->about, &b->about);
}

/* Of one run. What a flight recorder wrote out has no parts, but begins with another record each time. */
static bool is_behind(const struct trace_about *a, const struct trace_about *b)
{
    if (a->part != b->part)
        return a->part > b->part;
    return a->first_sequence > b->first_sequence && a->first_sequence != UINT64_MAX;
}

/* Each goes in front of those of its run that were written later, up to one that was not. */
static void sort(struct named *all, unsigned count)
{
    for (unsigned i = 1; i < count; i++) {
        struct named moving = all[i];
        unsigned to = i;
        for (unsigned j = i; j-- > 0;) {
            if (!all[j].is_known)
                continue;
            if (!is_same_run(&all[j], &moving) || !is_behind(&all[j].about, &moving.about))
                break;
            to = j;
        }
        memmove(&all[to + 1], &all[to], (i - to) * sizeof *all);
        all[to] = moving;
    }
}

static bool hold_the_same(const struct named *a, const struct named *b)
{
    if (!is_same_run(a, b))
        return false;
    if (a->stands_for_parts && b->about.part >= a->about.part)
        return true;
    if (b->stands_for_parts && a->about.part >= b->about.part)
        return true;
    return a->about.part == b->about.part && a->about.first_sequence == b->about.first_sequence &&
           a->about.first_sequence != UINT64_MAX;
}

static bool are_twice(struct command_line *c, const struct named *a, const struct named *b)
{
    if (strcmp(a->name, b->name) == 0)
        command_line_mistake(c, "\"%s\" is named twice, leave one out", a->name);
    else if (hold_the_same(a, b))
        command_line_mistake(
            c, "\"%s\" and \"%s\" hold the same records of the same run, leave one out", a->name,
            b->name);
    else
        return false;
    return true;
}

static void check_twice(struct command_line *c, const struct named *all, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        for (unsigned j = i + 1; j < count; j++)
            if (are_twice(c, &all[i], &all[j]))
                return;
}

static void forget(struct named *n)
{
    free((char *)(uintptr_t)n->about.program);
    free((char *)(uintptr_t)n->about.build);
}

void trace_parts_order(struct command_line *c, const char **names, unsigned count)
{
    if (count < 2)
        return;
    struct named *all = calloc(count, sizeof *all);
    if (!all)
        heap_exhausted("the names of traces", count * sizeof *all);
    for (unsigned i = 0; i < count; i++) {
        all[i].name = names[i];
        look_at(&all[i]);
    }
    sort(all, count);
    check_twice(c, all, count);
    for (unsigned i = 0; i < count; i++) {
        names[i] = all[i].name;
        forget(&all[i]);
    }
    free(all);
}
