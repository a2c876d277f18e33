/* tests/bench/load_agent.c -- the agent's ear: negotiation, subscriptions, answers.
 *
 * Serves one proxy, then ends. Every message of the proxy is parsed from its beginning each time
 * that bytes arrive; a step that finds it whole acts on it. An answer that is not a 200 ends the
 * run: a proxy that refuses is fast, and must not look it.
 */
#include "tests/bench/load_agent.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

unsigned version_number(const char *text)
{
    unsigned major, minor, patch;

    if (sscanf(text, "%4u.%3u.%3u", &major, &minor, &patch) != 3)
        return 0;
    return (major * 1000 + minor) * 1000 + patch;
}

/* ---- parts of messages ---- */

static void skip_headers(struct reader *r)
{
    for (uint64_t names = take_number(r); names && !r->more; names--) {
        take_text(r);
        for (uint64_t values = take_number(r); values && !r->more; values--)
            take_text(r);
    }
}

/* Returns the bytes of data in the frames. */
static uint64_t skip_frames(struct reader *r)
{
    uint64_t bytes = 0;

    for (uint64_t frames = take_number(r); frames && !r->more; frames--) {
        if (take_number(r) == FRAME_DATA)
            bytes += take_text(r).len;
        else
            skip_headers(r);
    }
    return bytes;
}

static void skip_filter(struct reader *r)
{
    enum { HEADER, PATH, COMPOSITE, METHOD, BODY, HEADER_JQ, METHOD_OTHER = 9 };

    switch (take_number(r)) {
    case HEADER:
    case PATH:
    case HEADER_JQ: take_text(r); break;
    case METHOD:
        if (take_number(r) == METHOD_OTHER)
            take_text(r);
        break;
    case BODY:
        take_number(r);
        take_text(r);
        take_text(r);
        break;
    case COMPOSITE:
        take_byte(r);
        for (uint64_t parts = take_number(r); parts && !r->more; parts--)
            skip_filter(r);
        break;
    default: load_fail("the proxy subscribed with a filter of unknown kind");
    }
}

/* Everything of an answer before its body. Returns the connection id. */
static uint64_t take_answer_head(struct reader *r)
{
    uint64_t id, status;

    take_number(r); /* the port */
    id = take_number(r);
    take_number(r); /* the request's number on that connection: ours is always 0 */
    status = take_number(r);
    take_text(r);
    skip_headers(r);
    if (!r->more && status != 200)
        load_fail("an answer is not a 200");
    return id;
}

/* ---- messages; each acts only if it was whole ---- */

static void on_version(struct agent *a, struct reader *r)
{
    struct text text = take_text(r);
    char theirs[32];
    const char *agreed = a->plan->version;

    if (r->more)
        return;
    snprintf(theirs, sizeof theirs, "%.*s", (int)text.len, text.at);
    if (version_number(theirs) < version_number(agreed))
        agreed = theirs;
    a->version = version_number(agreed);
    put_byte(&a->out, FROM_AGENT_VERSION);
    put_string(&a->out, agreed);
}

static void on_subscribe(struct agent *a, struct reader *r, unsigned layer, uint64_t port)
{
    if (r->more)
        return;
    put_kind(&a->out, layer == FROM_PROXY_STEAL ? FROM_AGENT_STEAL : FROM_AGENT_MIRROR,
             AGENT_SUBSCRIBED);
    put_byte(&a->out, 0); /* as it should be, not an error */
    put_number(&a->out, port);
    if (a->port < 0) {
        a->port = (int)port;
        drive_begin(a);
    }
}

static void on_steal_subscribe(struct agent *a, struct reader *r)
{
    enum { ALL, BY_REGEX, BY_FILTER };
    uint64_t type = take_number(r), port = take_number(r);

    if (type == BY_REGEX)
        take_text(r);
    else if (type == BY_FILTER)
        skip_filter(r);
    on_subscribe(a, r, FROM_PROXY_STEAL, port);
}

static void on_data(struct agent *a, struct reader *r)
{
    uint64_t id = take_number(r);
    size_t bytes = take_text(r).len;

    if (!r->more)
        drive_echo(a, id, bytes);
}

static void on_end_connection(struct agent *a, struct reader *r)
{
    uint64_t id = take_number(r);

    if (!r->more)
        drive_ended(a, id);
}

static void on_answer(struct agent *a, struct reader *r, bool framed)
{
    uint64_t id = take_answer_head(r);
    uint64_t bytes = framed ? skip_frames(r) : take_text(r).len;

    if (r->more)
        return;
    drive_answer_bytes(a, bytes);
    drive_answer_done(a, id);
}

