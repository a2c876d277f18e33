/* tools/trace_chaos.c -- seeds, one run each, and what they found; see trace_chaos.h */
#include "tools/trace_chaos.h"
#include "actors/exit_codes.h"
#include "actors/settings_text.h"
#include "actors/supervisor.h"
#include "messages/trace_format.h"
#include "messages/trace_reversion.h"
#include "runtime/log.h"
#include "tools/output.h"
#include "tools/trace_input.h"
#include "tools/trace_replay_guard.h"
#include "tools/trace_run.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define AGENT_AT "10.255.0.1:61337"
enum { CUT_BYTES = 3000 };
#define GIVE_UP_US  UINT64_C(60000000)
#define LIMIT_US    UINT64_C(3600000000)
#define PATIENCE_US UINT64_C(1000000)

/* What was recorded, for all runs. */
struct chaos {
    struct trace_streams *streams;
    struct trace_transactions *transactions;
    struct chaos_links links;
    bool has_settings;
    struct settings settings;
    uint64_t lost; /* messages, when it was recorded */
    bool damaged;
    const struct version *version; /* of the agent; NULL: as recorded */
};

/* One run. */
struct chaos_one {
    const struct chaos *of;
    struct sim sim;
    struct chaos_apps apps;
    unsigned link;                     /* that is played, or all were */
    struct trace_reversion *reversion; /* the link as of another version; NULL: as recorded */
    struct trace_agent *agent;
    struct sim_peer *proxy; /* NULL: not connected */
    bool over;              /* the link's agent has nothing more to say */
    unsigned impossible;
    struct trace_findings findings;
};

/* ---- the recording ---- */

/* Each part of a trace has them; a damaged one may not. */
static bool take_settings(struct chaos *c, const struct trace_reader *reader)
{
    char error[SETTINGS_ERROR_MAX];
    size_t length;
    if (c->has_settings || !trace_reader_image(reader, FRAME_SETTINGS, &length))
        return true;
    if (!settings_take(trace_reader_settings(reader), error)) {
        fprintf(stderr, "intproxy-trace: %s\n", error);
        return false;
    }
    c->has_settings = true;
    c->settings = *settings;
    c->settings.standalone = false;
    c->settings.spool_dir = "/spool";
    (void)address_parse(&c->settings.agent, AGENT_AT, error);
    return true;
}

/* 0, or an exit status. */
static int read_files(struct chaos *c, const struct trace_files *files)
{
    struct trace_input in = {0};
    struct trace_record r;
    struct trace_run run = {0};
    bool good = true, begun = false;
    c->streams = trace_streams_new();
    trace_input_open(&in, files->names, files->count);
    while (good && trace_input_next(&in, &r)) {
        good = trace_run_goes_on(&run, &in) && take_settings(c, in.reader);
        begun = true;
        c->lost += r.what == TRACE_LAGGED ? r.lost : 0;
        trace_streams_take(c->streams, in.reader, &r);
    }
    int status = !good ? EXIT_DATA : begun && !in.failed ? 0 : trace_input_status(&in);
    c->damaged = in.bad > 0;
    trace_input_close(&in);
    if (!status && begun && !c->has_settings) {
        fputs("intproxy-trace: the trace has no settings that can be read\n", stderr);
        status = EXIT_DATA;
    }
    if (!status)
        c->transactions = trace_transactions_new(trace_streams_first(c->streams), NULL);
    return status;
}

/* ---- the agent ---- */

static void begin_link(struct chaos_one *one, unsigned number)
{
    static const struct trace_agent_options options = {
        .rules = {.ignored = trace_http_ignored}, .give_up_us = GIVE_UP_US, .swaps = true};
    const struct trace_stream *link = chaos_link(&one->of->links, number);
    one->link = number;
    one->over = false;
    if (link && one->of->version) {
        one->reversion = trace_reversion_new(link, *one->of->version);
        one->impossible += trace_reversion_impossible(one->reversion);
        link = trace_reversion_link(one->reversion);
    }
    one->agent = link ? trace_agent_new(link, &options, &one->findings) : NULL;
}

static void judge_link(struct chaos_one *one)
{
    trace_agent_judge(one->agent);
    trace_agent_free(one->agent);
    if (one->reversion)
        trace_reversion_free(one->reversion);
    one->reversion = NULL;
}

static void end_link(struct chaos_one *one)
{
    judge_link(one);
    if (one->proxy)
        sim_peer_close(one->proxy);
    one->proxy = NULL;
    begin_link(one, one->link + 1);
}

static void on_proxy(struct sim_peer *peer, void *context)
{
    struct chaos_one *one = context;
    if (one->proxy || !one->agent) {
        sim_peer_close(peer);
        return;
    }
    one->proxy = peer;
    trace_agent_begin(one->agent, one->sim.now_us);
}

