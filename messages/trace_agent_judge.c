/* messages/trace_agent_judge.c -- what came, held against what was recorded; see trace_agent.h */
#include "messages/trace_agent_state.h"
#include "messages/wire_bytes.h"
#include "messages/wire_text.h"

struct judging {
    struct trace_agent *agent;
    struct wire_buffer text; /* of the differences of one exchange */
    unsigned given;          /* of the answers that were expected, all before this one */
};

static void find(struct judging *j, enum finding_class class, const struct agent_exchange *e,
                 const char *text)
{
    trace_findings_add(j->agent->findings, class, &e->about, "%s", text);
}

static void find_differences(struct judging *j, const struct agent_exchange *e)
{
    trace_findings_add(j->agent->findings, FINDING_DIFFERENT, &e->about, "%.*s",
                       (int)j->text.length, (const char *)j->text.at);
}

/* ---- answers ---- */

static const char *form_name(uint8_t form)
{
    static const char *const names[] = {"nothing", "HttpResponse", "HttpResponseFramed",
                                        "HttpResponseChunked"};
    return names[form];
}

static void judge_form(struct judging *j, const struct agent_exchange *e)
{
    uint8_t expected = e->expected.form, came = e->came.form;
    if (!expected || !came || expected == came)
        return;
    trace_findings_add(j->agent->findings, came > e->variant ? FINDING_DIFFERENT : FINDING_FORM,
                       &e->about, "form: expected %s, came %s%s", form_name(expected),
                       form_name(came), came > e->variant ? ", which this agent cannot read" : "");
}

/* Did all come that the recording has? True: there is nothing more to say. */
static bool is_missing(struct judging *j, const struct agent_exchange *e)
{
    const struct trace_http *expected = &e->expected.http, *came = &e->came.http;
    if (expected->has_head && !came->has_head) {
        trace_findings_add(j->agent->findings, FINDING_MISSING, &e->about,
                           "answer: expected %u with %zu bytes, none came", expected->status,
                           expected->body.length);
        return true;
    }
    if (expected->ended && !came->ended && !came->broken && !e->closed) {
        trace_findings_add(j->agent->findings, FINDING_MISSING, &e->about,
                           "the end of the answer: of %zu bytes came %zu", expected->body.length,
                           came->body.length);
        return true;
    }
    return false;
}

static bool are_alike(const struct agent_exchange *a, const struct agent_exchange *b)
{
    return a->about.mode == b->about.mode && a->about.method && b->about.method &&
           a->asked_sum == b->asked_sum;
}

static bool is_to_be_given(const struct agent_exchange *e)
{
    return !e->given && !e->left_out && e->expected.http.has_head;
}

/* The recorded answer of another one that is alike, which nobody has got yet? */
static bool is_anothers(struct judging *j, const struct agent_exchange *e)
{
    struct trace_agent *a = j->agent;
    struct wire_buffer differences = {0};
    bool found = false;
    while (j->given < a->exchange_count && !is_to_be_given(&a->exchanges[j->given]))
        j->given++;
    for (unsigned i = j->given; i < a->exchange_count && !found; i++) {
        struct agent_exchange *other = &a->exchanges[i];
        if (!is_to_be_given(other) || !are_alike(e, other))
            continue;
        found = trace_http_compare(&other->expected.http, &e->came.http, &a->options.rules,
                                   &differences);
        other->given = found;
    }
    wire_buffer_release(&differences);
    return found;
}

static void find_right(struct judging *j, const struct agent_exchange *e)
{
    if (e->late)
        find(j, FINDING_REORDERED, e,
             "it came, but after what followed it in the recording had waited in vain");
    else
        j->agent->findings->matched++;
}

/* When all have theirs. */
static void judge_swapped(struct judging *j, const struct agent_exchange *e)
{
    if (is_anothers(j, e)) {
        find_right(j, e);
        return;
    }
    (void)trace_http_compare(&e->expected.http, &e->came.http, &j->agent->options.rules, &j->text);
    find_differences(j, e);
}

static void judge_http(struct judging *j, struct agent_exchange *e)
{
    if (is_missing(j, e))
        return;
    if (!e->expected.http.has_head && e->came.http.has_head && e->about.mode == WIRE_MIRROR) {
        find(j, FINDING_EXTRA, e, "an answer to a mirrored request");
        return;
    }
    judge_form(j, e);
    e->given =
        trace_http_compare(&e->expected.http, &e->came.http, &j->agent->options.rules, &j->text);
    e->waits = !e->given && j->agent->options.swaps;
    if (e->waits)
        return;
    if (e->given)
        find_right(j, e);
    else
        find_differences(j, e);
}

/* ---- raw ---- */

