/* tests/fuzz/fuzz_peers.c -- libFuzzer over what replays against real peers make of a recorded connection.
 *
 * The input is a connection: pieces of both sides, cut anywhere, with holes. As a link it is played as the agent to
 * a proxy that says the near side's bytes again; as a connection to an application it is cut into requests, each is
 * matched, compared with itself and said again from either side. Whatever the bytes, all of it comes to an end,
 * and an answer is the same as itself.
 */
#include "messages/kinds.h"
#include "messages/trace_agent.h"
#include "messages/trace_match.h"
#include "messages/trace_walk.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PIECES_MAX = 200, STEPS_MAX = 5000 };

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* A piece: a byte of what it is, for bytes one of how many, for a hole one of how many are not there. */
static void make(struct trace_stream *s, struct trace_piece *pieces,
                 struct wire_buffer bytes[SIDES], const uint8_t *at, const uint8_t *end)
{
    uint64_t now_ns = 1000;
    s->pieces = pieces;
    while (at < end && s->count < PIECES_MAX) {
        uint8_t what = *at++;
        struct trace_piece *p = &pieces[s->count++];
        *p = (struct trace_piece){.what = what & 3,
                                  .side = what >> 2 & 1,
                                  .raw = what >> 3 & 1,
                                  .exchange = s->count,
                                  .at_ns = now_ns += 1000};
        p->missing = (what & 0xf0) == 0xf0;
        if (p->what != PIECE_BYTES || at == end)
            continue;
        size_t length = *at++;
        p->length = p->kept = (uint32_t)(length < (size_t)(end - at) ? length : (size_t)(end - at));
        p->offset = bytes[p->side].length;
        trace_put(&bytes[p->side], at, p->kept);
        at += p->kept;
        if ((what & 0x30) == 0x30 && at < end)
            p->length += *at++;
    }
    for (unsigned i = 0; i < SIDES; i++) {
        s->bytes[i].at = bytes[i].at;
        s->bytes[i].length = bytes[i].length;
    }
}

static void play_agent(const struct trace_stream *s)
{
    struct trace_findings findings = {0};
    struct trace_agent_options options = {
        .rules = {trace_http_ignored, true}, .give_up_us = 10, .settle_us = 10};
    struct trace_agent *a = trace_agent_new(s, &options, &findings);
    const uint8_t *bytes;
    size_t length, heard = 0;
    uint64_t now_us = 1, due_us;
    enum trace_agent_next next = AGENT_WAIT;
    trace_agent_begin(a, now_us);
    for (unsigned i = 0; i < STEPS_MAX; i++) {
        next = trace_agent_next(a, now_us, &bytes, &length, &due_us);
        if (next == AGENT_OVER)
            break;
        if (next == AGENT_SAY)
            continue;
        if (heard == s->bytes[SIDE_NEAR].length) {
            now_us = due_us > now_us ? due_us : now_us + 1;
        } else if (!trace_agent_hear(a, s->bytes[SIDE_NEAR].at + heard, 1, now_us)) {
            trace_agent_lost(a, now_us);
        } else {
            heard++;
        }
    }
    must(next == AGENT_OVER);
    trace_agent_judge(a);
    trace_agent_free(a);
    trace_findings_release(&findings);
}

static void walk(const struct trace_transaction *t, enum stream_side mine)
{
    struct trace_walk w;
    struct trace_walk_heard all = {true, SIZE_MAX / 2, true, true};
    const uint8_t *bytes;
    size_t length, said = 0;
    uint64_t due_us;
    enum trace_walk_next next;
    trace_walk_begin(&w, t, mine, 0, 1);
    while ((next = trace_walk_next(&w, &all, 1, &bytes, &length, &due_us)) != WALK_OVER) {
        must(next != WALK_WAIT);
        if (next == WALK_RESET)
            return;
        said += next == WALK_SAY ? length : 0;
    }
    must(said == t->length[mine]);
}

static void play_application(const struct trace_stream *s)
{
    struct trace_transactions *all = trace_transactions_new(s, NULL);
    struct trace_match *m = trace_match_new(all, NULL);
    struct trace_http_rules rules = {NULL, true};
    struct wire_buffer text = {0};
    unsigned index;
    for (unsigned i = 0; i < all->count; i++) {
        const struct trace_transaction *t = &all->list[i];
        must(t->http[SIDE_NEAR] <= t->length[SIDE_NEAR] &&
             t->http[SIDE_FAR] <= t->length[SIDE_FAR]);
        must(trace_http_compare(&t->answer, &t->answer, &rules, &text));
        if (t->left_out)
            continue;
        walk(t, SIDE_NEAR);
        walk(t, SIDE_FAR);
        if (!t->raw)
            must(trace_match_request(m, &t->request, &index, &text) == MATCHED);
        else
            must(trace_match_raw(m, trace_transaction_bytes(t, SIDE_NEAR), t->length[SIDE_NEAR],
                                 &index));
    }
    must(trace_match_left(m) == 0);
    wire_buffer_release(&text);
    trace_match_free(m);
    trace_transactions_free(all);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct trace_piece pieces[PIECES_MAX];
    struct wire_buffer bytes[SIDES] = {{0}, {0}};
    struct trace_stream s = {.connected = true};
    if (size < 1)
        return 0;
    messages_init();
    s.kind = data[0] & 1 ? STREAM_LOCAL : STREAM_LINK;
    make(&s, pieces, bytes, data + 1, data + size);
    if (s.kind == STREAM_LOCAL && s.count)
        play_application(&s);
    else if (s.kind == STREAM_LINK)
        play_agent(&s);
    for (unsigned i = 0; i < SIDES; i++)
        wire_buffer_release(&bytes[i]);
    return 0;
}
