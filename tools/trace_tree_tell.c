/* tools/trace_tree_tell.c -- see trace_tree.h */
#include "messages/vocabulary.h"
#include "messages/exchange_number.h"
#include "tools/trace_input.h"
#include "tools/trace_story.h"
#include "tools/trace_tree.h"
#include <inttypes.h>

enum { INDENT = 2, DEEPEST = 12, WIDTH_TIME = 10 };

/* What an exchange waits for. */
enum awaited {
    FOR_APPLICATION,
    FOR_AGENT,
    FOR_CLIENT,
    FOR_PROXY,
    FOR_TIMER,
    FOR_CREDIT,
    FOR_CONNECTION,
    FOR_NAMES,
    FOR_DISK,
    FOR_MAILBOX,
    FOR_OTHER,
    AWAITED
};
static const char *const awaited_names[AWAITED] = {
    [FOR_APPLICATION] = "the application",
    [FOR_AGENT] = "the agent",
    [FOR_CLIENT] = "the client",
    [FOR_PROXY] = "the proxy",
    [FOR_TIMER] = "a timer",
    [FOR_CREDIT] = "credit: the receiver had enough under way",
    [FOR_CONNECTION] = "a local connection to be free",
    [FOR_NAMES] = "a name look-up",
    [FOR_DISK] = "the disk",
    [FOR_MAILBOX] = "its turn: the message was in the mailbox",
    [FOR_OTHER] = "something that the trace does not tell",
};

struct telling {
    const struct trace_tree *tree;
    struct trace_text *out;
    struct trace_view view;
    struct trace_story *story;
    const struct trace_exchange *exchange;
    bool begun;
    uint64_t first_ns, last_ns; /* begin of the first, end of the last line so far */
    uint64_t handled_ns, wait_ns, records;
    uint64_t waited_ns[AWAITED], gaps;
    uint64_t lost;  /* calls, since the last line */
    bool has_ended; /* an actor of the exchange: what is lost later is of others */
};

void trace_tree_title(struct trace_text *t, const struct trace_exchange *x)
{
    if (x->has_request) {
        trace_text_escaped(t, x->method, strlen(x->method));
        trace_text_char(t, ' ');
        trace_text_escaped(t, x->target, strlen(x->target));
    } else {
        trace_text_word(t, x->raw ? "raw connection" : "?");
    }
    if (x->status)
        trace_text_format(t, " -> %u", x->status);
    if (x->answer_status && x->answer_status != x->status)
        trace_text_format(t, " -> %u to the agent", x->answer_status);
}

/* ---- gaps ------------------------------------------------------------------------------------ */

static bool is_of(const struct trace_record *r, const char *type)
{
    return r->type && strcmp(r->type, type) == 0;
}

/* Who is at the other end of an actor's socket. */
static enum awaited peer_of(const struct trace_record *r)
{
    if (is_of(r, "local_connection"))
        return FOR_APPLICATION;
    if (is_of(r, "link_connection"))
        return FOR_AGENT;
    if (is_of(r, "agent_session"))
        return FOR_PROXY;
    return is_of(r, "agent_remote") ? FOR_CLIENT : FOR_OTHER;
}

/* What comes behind a gap tells what was waited for. */
static enum awaited awaited_by(const struct telling *t, const struct trace_record *r,
                               const struct trace_told *told)
{
    if (told->has_wait && told->wait_ns >= t->tree->gap_ns)
        return FOR_MAILBOX;
    switch (r->kind ? r->kind->ours : MSG_NONE) {
    case MSG_SOCKET_CONNECTED:
    case MSG_SOCKET_DATA:
    case MSG_SOCKET_END:
    case MSG_SOCKET_FAILED:
    case MSG_SOCKET_DRAINED: return peer_of(r);
    case MSG_TIMER: return FOR_TIMER;
    case MSG_CREDIT: return FOR_CREDIT;
    case MSG_GRANT: return FOR_CONNECTION;
    case MSG_RESOLVED: return FOR_NAMES;
    case MSG_FILE_OPENED:
    case MSG_FILE_WRITTEN:
    case MSG_FILE_READ: return FOR_DISK;
    default: return FOR_OTHER;
    }
}

