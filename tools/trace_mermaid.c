/* tools/trace_mermaid.c -- see trace_mermaid.h
 *
 * What is written after a colon is any text without # ; and newline, and mermaid puts it into a page: so all
 * that has a meaning to either is written as an entity, #35; for #.
 */
#include "tools/trace_mermaid.h"
#include "messages/exchange_number.h"
#include "tools/output.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GAP_US = 10000 };

struct writer {
    const struct diagram *d;
    const char *left, *right; /* the outermost lifelines */
    uint64_t most, written;
    uint64_t last_ns; /* of what was written last; 0: nothing was */
};

static void put_text(const char *text)
{
    char one[2] = "";
    for (; *text; text++) {
        if (strchr("#;%<>&\"\\`$", *text))
            output_format("#%d;", *text);
        else {
            one[0] = *text;
            output_text(one);
        }
    }
}

/* "link" at the beginning of a line is a word of mermaid's own. */
static const char *id_of(int lifeline)
{
    return lifeline == LIFE_LINK ? "link_connection" : lifelines[lifeline].name;
}

static const char *name_of(const struct diagram *d, uint32_t actor)
{
    return id_of((int)diagram_lifeline(d, actor));
}

static const char *size_text(uint64_t bytes, char out[32])
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB"};
    double size = (double)bytes;
    unsigned unit = 0;
    for (; size >= 1024 && unit < 3; unit++)
        size /= 1024;
    snprintf(out, 32, unit ? "%.1f %s" : "%.0f %s", size, units[unit]);
    return out;
}

static void put_gap(struct writer *w, uint64_t at_ns)
{
    uint64_t us = w->last_ns && at_ns > w->last_ns ? (at_ns - w->last_ns) / 1000 : 0;
    if (us >= 1000000)
        output_format("    Note over %s,%s: %.3f s later\n", w->left, w->right, (double)us / 1e6);
    else if (us >= GAP_US)
        output_format("    Note over %s,%s: %" PRIu64 " ms later\n", w->left, w->right, us / 1000);
    w->last_ns = at_ns;
}

static const char *head_of(enum diagram_what what)
{
    return what == DIAGRAM_LOST ? "--x" : what == DIAGRAM_LEAVES ? "-)" : "->>";
}

/* An actor's own end and words; what is about the whole trace. */
static void put_note(const struct writer *w, const struct diagram_arrow *a)
{
    if (a->what == DIAGRAM_NOTE)
        output_format("    Note over %s,%s: ", w->left, w->right);
    else
        output_format("    Note over %s: %s", name_of(w->d, a->to),
                      a->what == DIAGRAM_ENDS ? "it ends, " : "log, ");
    put_text(w->d->texts[a->label]);
    output_text("\n");
}

struct run_sum {
    uint64_t count, bytes, ended_ns;
    bool differ; /* their labels do */
};

static void put_arrow(const struct writer *w, const struct diagram_arrow *a,
                      const struct run_sum *sum)
{
    char size[32], number[EXCHANGE_TEXT_MAX];
    output_format("    %s%s%s: ", name_of(w->d, a->from), head_of((enum diagram_what)a->what),
                  name_of(w->d, a->to));
    put_text(w->d->kinds[a->kind].name);
    if (sum->count > 1)
        output_format(" x %" PRIu64, sum->count);
    if (sum->bytes)
        output_format(", %s", size_text(sum->bytes, size));
    if (a->label && !sum->differ) {
        output_text(" ");
        put_text(w->d->texts[a->label]);
    }
    if (a->exchange)
        output_format(" (exchange %s)", exchange_number_print(a->exchange, number));
    output_text("\n");
}

static void put(struct writer *w, const struct diagram_arrow *a, const struct run_sum *sum)
{
    put_gap(w, a->at_ns);
    if (a->what == DIAGRAM_ENDS || a->what == DIAGRAM_LOG || a->what == DIAGRAM_NOTE)
        put_note(w, a);
    else
        put_arrow(w, a, sum);
    if (sum->ended_ns > w->last_ns)
        w->last_ns = sum->ended_ns;
    w->written++;
}

static struct run_sum *sums_of(const struct diagram *d, const uint32_t *first)
{
    struct run_sum *sums = calloc(d->arrow_count + 1, sizeof *sums);
    if (!sums)
        heap_exhausted("a diagram", d->arrow_count * sizeof *sums);
    for (uint32_t i = 0; i < d->arrow_count; i++) {
        struct run_sum *s = &sums[first[i]];
        s->count++;
        s->bytes += diagram_size(d, &d->arrows[i]);
        s->differ = s->differ || d->arrows[i].label != d->arrows[first[i]].label;
        if (d->arrows[i].at_ns > s->ended_ns)
            s->ended_ns = d->arrows[i].at_ns;
    }
    return sums;
}

static void put_participants(struct writer *w)
{
    output_text("sequenceDiagram\n");
    for (int i = 0; i < LIFELINES; i++)
        if (w->d->has[i]) {
            output_format("    participant %s as %s\n", id_of(i), lifelines[i].name);
            w->left = w->left ? w->left : id_of(i);
            w->right = id_of(i);
        }
}

static void put_left_out(const struct writer *w, uint64_t more)
{
    if (more)
        output_format("    Note over %s,%s: and %" PRIu64 " more, left out (--most %" PRIu64
                      ", --filter, --exchange)\n",
                      w->left, w->right, more, w->most);
}

void trace_mermaid_write(const struct diagram *d, uint64_t most)
{
    struct writer w = {.d = d, .most = most};
    uint32_t *first = diagram_runs(d);
    struct run_sum *sums = sums_of(d, first);
    uint64_t more = 0;
    put_participants(&w);
    if (!w.left)
        output_text("    participant nobody as nobody\n    Note over nobody: no message is left\n");
    for (uint32_t i = 0; w.left && i < d->arrow_count; i++) {
        if (first[i] != i)
            continue;
        if (w.written < most)
            put(&w, &d->arrows[i], &sums[i]);
        else
            more++;
    }
    if (w.left)
        put_left_out(&w, more);
    free(sums);
    free(first);
}