static void judge_raw(struct judging *j, const struct agent_exchange *e)
{
    const struct wire_buffer *expected = &e->expected.raw, *came = &e->came.raw;
    size_t least = expected->length < came->length ? expected->length : came->length;
    bool cut = e->closed && !e->expected.raw_ended; /* how far it got is chance */
    if (least && memcmp(expected->at, came->at, least)) {
        trace_bytes_difference(&j->text, "bytes", expected->at, expected->length, came->at,
                               came->length);
        find_differences(j, e);
    } else if (came->length < expected->length && !cut) {
        trace_findings_add(j->agent->findings, FINDING_MISSING, &e->about, "of %zu bytes came %zu",
                           expected->length, came->length);
    } else if (came->length > expected->length && !cut) {
        trace_findings_add(j->agent->findings, FINDING_EXTRA, &e->about, "of %zu bytes came %zu",
                           expected->length, came->length);
    } else if (e->expected.raw_ended != e->came.raw_ended && !cut && !e->closed) {
        find(j, FINDING_DIFFERENT, e,
             e->came.raw_ended ? "end: expected none, came one" : "end: expected, none came");
    } else if (e->expected.unsubscribed != e->came.unsubscribed && !e->closed) {
        find(j, FINDING_DIFFERENT, e,
             e->came.unsubscribed ? "ConnectionUnsubscribe: expected none, came one"
                                  : "ConnectionUnsubscribe: expected, none came");
    } else {
        find_right(j, e);
    }
}

/* ---- what is said once ---- */

static void put_message(struct wire_buffer *out, const struct wire_buffer *bytes)
{
    struct wire_bytes_source source = {0};
    struct wire_text_sink sink = {.most = 64};
    struct wire_transcode t = {&wire_bytes_source, &source, &wire_text_sink, &sink, 0, ""};
    wire_bytes_source_begin(&source, bytes->at, bytes->length);
    if (wire_transcode(&t, WIRE_FROM_CLIENT))
        trace_put(out, sink.out.at, sink.out.length);
    else
        trace_put(out, t.error, strlen(t.error));
    wire_bytes_source_release(&source);
    wire_buffer_release(&sink.out);
    trace_put(out, "", 1);
}

static bool is_same(const struct wire_buffer *a, const struct wire_buffer *b)
{
    return a->length == b->length && (!a->length || !memcmp(a->at, b->at, a->length));
}

static void judge_control(struct judging *j, const struct agent_control *c)
{
    struct wire_buffer expected = {0}, came = {0};
    if (c->has_come && is_same(&c->expected, &c->came))
        return;
    put_message(&expected, &c->expected);
    if (c->has_come)
        put_message(&came, &c->came);
    enum finding_class class = c->has_come ? FINDING_DIFFERENT : FINDING_MISSING;
    if (c->has_come && c->kind == WIRE_SWITCH_VERSION)
        class = FINDING_VERSION;
    trace_findings_add(j->agent->findings, class, NULL, "expected %s, %s%s",
                       (const char *)expected.at, c->has_come ? "came " : "none came",
                       c->has_come ? (const char *)came.at : "");
    wire_buffer_release(&expected);
    wire_buffer_release(&came);
}

/* ---- order ---- */

static void judge_order(struct judging *j)
{
    struct trace_agent *a = j->agent;
    struct trace_turn *turns = calloc(a->exchange_count + 1, sizeof *turns);
    struct trace_order *order = calloc(a->exchange_count + 1, sizeof *order);
    unsigned *which = calloc(a->exchange_count + 1, sizeof *which), n = 0;
    if (!turns || !order || !which)
        heap_exhausted("the order of a trace", a->exchange_count * sizeof *turns);
    for (unsigned i = 0; i < a->exchange_count; i++) {
        const struct agent_exchange *e = &a->exchanges[i];
        if (!e->expected.began || !e->came.began || e->late)
            continue;
        which[n] = i;
        turns[n++] = (struct trace_turn){e->expected.began,
                                         e->expected.ended ? e->expected.ended : UINT64_MAX,
                                         e->came.began, e->came.ended};
    }
    trace_order_judge(turns, n, order);
    for (unsigned i = 0; i < n; i++) {
        char other[ABOUT_TEXT_MAX];
        if (order[i].how == TURNED_RIGHT)
            continue;
        trace_about_text(&a->exchanges[which[order[i].other]].about, other);
        trace_findings_add(a->findings, FINDING_OVERTAKEN, &a->exchanges[which[i]].about,
                           "answered before %s, which was answered first in the recording", other);
    }
    free(turns);
    free(order);
    free(which);
}

/* ---- all ---- */

void trace_agent_judge(struct trace_agent *a)
{
    struct judging j = {.agent = a};
    if (a->judged)
        return;
    a->judged = true;
    for (unsigned i = 0; i < a->control_count; i++)
        judge_control(&j, &a->controls[i]);
    for (unsigned i = 0; i < a->exchange_count; i++) {
        struct agent_exchange *e = &a->exchanges[i];
        j.text.length = 0;
        if (e->left_out)
            continue;
        if (!e->live_asked)
            find(&j, FINDING_MISSING, e, "it was not asked: the link was over before");
        else if (e->about.raw)
            judge_raw(&j, e);
        else
            judge_http(&j, e);
    }
    for (unsigned i = 0; i < a->exchange_count; i++) {
        j.text.length = 0;
        if (a->exchanges[i].waits)
            judge_swapped(&j, &a->exchanges[i]);
    }
    judge_order(&j);
    wire_buffer_release(&j.text);
}