static void put_gap(struct telling *t, const struct trace_record *r, const struct trace_told *told)
{
    uint64_t began_ns = trace_began_ns(r);
    uint64_t gap_ns = began_ns > t->last_ns ? began_ns - t->last_ns : 0;
    if (!t->begun || gap_ns < t->tree->gap_ns || gap_ns == 0)
        return;
    enum awaited what = awaited_by(t, r, told);
    t->waited_ns[what] += gap_ns;
    t->gaps++;
    trace_text_pad(t->out, t->out->length, WIDTH_TIME + 1);
    trace_text_word(t->out, t->tree->colour ? "\033[33m... " : "... ");
    trace_text_time(t->out, gap_ns);
    trace_text_word(t->out, " waiting for ");
    trace_text_word(t->out, awaited_names[what]);
    trace_text_word(t->out, t->tree->colour ? "\033[0m\n" : "\n");
}

/* Any of them may have been of this exchange. */
static void put_lost(struct telling *t)
{
    if (t->begun && t->lost) {
        trace_text_pad(t->out, t->out->length, WIDTH_TIME + 1);
        trace_text_format(t->out,
                          "... calls are missing here, of this exchange or of others: %" PRIu64
                          ", the recorder could not keep up\n",
                          t->lost);
    }
    t->lost = 0;
}

/* ---- lines ----------------------------------------------------------------------------------- */

static void put_time(struct telling *t, uint64_t ns)
{
    struct trace_text *out = t->out;
    struct trace_text number = {0};
    trace_text_seconds(&number, ns > t->first_ns ? ns - t->first_ns : 0);
    if (number.length < WIDTH_TIME)
        trace_text_pad(out, out->length, WIDTH_TIME - number.length);
    trace_text_bytes(out, number.at, number.length);
    trace_text_char(out, ' ');
    trace_text_free(&number);
}

/* Who stands before it: a socket of the link, of the application ... */
static void put_from(const struct telling *t, const struct trace_record *r)
{
    static const char *const peers[AWAITED] = {[FOR_APPLICATION] = "application",
                                               [FOR_AGENT] = "agent",
                                               [FOR_CLIENT] = "client",
                                               [FOR_PROXY] = "proxy"};
    char name[TRACE_ACTOR_TEXT_MAX];
    bool is_socket = r->kind->ours >= MSG_SOCKET_CONNECTED && r->kind->ours <= MSG_SOCKET_DRAINED;
    const char *peer = is_socket ? peers[peer_of(r)] : NULL;
    if (!ref_is_nobody(r->from))
        trace_text_word(t->out, trace_actor_text(t->view.actors, r->from, name));
    else
        trace_text_word(t->out, peer ? peer : "runtime");
}

static void put_message(const struct telling *t, const struct trace_record *r,
                        const struct trace_exchange *x)
{
    char name[TRACE_ACTOR_TEXT_MAX];
    put_from(t, r);
    trace_text_word(t->out, " -> ");
    trace_text_word(t->out, trace_actor_text(t->view.actors, r->to, name));
    trace_text_word(t->out, t->tree->colour ? " \033[1m" : " ");
    trace_text_escaped(t->out, r->kind->name, strlen(r->kind->name));
    trace_text_word(t->out, t->tree->colour ? "\033[0m" : "");
    if (r->what == TRACE_UNDELIVERED)
        trace_text_word(t->out, " was not delivered: the actor had ended");
    else
        trace_line_fields(&t->view, t->out, r, x);
}

static void put_effects(const struct telling *t, const struct trace_record *r)
{
    struct trace_effect e;
    size_t at = 0;
    const char *before = " | ";
    while (!t->tree->no_effects && trace_effect_next(t->view.reader, r, &at, &e)) {
        if (e.kind == EFFECT_SEND) /* it stands below */
            continue;
        trace_text_word(t->out, before);
        trace_line_effect(&t->view, t->out, &e);
        before = "; ";
    }
}

static void put_foreign(const struct telling *t, const struct trace_record *r,
                        const struct trace_exchange *x)
{
    uint32_t number = trace_record_exchange(r);
    if (!number || number == t->exchange->number)
        return;
    trace_text_word(t->out, " (of exchange ");
    trace_line_exchange(t->out, r, x);
    trace_text_char(t->out, ')');
}

static void count(struct telling *t, const struct trace_record *r, const struct trace_told *told)
{
    t->last_ns = r->ended_ns > t->last_ns ? r->ended_ns : t->last_ns;
    if (!told->member)
        return;
    t->has_ended = t->has_ended || r->what == TRACE_END;
    t->records++;
    t->handled_ns += r->what == TRACE_UNDELIVERED ? 0 : r->took_ns; /* nobody handled it */
    t->wait_ns += told->has_wait ? told->wait_ns : 0;
}

