/* tools/trace_stat_print.c -- see trace_stat.h */
#include "tools/trace_line.h"
#include "messages/exchange_number.h"
#include "tools/trace_stat.h"
#include <inttypes.h>
#include <stdlib.h>

enum { WIDTH_NAME = 24, WIDTH_NUMBER = 11, WIDTH_TIME = 9 };

static struct trace_text text;

/* What was put since `from` goes to the right edge of its column. */
static void align_right(size_t from, size_t width)
{
    size_t length = text.length - from;
    if (length >= width)
        return;
    trace_text_pad(&text, from, width);
    memmove(text.at + from + width - length, text.at + from, length);
    memset(text.at + from, ' ', width - length);
}

static void put_number(uint64_t n)
{
    size_t from = text.length;
    trace_text_char(&text, ' ');
    trace_text_number(&text, n);
    align_right(from, WIDTH_NUMBER);
}

static void put_time(uint64_t ns)
{
    size_t from = text.length;
    trace_text_char(&text, ' ');
    trace_text_time(&text, ns);
    align_right(from, WIDTH_TIME);
}

static void put_title(const char *title, size_t width)
{
    size_t from = text.length;
    trace_text_char(&text, ' ');
    trace_text_word(&text, title);
    align_right(from, width);
}

/* Mean, p50, p99, max; dashes of none. */
static void put_times(const struct trace_histogram *h)
{
    if (!h->count) {
        for (unsigned i = 0; i < 4; i++)
            put_title("-", WIDTH_TIME);
        return;
    }
    put_time(trace_histogram_mean(h));
    put_time(trace_histogram_quantile(h, 0.5));
    put_time(trace_histogram_quantile(h, 0.99));
    put_time(h->most);
}

static void put_time_titles(void)
{
    static const char *const titles[] = {"mean", "p50", "p99", "max"};
    for (unsigned i = 0; i < 4; i++)
        put_title(titles[i], WIDTH_TIME);
}

/* ---- the tables of kinds and types ----------------------------------------------------------- */

static void put_row(const struct trace_total *t, const char *name, bool is_type)
{
    size_t from = text.length;
    trace_text_escaped(&text, name, strlen(name));
    trace_text_pad(&text, from, WIDTH_NAME);
    put_number(t->calls);
    put_number(t->bytes);
    put_number(is_type ? t->written : t->undelivered);
    trace_text_word(&text, " ");
    put_times(&t->wait);
    trace_text_word(&text, " ");
    put_times(&t->handled);
    trace_text_char(&text, '\n');
}

static void put_table(const struct trace_total *table, const struct trace_total *all,
                      const char *title, bool is_type)
{
    size_t from = text.length;
    trace_text_pad(&text, from, WIDTH_NAME + 3 * WIDTH_NUMBER + 1);
    trace_text_word(&text, "   wait in the mailbox");
    trace_text_pad(&text, from, WIDTH_NAME + 3 * WIDTH_NUMBER + 2 + 4 * WIDTH_TIME);
    trace_text_word(&text, "   handling\n");
    from = text.length;
    trace_text_word(&text, title);
    trace_text_pad(&text, from, WIDTH_NAME);
    put_title("calls", WIDTH_NUMBER);
    put_title("bytes", WIDTH_NUMBER);
    put_title(is_type ? "written" : "unheard", WIDTH_NUMBER);
    trace_text_word(&text, " ");
    put_time_titles();
    trace_text_word(&text, " ");
    put_time_titles();
    trace_text_char(&text, '\n');
    for (const struct trace_total *t = table; t; t = t->hh.next)
        put_row(t, t->name, is_type);
    put_row(all, "all", is_type);
    trace_text_char(&text, '\n');
}

/* ---- exchanges ------------------------------------------------------------------------------- */

static void put_request(struct trace_exchanges *exchanges, uint32_t number)
{
    const struct trace_exchange *x = trace_exchange_of_number(exchanges, number);
    struct trace_record none = {.exchange = number};
    size_t from = text.length;
    trace_text_word(&text, "  ");
    trace_line_exchange(&text, &none, x);
    trace_text_pad(&text, from, 12);
    trace_text_word(&text, " ");
    if (x && x->has_request) {
        trace_text_escaped(&text, x->method, strlen(x->method));
        trace_text_char(&text, ' ');
        trace_text_escaped(&text, x->target, strlen(x->target));
    } else {
        trace_text_word(&text, x && x->raw ? "raw connection" : "?");
    }
    if (x && (x->status || x->answer_status))
        trace_text_format(&text, " -> %u", x->status ? x->status : x->answer_status);
}