/* True: it heard or said something. */
static bool agent_acts(struct chaos_one *one, uint64_t *due_us)
{
    size_t length;
    const uint8_t *bytes;
    bool acted = false;
    *due_us = UINT64_MAX;
    if (!one->agent || !one->proxy)
        return false;
    bytes = sim_peer_received(one->proxy, &length);
    if (length) {
        acted = true;
        if (!trace_agent_hear(one->agent, bytes, length, one->sim.now_us))
            trace_agent_lost(one->agent, one->sim.now_us);
        sim_peer_drop(one->proxy, length);
    }
    if (sim_peer_ended(one->proxy) || sim_peer_error(one->proxy))
        trace_agent_lost(one->agent, one->sim.now_us);
    for (;;) {
        switch (trace_agent_next(one->agent, one->sim.now_us, &bytes, &length, due_us)) {
        case AGENT_SAY:
            sim_peer_write(one->proxy, bytes, length);
            acted = true;
            break;
        case AGENT_WAIT: return acted;
        case AGENT_OVER: one->over = true; return acted;
        }
    }
}

/* ---- one run ---- */

static void say_nothing(const char *line)
{
    (void)line;
}

static void run_begin(struct chaos_one *one, uint64_t seed)
{
    one->apps.sim = &one->sim;
    one->apps.streams = trace_streams_first(one->of->streams);
    one->apps.transactions = one->of->transactions;
    one->apps.match = trace_match_new(one->of->transactions, NULL);
    one->apps.findings = &one->findings;
    begin_link(one, 0);
    settings = &one->of->settings;
    log_settings.level = LOG_ERROR;
    supervisor_ready = say_nothing;
    sim_create(&one->sim, seed, one->of->settings.workers, NULL);
    if (seed & 1)
        sim_cut(&one->sim, CUT_BYTES);
    sim_peer_listen(&one->sim, AGENT_AT, on_proxy, one);
    chaos_apps_listen(&one->apps);
    runtime_signals_to(&one->sim.runtime,
                       sim_spawn(&one->sim, &supervisor_type, supervisor_first()));
}

/* Until nobody has anything to say without time. */
static void settle(struct chaos_one *one, uint64_t *due_us)
{
    bool acted = true;
    while (acted && !sim_has_ended(&one->sim)) {
        (void)sim_run_until_idle(&one->sim);
        acted = agent_acts(one, due_us);
        acted = chaos_apps_act(&one->apps) || acted;
    }
}

static void pass_time(struct chaos_one *one, uint64_t due_us)
{
    uint64_t at;
    if (sim_next_due(&one->sim, &at) && at < due_us)
        due_us = at;
    if (due_us > one->sim.now_us + PATIENCE_US)
        due_us = one->sim.now_us + PATIENCE_US;
    (void)sim_advance(&one->sim, due_us > one->sim.now_us ? due_us - one->sim.now_us : 1);
}

static void play(struct chaos_one *one)
{
    uint64_t due, limit = one->sim.now_us + LIMIT_US;
    while (one->agent && one->sim.now_us < limit && !sim_has_ended(&one->sim)) {
        settle(one, &due);
        if (one->over)
            end_link(one);
        else
            pass_time(one, due);
    }
    if (one->agent)
        trace_findings_add(&one->findings, FINDING_MISSING, NULL,
                           "the program ended, or stood still");
}

static void run_end(struct chaos_one *one)
{
    if (one->agent)
        judge_link(one);
    uint64_t kept = sim_destroy(&one->sim);
    if (kept)
        trace_findings_add(&one->findings, FINDING_EXTRA, NULL, "%" PRIu64 " objects leaked", kept);
    trace_match_free(one->apps.match);
    chaos_apps_free(&one->apps);
}

static void run(struct chaos_one *one, uint64_t seed)
{
    replay_guard_at("seed", seed, NULL);
    replay_guard_begin();
    run_begin(one, seed);
    play(one);
    run_end(one);
    replay_guard_end();
}

/* ---- all runs ---- */

static void say_findings(const struct trace_findings *f, uint64_t seed)
{
    char text[ABOUT_TEXT_MAX];
    output_format("seed %" PRIu64 ":\n", seed);
    for (unsigned i = 0; i < f->count; i++)
        if (f->list[i].class < FINDING_FAILURES)
            output_format("  %s %s\n%s\n", finding_name((enum finding_class)f->list[i].class),
                          trace_about_text(&f->list[i].about, text), f->list[i].text);
}

struct chaos_sum {
    uint64_t runs, bad, matched, left_out;
};