static void tell(struct telling *t, const struct trace_record *r, const struct trace_told *told,
                 const struct trace_exchange *x)
{
    char name[TRACE_ACTOR_TEXT_MAX];
    unsigned depth = trace_story_depth(t->story, told);
    if (!t->begun)
        t->first_ns = t->last_ns = trace_began_ns(r);
    put_lost(t);
    put_gap(t, r, told);
    t->begun = true;
    put_time(t, trace_began_ns(r));
    trace_text_pad(t->out, t->out->length, INDENT * (depth < DEEPEST ? depth : DEEPEST));
    if (r->what == TRACE_END) {
        trace_text_word(t->out, trace_actor_text(t->view.actors, r->to, name));
        trace_text_word(t->out, " ended");
    } else {
        put_message(t, r, x);
    }
    put_effects(t, r);
    put_foreign(t, r, x);
    trace_text_char(t->out, '\n');
    count(t, r, told);
}

/* ---- begin and end --------------------------------------------------------------------------- */

/* At the time of the first line, from which on the others count. */
static void put_begin(const struct telling *t, uint64_t ns)
{
    const struct trace_exchange *x = t->exchange;
    const struct trace_record none = {.exchange = x->number};
    char number[EXCHANGE_TEXT_MAX];
    trace_text_format(t->out, "exchange %s [", exchange_number_print(x->number, number));
    trace_line_exchange(t->out, &none, x);
    trace_text_word(t->out, "] ");
    trace_tree_title(t->out, x);
    trace_text_word(t->out, ", at ");
    trace_text_seconds(t->out, ns > t->tree->began_ns ? ns - t->tree->began_ns : 0);
    trace_text_char(t->out, '\n');
}

static void put_end(const struct telling *t)
{
    trace_text_word(t->out, "took ");
    trace_text_time(t->out, t->last_ns - t->first_ns);
    trace_text_format(t->out, " in %" PRIu64 " records: handling ", t->records);
    trace_text_time(t->out, t->handled_ns);
    trace_text_word(t->out, ", in mailboxes ");
    trace_text_time(t->out, t->wait_ns);
    trace_text_format(t->out, "; %" PRIu64 " gap%s of ", t->gaps, t->gaps == 1 ? "" : "s");
    trace_text_time(t->out, t->tree->gap_ns);
    trace_text_word(t->out, " or more");
    for (unsigned i = 0; i < AWAITED; i++)
        if (t->waited_ns[i]) {
            size_t length = strcspn(awaited_names[i], ":");
            trace_text_word(t->out, ", ");
            trace_text_time(t->out, t->waited_ns[i]);
            trace_text_word(t->out, " for ");
            trace_text_bytes(t->out, awaited_names[i], length);
        }
    trace_text_char(t->out, '\n');
}

void trace_tree_tell(const struct trace_tree *tree, struct trace_text *out,
                     const char *const *paths, unsigned count, struct trace_exchanges *exchanges,
                     const struct trace_exchange *x)
{
    struct telling t = {.tree = tree, .out = out, .exchange = x, .view.excerpt = TRACE_EXCERPT};
    struct trace_input first = {.quiet = true}, second = {.quiet = true};
    struct trace_record r;
    const struct trace_told *told;
    t.story = trace_story_new(x->number);
    trace_input_open(&first, paths, count);
    while (trace_input_next(&first, &r))
        trace_story_take(t.story, first.reader, &r);
    trace_input_close(&first);
    trace_input_open(&second, paths, count);
    trace_view_create(&t.view, second.reader);
    while (trace_input_next(&second, &r)) {
        uint32_t number = trace_record_exchange(&r);
        trace_view_take(&t.view, &r);
        t.lost += r.what == TRACE_LAGGED ? r.lost : 0;
        if ((told = trace_story_find(t.story, r.sequence)) == NULL)
            continue;
        if (!t.begun)
            put_begin(&t, trace_began_ns(&r));
        tell(&t, &r, told, number ? trace_exchange_of_number(exchanges, number) : NULL);
    }
    if (!t.has_ended)
        put_lost(&t);
    put_end(&t);
    trace_view_destroy(&t.view);
    trace_input_close(&second);
    trace_story_free(t.story);
}