static void put_exchange(const struct trace_stat *s, const struct trace_exchange_total *e)
{
    char number[EXCHANGE_TEXT_MAX];
    put_title(exchange_number_print(e->number, number), WIDTH_NUMBER);
    put_time(e->ended_ns - e->began_ns);
    put_time(e->wait_ns);
    put_time(e->handled_ns);
    put_number(e->records);
    put_number(e->bytes);
    put_request(s->exchanges, e->number);
    trace_text_char(&text, '\n');
}

static void put_slowest(const struct trace_stat *s)
{
    unsigned count;
    const struct trace_exchange_total **slowest =
        trace_totals_slowest(s->totals, (unsigned)s->top, &count);
    if (count) {
        trace_text_word(&text, "slowest\n");
        put_title("exchange", WIDTH_NUMBER);
        put_title("took", WIDTH_TIME);
        put_title("waiting", WIDTH_TIME);
        put_title("handling", WIDTH_TIME);
        put_title("records", WIDTH_NUMBER);
        put_title("bytes", WIDTH_NUMBER);
        trace_text_word(&text, "  ids         request\n");
    }
    for (unsigned i = 0; i < count; i++)
        put_exchange(s, slowest[i]);
    free(slowest);
}

static void put_durations(const struct trace_histogram *h, const char *whose)
{
    trace_text_format(&text, "%" PRIu64 " exchange%s%s", h->count, h->count == 1 ? "" : "s", whose);
    if (h->count) {
        trace_text_word(&text, ", first to last record: mean ");
        trace_text_time(&text, trace_histogram_mean(h));
        trace_text_word(&text, ", p50 ");
        trace_text_time(&text, trace_histogram_quantile(h, 0.5));
        trace_text_word(&text, ", p99 ");
        trace_text_time(&text, trace_histogram_quantile(h, 0.99));
        trace_text_word(&text, ", max ");
        trace_text_time(&text, h->most);
    }
    trace_text_char(&text, '\n');
}

/* Apart, as one request is one of both with --standalone. */
static void put_exchanges(const struct trace_stat *s)
{
    struct trace_histogram *h = calloc(2, sizeof *h);
    if (!h)
        heap_exhausted("totals of a trace", 2 * sizeof *h);
    trace_totals_durations(s->totals, false, &h[0]);
    trace_totals_durations(s->totals, true, &h[1]);
    if (h[0].count || !h[1].count)
        put_durations(&h[0], "");
    if (h[1].count)
        put_durations(&h[1], " of the stand-in agent");
    free(h);
    put_slowest(s);
}

/* ---- the whole ------------------------------------------------------------------------------- */

static void put_begin(const struct trace_stat *s)
{
    const struct trace_totals *t = s->totals;
    const struct trace_about *a = trace_input_about(s->input);
    trace_text_format(&text, "%" PRIu64 " records", t->records);
    if (t->has_begun) {
        trace_text_word(&text, " in ");
        trace_text_time(&text, t->ended_ns - t->began_ns);
    }
    if (a) {
        trace_text_word(&text, ", from ");
        trace_text_wall(&text,
                        a->wall_us + (uint64_t)((int64_t)(t->began_ns - a->clock_ns) / 1000));
        trace_text_word(&text, ", by ");
        trace_text_escaped(&text, a->program, strlen(a->program));
        trace_text_char(&text, ' ');
        trace_text_escaped(&text, a->build, strlen(a->build));
    }
    trace_text_format(&text,
                      "\n%" PRIu64 " calls lost (lagged), %" PRIu64 " undelivered, %" PRIu64
                      " damaged places, %" PRIu64 " torn ends; %" PRIu64 " actors ended\n",
                      t->lost, t->all.undelivered, s->input->bad, s->input->torn, t->all.ended);
    if (t->unpaired)
        trace_text_format(&text,
                          "of %" PRIu64 " messages the wait is not known: calls before them are "
                          "missing\n",
                          t->unpaired);
    trace_text_char(&text, '\n');
}

void trace_stat_print(const struct trace_stat *s)
{
    put_begin(s);
    put_table(s->totals->kinds, &s->totals->all, "kind", false);
    put_table(s->totals->types, &s->totals->all, "actor", true);
    put_exchanges(s);
    trace_text_print(&text);
    trace_text_free(&text);
}
