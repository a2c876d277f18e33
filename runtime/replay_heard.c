/* runtime/replay_heard.c -- what a replayed actor may hear: what somebody had said to it, in that order, and what
 * the runtime makes; see replay.h
 *
 * It is recorded, so the actor would take it as it took it then. But what nobody has said, or the runtime does not
 * make so, was not what went on: the recording is wrong, or who said it does something else now.
 */
#include "runtime/hash.h"
#include "runtime/replay_excerpt.h"
#include "runtime/replay_parts.h"
#include <stdio.h>
#include <string.h>

/* ---- differences ---- */

struct shown {
    struct excerpt spans[2];
    size_t at[2]; /* the byte of each that is to be seen */
};

static struct shown all_of(const struct message *m)
{
    struct shown shown = {.at = {EXCERPT_SAME, EXCERPT_SAME}};
    const struct kind_info *k = message_kind_info(m->kind);
    for (unsigned i = 0; i < k->spans; i++) {
        struct span s;
        memcpy(&s, m->payload.bytes + k->span_offset[i], sizeof s);
        shown.spans[i] = (struct excerpt){span_bytes(s), s.length, s.length};
    }
    return shown;
}

/* What was recorded of it. */
static struct shown kept_of(const struct message *m, const struct replay_call *call)
{
    struct shown shown = all_of(m);
    for (unsigned i = 0; i < message_kind_info(m->kind)->spans && call->capped; i++)
        if (call->kept[i] < shown.spans[i].length)
            shown.spans[i].known = call->kept[i];
    return shown;
}

static void print_message(char out[REPLAY_TEXT_MAX], const struct message *m,
                          const struct shown *shown)
{
    message_print(m, out, REPLAY_TEXT_MAX);
    for (unsigned i = 0; i < message_kind_info(m->kind)->spans; i++)
        excerpt_print(out, shown->spans[i], shown->at[i]);
}

static bool not_heard(struct replay *r, const struct message *heard, const char *what)
{
    struct shown shown = all_of(heard);
    snprintf(r->difference.what, sizeof r->difference.what, "%s", what);
    print_message(r->difference.expected, heard, &shown);
    snprintf(r->difference.came, sizeof r->difference.came, "nothing");
    return false;
}

/* ---- what was heard was said ---- */

static bool is_of_actor(struct actor_ref from, uint16_t kind)
{
    return !ref_is_nobody(from) && !kind_is_of_runtime(kind);
}

/* One that is compared still. */
static bool is_whole(const struct replay *r, struct actor_ref ref)
{
    const struct replayed *a = replay_find(r, ref);
    return a && !a->left_out && !a->doubted;
}

/* What it had heard is not known to the end: so what was said to it may be what it heard, or what it did not. */
static bool is_partly_known(const struct replay *r, struct actor_ref ref)
{
    return replay_find(r, ref) && !is_whole(r, ref);
}

static bool same_capped(const struct replay_call *call, const struct message *said,
                        const struct message *heard)
{
    const struct kind_info *k = message_kind_info(said->kind);
    struct message *a = message_copy(said), *b = message_copy(heard);
    bool same = said->kind == heard->kind;
    for (unsigned i = 0; i < k->spans && same; i++) {
        struct span s, none = NO_BYTES;
        memcpy(&s, said->payload.bytes + k->span_offset[i], sizeof s);
        if (call->kept[i] == call->length[i])
            continue;
        same = s.length == call->length[i] && hash_fits(call->hash[i], span_bytes(s), s.length);
        span_release((struct span *)(void *)(a->payload.bytes + k->span_offset[i]));
        span_release((struct span *)(void *)(b->payload.bytes + k->span_offset[i]));
        memcpy(a->payload.bytes + k->span_offset[i], &none, sizeof none);
        memcpy(b->payload.bytes + k->span_offset[i], &none, sizeof none);
    }
    same = same && message_equal(a, b);
    message_free(a);
    message_free(b);
    return same;
}

static bool same_message(const struct replay_call *call, const struct message *said,
                         const struct message *heard)
{
    return call->capped ? same_capped(call, said, heard) : message_equal(said, heard);
}

static const char *span_name(const struct message *m, unsigned span)
{
    const struct field_info *f = message_kind_info(m->kind)->fields;
    for (; f->name; f++)
        if (f->type == FIELD_span && span-- == 0)
            return f->name;
    return "it";
}

/* Where the span of this number parts. */
static size_t parting(const struct replay_call *call, unsigned span, struct excerpt said,
                      struct excerpt heard)
{
    size_t at = excerpt_parting(said, heard);
    bool is_cut = heard.known < heard.length;
    if (at == EXCERPT_SAME && is_cut && !hash_fits(call->hash[span], said.bytes, said.length))
        return heard.known;
    return at;
}