static void on_answer_start(struct agent *a, struct reader *r)
{
    uint64_t bytes;

    take_answer_head(r);
    bytes = skip_frames(r);
    if (!r->more)
        drive_answer_bytes(a, bytes);
}

static void on_answer_body(struct agent *a, struct reader *r)
{
    uint64_t bytes = skip_frames(r);
    bool last = take_byte(r);
    uint64_t id = take_number(r);

    take_number(r);
    if (r->more)
        return;
    drive_answer_bytes(a, bytes);
    if (last)
        drive_answer_done(a, id);
}

static void on_answer_chunked(struct agent *a, struct reader *r)
{
    uint64_t kind = take_number(r);

    if (kind == CHUNKED_START && !r->more)
        on_answer_start(a, r);
    else if (kind == CHUNKED_BODY)
        on_answer_body(a, r);
    else if (!r->more)
        load_fail("an answer broke off");
}

static void on_steal(struct agent *a, struct reader *r)
{
    uint64_t kind = take_number(r);

    if (r->more)
        return;
    switch (kind) {
    case PROXY_SUBSCRIBE: on_steal_subscribe(a, r); break;
    case PROXY_END_CONNECTION: on_end_connection(a, r); break;
    case PROXY_UNSUBSCRIBE: take_number(r); break;
    case PROXY_DATA: on_data(a, r); break;
    case PROXY_ANSWER_BASIC: on_answer(a, r, false); break;
    case PROXY_ANSWER_FRAMED: on_answer(a, r, true); break;
    case PROXY_ANSWER_CHUNKED: on_answer_chunked(a, r); break;
    default: load_fail("the proxy sent a steal message of unknown kind");
    }
}

static void on_mirror(struct agent *a, struct reader *r)
{
    enum { SUBSCRIBE = 0, SUBSCRIBE_FILTERED = 3 };
    uint64_t kind = take_number(r), number = take_number(r);

    if (kind == SUBSCRIBE_FILTERED && !r->more)
        skip_filter(r);
    if (kind == SUBSCRIBE || kind == SUBSCRIBE_FILTERED)
        on_subscribe(a, r, FROM_PROXY_MIRROR, number);
}

/* Acts on the next message in `in`; false if it is not whole. */
static bool on_message(struct agent *a)
{
    struct reader r = reader_of(&a->in);
    uint64_t kind = take_number(&r);

    if (r.more)
        return false;
    switch (kind) {
    case FROM_PROXY_STEAL: on_steal(a, &r); break;
    case FROM_PROXY_MIRROR: on_mirror(a, &r); break;
    case FROM_PROXY_PING: put_byte(&a->out, FROM_AGENT_PONG); break;
    case FROM_PROXY_VERSION: on_version(a, &r); break;
    case FROM_PROXY_READY_FOR_LOGS: break;
    case FROM_PROXY_OPERATOR_PONG: take_number(&r); break;
    case FROM_PROXY_CLOSE: load_fail("the proxy said that it closes");
    default: load_fail("the proxy sent a message of unknown kind");
    }
    if (!r.more)
        a->in.at = (size_t)(r.at - a->in.bytes);
    return !r.more;
}

/* ---- the loop ---- */

static void read_messages(struct agent *a)
{
    if (!buffer_fill(&a->in, a->fd))
        load_fail("the proxy has gone");
    while (on_message(a))
        continue;
}

static void write_messages(struct agent *a)
{
    do {
        if (buffer_empty(&a->out))
            drive_more(a);
        if (!buffer_drain(&a->out, a->fd))
            load_fail("the proxy has gone");
    } while (buffer_empty(&a->out) && drive_has_more(a));
}

noreturn void load_agent(const struct load_plan *plan)
{
    struct agent a = {.plan = plan, .port = -1, .version = version_number("1.2.2")};

    if (!version_number(plan->version))
        load_fail("VERSION is not three numbers with dots between");
    drive_create(&a);
    a.fd = accept(load_listen(plan->port), NULL, NULL);
    if (a.fd < 0)
        load_die("no proxy");
    load_prepare(a.fd);
    for (;;) {
        bool writing = !buffer_empty(&a.out) || drive_has_more(&a);
        short events = (short)(writing ? POLLIN | POLLOUT : POLLIN);
        struct pollfd one = {.fd = a.fd, .events = events};

        poll(&one, 1, -1);
        if (one.revents & ~POLLOUT)
            read_messages(&a);
        write_messages(&a);
    }
}