static void run_seed(const struct chaos *c, uint64_t seed, struct chaos_sum *sum)
{
    static struct chaos_one one;
    memset(&one, 0, sizeof one);
    one.of = c;
    run(&one, seed);
    sum->runs++;
    sum->matched += one.findings.matched;
    sum->left_out = one.findings.counts[FINDING_LEFT_OUT];
    if (trace_findings_failed(&one.findings, false) && sum->bad++ < 3)
        say_findings(&one.findings, seed);
    trace_findings_release(&one.findings);
}

/* Nothing of what was recorded could be compared, and nothing else went wrong. */
static int nothing_came(void)
{
    output_flush();
    fputs("intproxy-trace: nothing in this trace can be played: that none of it came proves "
          "nothing\n",
          stderr);
    return EXIT_NOTHING;
}

static int run_seeds(const struct chaos *c, uint64_t first, uint64_t count)
{
    struct chaos_sum sum = {0};
    for (uint64_t seed = first; seed - first < count; seed++)
        run_seed(c, seed, &sum);
    output_format("%s: %" PRIu64 " orders, %" PRIu64 " things that were recorded came in them",
                  sum.bad ? "not the same" : "the same in every order", sum.runs, sum.matched);
    if (sum.left_out)
        output_format(", %" PRIu64 " cannot be played (their bytes are not in the trace)",
                      sum.left_out);
    if (sum.bad)
        output_format(", %" PRIu64 " orders differ", sum.bad);
    output_text("\n");
    return sum.bad ? 1 : !sum.matched && sum.left_out ? nothing_came() : 0;
}

/* ---- another version ---- */

/* What is not about an exchange is about the version: what such an agent is not told, or told otherwise. Returns
 * whether an exchange went otherwise than in its form. */
static bool say_forms(const struct trace_findings *f)
{
    char text[ABOUT_TEXT_MAX];
    bool failed = false;
    for (unsigned i = 0; i < f->count; i++) {
        const struct trace_finding *x = &f->list[i];
        failed |= x->class < FINDING_FAILURES && (x->about.has_ids || x->about.method);
        if (x->class < FINDING_FAILURES || x->class == FINDING_FORM)
            output_format("%s %s\n%s\n", finding_name((enum finding_class)x->class),
                          trace_about_text(&x->about, text), x->text);
    }
    return failed;
}

static int run_version(const struct chaos *c)
{
    static struct chaos_one one;
    char version[VERSION_TEXT_MAX];
    memset(&one, 0, sizeof one);
    one.of = c;
    run(&one, 0);
    version_format(*c->version, version);
    bool failed = say_forms(&one.findings);
    output_format("with an agent of %s: %" PRIu64 " things came as recorded, %" PRIu64
                  " answers in another form%s",
                  version, one.findings.matched, one.findings.counts[FINDING_FORM],
                  failed ? ", and what is listed above is not the same" : "");
    if (one.impossible)
        output_format("; %u of the agent's messages no such agent says", one.impossible);
    output_text("\n");
    bool nothing = !one.findings.matched && !one.findings.counts[FINDING_FORM] &&
                   (one.impossible || one.findings.counts[FINDING_LEFT_OUT]);
    trace_findings_release(&one.findings);
    return failed ? 1 : nothing ? nothing_came() : 0;
}

static void release(struct chaos *c)
{
    if (c->transactions)
        trace_transactions_free(c->transactions);
    chaos_links_free(&c->links);
    trace_streams_free(c->streams);
}

/* What cannot be played is said before anything is. 0, or an exit status. */
static int begin(struct chaos *c, const struct trace_files *files)
{
    int status = read_files(c, files);
    if (status)
        return status;
    chaos_links_find(&c->links, trace_streams_first(c->streams));
    chaos_links_say(&c->links);
    chaos_apps_say(trace_streams_first(c->streams));
    if (c->lost)
        fprintf(stderr,
                "intproxy-trace: %" PRIu64
                " messages were lost while the trace was recorded (lagged)\n",
                c->lost);
    return c->links.count ? 0 : EXIT_NOTHING;
}

static int end(const struct chaos *c, int status)
{
    return status ? status : c->damaged ? EXIT_DATA : 0;
}

int chaos_run_version(const struct trace_files *files, struct version version)
{
    struct chaos c = {.version = &version};
    int status = begin(&c, files);
    if (!status)
        status = end(&c, run_version(&c));
    release(&c);
    return status;
}

int chaos_run(const struct trace_files *files, uint64_t first, uint64_t count)
{
    struct chaos c = {0};
    int status = begin(&c, files);
    if (!status)
        status = end(&c, run_seeds(&c, first, count));
    release(&c);
    return status;
}