static void differs(struct replay *r, const struct replay_call *call, const struct message *said,
                    const struct message *heard)
{
    struct replay_difference *d = &r->difference;
    struct shown now = all_of(said), then = kept_of(heard, call);
    snprintf(d->what, sizeof d->what, "what it heard is not what its sender says now");
    for (unsigned i = 0; said->kind == heard->kind && i < message_kind_info(said->kind)->spans;
         i++) {
        now.at[i] = then.at[i] = parting(call, i, now.spans[i], then.spans[i]);
        excerpt_say(d->what, sizeof d->what, span_name(said, i), then.spans[i], then.at[i]);
    }
    print_message(d->expected, heard, &then);
    print_message(d->came, said, &now);
}

bool replay_was_said(struct replay *r, const struct replay_call *call, const struct message *m)
{
    if (!is_of_actor(m->from, m->kind))
        return true;
    struct message *said = said_take(&r->said, m->from, m->to);
    if (!said && is_whole(r, m->from))
        return not_heard(r, m, "it heard what its sender had not said");
    if (!said && r->is_complete && !replay_find(r, m->from))
        return not_heard(r, m, "it heard something of somebody who does not live");
    if (!said)
        return true;
    bool same = same_message(call, said, m);
    if (same)
        r->counts.said++;
    else
        differs(r, call, said, m);
    message_free(said);
    return same;
}

enum replay_result replay_lost(struct replay *r, struct actor_ref from, struct actor_ref to,
                               uint16_t kind, uint64_t sequence)
{
    struct heap *before = heap_enter(r->heap);
    enum replay_result result = REPLAY_LEFT_OUT;
    bool by_actor = is_of_actor(from, kind);
    struct message *said = by_actor ? said_take(&r->said, from, to) : NULL;
    bool same = said && said->kind == kind;
    if (by_actor && !same && is_whole(r, from) && !is_partly_known(r, to)) {
        snprintf(r->difference.what, sizeof r->difference.what,
                 "what nobody heard of it is not what it says now");
        snprintf(r->difference.expected, REPLAY_TEXT_MAX, "%s", message_kind_info(kind)->name);
        snprintf(r->difference.came, REPLAY_TEXT_MAX, "nothing");
        if (said) {
            struct shown shown = all_of(said);
            print_message(r->difference.came, said, &shown);
        }
        result =
            replay_differs(r, replay_find(r, from), &(struct replay_call){.sequence = sequence});
    } else if (said) {
        result = REPLAY_SAME;
    }
    if (said)
        message_free(said);
    heap_enter(before);
    return result;
}

/* ---- what was heard came from the runtime ---- */

static bool had_exchange(const struct replayed *a, uint32_t exchange)
{
    for (unsigned i = 0; i < a->exchange_count; i++)
        if (a->exchanges[i] == exchange)
            return true;
    return false;
}

/* Of a listener that has ended nothing is known any more. */
static bool was_accepted(const struct replay *r, const struct replayed *a, const struct message *m,
                         char why[200])
{
    struct actor_ref by = msg_socket_accepted((struct message *)(uintptr_t)m)->listener;
    const struct replayed *listener = replay_find(r, by);
    snprintf(why, 200, "it was accepted by one, and hears it of another");
    return ref_equal(m->from, by) &&
           (!is_whole(r, by) || owned_accepts(&listener->owned, a->type, m, why));
}

/* False: the runtime does not make it so. */
static bool was_made(struct replay *r, struct replayed *a, const struct replay_call *call,
                     const struct message *m)
{
    char why[200];
    bool event = m->kind <= MSG_LAST_EVENT;
    if (event && (!ref_equal(m->from, NOBODY) || !had_exchange(a, m->exchange)))
        return not_heard(r, m, "an event of the runtime that is not made as events are");
    if (m->flags || (m->kind == MSG_SIGNAL && m->exchange))
        return not_heard(r, m, "what the runtime makes has no flags, and a signal no exchange");
    if (m->kind == MSG_DOWN && !ends_heard(&r->ends, m, why))
        return not_heard(r, m, why);
    if (m->kind == MSG_SOCKET_ACCEPTED && !was_accepted(r, a, m, why))
        return not_heard(r, m, why);
    if (!owned_heard(&a->owned, m, call->now_us, why))
        return not_heard(r, m, why);
    return true;
}

bool replay_may_hear(struct replay *r, struct replayed *a, const struct replay_call *call,
                     const struct message *m)
{
    char why[200];
    if (ref_is_nobody(m->from) && !ref_equal(m->from, NOBODY))
        return not_heard(r, m, "it heard something of a ref that there cannot be");
    if (a->actor->exchange != call->exchange)
        return not_heard(r, m, "it was at work on another exchange");
    if (r->bounds && !call->capped && !r->bounds(a->type, m, why))
        return not_heard(r, m, why);
    if (kind_is_of_runtime(m->kind))
        return was_made(r, a, call, m);
    if (ref_is_nobody(m->from) && (call->number > 1 || m->flags))
        return not_heard(r, m, "it heard what only an actor says, of nobody");
    return true;
}
