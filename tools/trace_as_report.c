/* tools/trace_as_report.c -- what a replay against a real peer found, as text and as JSON; see trace_as.h */
#include "messages/vocabulary.h"
#include "tools/output.h"
#include "tools/trace_as.h"
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *role_name(enum trace_role role)
{
    static const char *const names[] = {"nobody", "agent", "app", "client"};
    return names[role];
}

/* ---- latency ---- */

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static const struct {
    const char *name;
    unsigned percent;
} quantiles[] = {{"p50", 50}, {"p90", 90}, {"p99", 99}, {"max", 100}};
enum { QUANTILES = sizeof quantiles / sizeof *quantiles };

static void quantiles_of(const struct trace_play *p, bool live, uint64_t out[QUANTILES])
{
    uint64_t *all = calloc(p->latency_count + 1, sizeof *all);
    if (!all)
        heap_exhausted("a report", p->latency_count * sizeof *all);
    for (unsigned i = 0; i < p->latency_count; i++)
        all[i] = live ? p->latencies[i].live_us : p->latencies[i].recorded_us;
    qsort(all, p->latency_count, sizeof *all, by_value);
    for (unsigned q = 0; q < QUANTILES; q++) {
        uint64_t rank = ((uint64_t)p->latency_count * quantiles[q].percent + 99) / 100;
        out[q] = all[rank ? rank - 1 : 0];
    }
    free(all);
}

static void latency_text(const struct trace_play *p)
{
    uint64_t recorded[QUANTILES], live[QUANTILES];
    if (!p->latency_count)
        return;
    quantiles_of(p, false, recorded);
    quantiles_of(p, true, live);
    output_format("latency of %u answers, recorded and now:", p->latency_count);
    for (unsigned q = 0; q < QUANTILES; q++)
        output_format("  %s %.3f %.3f ms", quantiles[q].name, (double)recorded[q] / 1000,
                      (double)live[q] / 1000);
    output_text("\n");
}

/* ---- text ---- */

static void finding_text(const struct trace_finding *f)
{
    char about[ABOUT_TEXT_MAX];
    const char *line = f->text;
    trace_about_text(&f->about, about);
    output_format("%s%s%s\n", finding_name(f->class), *about ? "  " : "", about);
    while (*line) {
        size_t n = strcspn(line, "\n");
        output_format("    %.*s\n", (int)n, line);
        line += n + (line[n] == '\n');
    }
}

/* What is no failure is shown by example; JSON has all of it. */
static void class_text(const struct trace_play *p, enum finding_class class)
{
    enum { EXAMPLES = 10 };
    const struct trace_findings *f = &p->findings;
    uint64_t most = class < FINDING_FAILURES || p->options->strict ? UINT64_MAX : EXAMPLES;
    uint64_t shown = 0;
    for (unsigned i = 0; i < f->count && shown < most; i++) {
        if (f->list[i].class != class)
            continue;
        finding_text(&f->list[i]);
        shown++;
    }
    if (f->counts[class] > shown)
        output_format("%s  ... and %" PRIu64 " more, --json has them\n", finding_name(class),
                      f->counts[class] - shown);
}

static void report_text(const struct trace_play *p)
{
    const struct trace_findings *f = &p->findings;
    for (unsigned class = 0; class < FINDING_CLASSES; class ++)
        class_text(p, (enum finding_class) class);
    output_format("as %s: %s\n", role_name(p->options->role), p->summary);
    output_format("matched %" PRIu64, f->matched);
    for (unsigned class = 0; class < FINDING_NOTE; class ++)
        if (class < FINDING_FAILURES || f->counts[class])
            output_format("  %s %" PRIu64, finding_name(class), f->counts[class]);
    output_text("\n");
    latency_text(p);
    if (loop_interrupted())
        output_text("interrupted: this is the report so far\n");
}

/* ---- JSON ---- */

/* Any bytes may stand in a target; what is no UTF-8 is replaced. */
static json_t *text_of(const char *text)
{
    json_t *j = json_string(text);
    if (j)
        return j;
    char *ascii = strdup(text);
    for (char *c = ascii; c && *c; c++)
        if (*c & 0x80)
            *c = '?';
    j = json_string(ascii ? ascii : "");
    free(ascii);
    return j;
}

static json_t *finding_json(const struct trace_finding *f)
{
    json_t *j = json_object();
    json_object_set_new(j, "class", json_string(finding_name(f->class)));
    if (f->about.has_ids) {
        json_object_set_new(j, "mode",
                            json_string(f->about.mode == MODE_STEAL ? "steal" : "mirror"));
        json_object_set_new(j, "connection", json_integer((json_int_t)f->about.connection));
        if (!f->about.raw)
            json_object_set_new(j, "request", json_integer(f->about.request));
    }
    if (f->about.exchange)
        json_object_set_new(j, "exchange", json_integer(f->about.exchange));
    if (f->about.method)
        json_object_set_new(j, "method", text_of(f->about.method));
    if (f->about.target)
        json_object_set_new(j, "target", text_of(f->about.target));
    if (f->about.raw)
        json_object_set_new(j, "raw", json_true());
    json_object_set_new(j, "text", text_of(f->text));
    return j;
}

static json_t *latency_json(const struct trace_play *p)
{
    uint64_t recorded[QUANTILES], live[QUANTILES];
    json_t *j = json_object();
    quantiles_of(p, false, recorded);
    quantiles_of(p, true, live);
    json_object_set_new(j, "answers", json_integer(p->latency_count));
    for (unsigned q = 0; q < QUANTILES; q++)
        json_object_set_new(j, quantiles[q].name,
                            json_pack("{sIsI}", "recorded_us", (json_int_t)recorded[q], "live_us",
                                      (json_int_t)live[q]));
    return j;
}

static void report_json(const struct trace_play *p)
{
    const struct trace_findings *f = &p->findings;
    json_t *j = json_object(), *counts = json_object(), *list = json_array();
    json_object_set_new(counts, "matched", json_integer((json_int_t)f->matched));
    for (unsigned class = 0; class < FINDING_CLASSES; class ++)
        json_object_set_new(counts, finding_name(class),
                            json_integer((json_int_t)f->counts[class]));
    for (unsigned i = 0; i < f->count; i++)
        json_array_append_new(list, finding_json(&f->list[i]));
    json_object_set_new(j, "as", json_string(role_name(p->options->role)));
    json_object_set_new(j, "played", json_string(p->summary));
    json_object_set_new(j, "same",
                        json_boolean(!p->nothing && !trace_findings_failed(f, p->options->strict) &&
                                     !f->counts[FINDING_LEFT_OUT] && !loop_interrupted()));
    json_object_set_new(j, "interrupted", json_boolean(loop_interrupted()));
    json_object_set_new(j, "counts", counts);
    if (p->latency_count)
        json_object_set_new(j, "latency", latency_json(p));
    json_object_set_new(j, "findings", list);
    char *text = json_dumps(j, JSON_COMPACT);
    output_text(text ? text : "{}");
    output_text("\n");
    free(text);
    json_decref(j);
}

void trace_as_report(struct trace_play *p)
{
    if (p->options->json)
        report_json(p);
    else
        report_text(p);
}
