/* actors/upload.c -- see upload.h */
#include "actors/upload.h"
#include "messages/limits.h"
#include "runtime/heap.h"

void upload_create(struct upload *u, struct actor_ref link, uint32_t memory_max, bool http)
{
    *u = (struct upload){.link = link, .memory_max = memory_max, .holding = true, .http = http};
}

static void drop_first(struct upload *u)
{
    struct part *p = u->first;
    u->first = p->next;
    if (!u->first)
        u->last = NULL;
    span_release(&p->bytes);
    heap_free(p, sizeof *p);
}

/* ---- grace ---- */

static void hold_link(struct actor *self, struct upload *u, bool on, uint64_t most_us)
{
    if (!ref_is_nobody(u->link))
        actor_send(self, u->link, msg_hold_new((struct msg_hold){most_us, on}));
}

static void end_grace(struct actor *self, struct upload *u)
{
    if (!u->grace)
        return;
    u->grace = false;
    timer_stop(self, UPLOAD_TIMER);
    hold_link(self, u, false, 0);
}

/* May more stay in memory than the window, because it will be gone in a moment? What is on its way
 * from the link when it is asked to rest is a few reads. */
static bool may_wait(struct actor *self, struct upload *u, uint32_t bytes)
{
    if (u->grace)
        return u->waiting_bytes + bytes <= 4 * (uint64_t)WINDOW_MAX;
    if (ref_is_nobody(u->local) || u->spool.open || actor_now(self) < u->no_grace_until_us)
        return false;
    u->grace = true;
    timer_start(self, UPLOAD_TIMER, GRACE_US);
    hold_link(self, u, true, GRACE_US);
    return true;
}

void upload_on_timer(struct actor *self, struct upload *u)
{
    u->grace = false;
    u->no_grace_until_us = actor_now(self) + GRACE_AGAIN_US;
}

static void watch_disk(struct actor *self, struct upload *u)
{
    uint64_t behind = u->spool.written - u->spool.confirmed;
    if (!u->disk_grace && behind > SPOOL_BEHIND_MAX / 2) {
        u->disk_grace = true;
        hold_link(self, u, true, DISK_GRACE_US);
    } else if (u->disk_grace && behind < SPOOL_BEHIND_MAX / 4) {
        u->disk_grace = false;
        hold_link(self, u, false, 0);
    }
}

/* ---- parts ---- */

void upload_destroy(struct actor *self, struct upload *u)
{
    end_grace(self, u);
    if (u->disk_grace)
        hold_link(self, u, false, 0);
    u->disk_grace = false;
    u->unsent = NULL;
    while (u->first)
        drop_first(u);
    spool_close(self, &u->spool);
}

void upload_upgrade(struct actor *self, struct upload *u)
{
    struct actor_ref link = u->link;
    uint32_t memory_max = u->memory_max, file = u->spool.file;
    upload_destroy(self, u);
    *u = (struct upload){.link = link, .memory_max = memory_max, .spool = {.file = file}};
}

void upload_release_held(struct upload *u)
{
    u->holding = false;
    while (u->first != u->unsent)
        drop_first(u);
}

bool upload_is_held(const struct upload *u, bool reached)
{
    return u->holding && (!reached || u->held_bytes <= HOLD_MAX);
}

bool upload_is_empty(const struct upload *u)
{
    return u->unsent == NULL && !u->spool.open;
}

bool upload_has_left(const struct upload *u)
{
    return upload_is_empty(u) && (u->connected || u->held_bytes == 0);
}

static void append(struct upload *u, struct span bytes, bool last, bool trailers)
{
    struct part *p = heap_alloc(sizeof *p);
    span_settle(&bytes); /* it may wait for long */
    *p = (struct part){NULL, bytes, last, trailers};
    if (u->last)
        u->last->next = p;
    else
        u->first = p;
    u->last = p;
    if (!u->unsent)
        u->unsent = p;
    u->waiting_bytes += bytes.length;
}

static void say_part(struct actor *self, struct upload *u, struct span bytes, bool last,
                     bool trailers)
{
    struct message *m = msg_assign_body_new((struct msg_assign_body){bytes, last, trailers});
    m->flags = u->http ? ASSIGN_HTTP : 0;
    actor_send(self, u->local, m);
}

static void send_unsent(struct actor *self, struct upload *u)
{
    struct part *p = u->unsent;
    u->waiting_bytes -= p->bytes.length;
    u->credit -= p->bytes.length;
    u->unsent = p->next;
    if (u->holding) {
        say_part(self, u, span_ref(p->bytes), p->last, p->trailers);
        return;
    }
    say_part(self, u, span_take(&p->bytes), p->last, p->trailers);
    drop_first(u);
}

/* The file is empty: what follows goes through memory again. */
static void leave_spool(struct actor *self, struct upload *u)
{
    bool last = u->spool.last;
    struct span trailers = span_take(&u->spool.trailers);
    spool_close(self, &u->spool);
    if (trailers.length)
        append(u, trailers, last, true);
    else if (last)
        append(u, NO_BYTES, true, false);
}

static void pump(struct actor *self, struct upload *u)
{
    if (ref_is_nobody(u->local))
        return;
    while (u->unsent && (u->credit > 0 || u->unsent->bytes.length == 0))
        send_unsent(self, u);
    if (u->waiting_bytes < u->memory_max / 2)
        end_grace(self, u);
    if (!u->spool.open)
        return;
    if (u->waiting_bytes < u->memory_max / 2)
        spool_read(self, &u->spool);
    if (!u->unsent && spool_is_empty(&u->spool)) {
        leave_spool(self, u);
        pump(self, u);
    }
}

static enum upload_result result_of(enum spool_result r)
{
    static const enum upload_result results[] = {[SPOOL_OK] = UPLOAD_OK,
                                                 [SPOOL_LIMIT] = UPLOAD_TOO_LARGE,
                                                 [SPOOL_BEHIND] = UPLOAD_BEHIND,
                                                 [SPOOL_DISK] = UPLOAD_DISK};
    return results[r];
}

static enum upload_result add_to_spool(struct actor *self, struct upload *u, struct span bytes,
                                       bool last, bool trailers)
{
    enum spool_result r = SPOOL_OK;
    if (trailers) {
        span_release(&u->spool.trailers); /* the last ones count, as in local_request.c */
        u->spool.trailers = span_take(&bytes);
        span_settle(&u->spool.trailers);
    } else if (bytes.length) {
        r = spool_write(self, &u->spool, span_take(&bytes));
    }
    u->spool.last |= last;
    watch_disk(self, u);
    return result_of(r);
}

/* Could it go at once, without a stop in the list? Nobody waits before it and nothing is held. */
static bool passes_through(const struct upload *u)
{
    return !u->holding && !u->unsent && !u->spool.open && u->credit > 0 && !ref_is_nobody(u->local);
}

/* Until there is a connection all may have to be sent again, however long it is: what was sent is
 * little more than the first credit, the rest waits anyway. */
static void hold_while_needed(struct upload *u)
{
    if (u->holding && u->connected && u->held_bytes > HOLD_MAX)
        upload_release_held(u);
}

enum upload_result upload_add(struct actor *self, struct upload *u, struct span bytes, bool last,
                              bool trailers)
{
    if (u->ended) {
        span_release(&bytes);
        return UPLOAD_OK; /* a body after its end (DEL-5) */
    }
    u->ended = last;
    u->held_bytes += bytes.length;
    hold_while_needed(u);
    if (passes_through(u)) {
        u->credit -= bytes.length;
        say_part(self, u, bytes, last, trailers);
        return UPLOAD_OK;
    }
    /* an end alone needs no memory, and would be lost in a spool that holds nothing */
    bool full = bytes.length && !trailers && u->waiting_bytes + bytes.length > u->memory_max;
    if (u->spool.open || (full && !may_wait(self, u, bytes.length)))
        return add_to_spool(self, u, bytes, last, trailers);
    append(u, bytes, last, trailers);
    pump(self, u);
    return UPLOAD_OK;
}

void upload_attach(struct actor *self, struct upload *u, struct actor_ref local, int64_t credit)
{
    u->local = local;
    u->credit = credit;
    pump(self, u);
}

void upload_detach(struct upload *u)
{
    u->local = NOBODY;
    u->credit = 0;
    u->connected = false;
    u->unsent = u->first;
    u->waiting_bytes = 0;
    for (struct part *p = u->first; p; p = p->next)
        u->waiting_bytes += p->bytes.length;
}

enum upload_result upload_credit(struct actor *self, struct upload *u, uint64_t bytes)
{
    u->credit += (int64_t)bytes;
    u->connected = true;
    hold_while_needed(u);
    pump(self, u);
    return UPLOAD_OK;
}

enum upload_result upload_on_file(struct actor *self, struct upload *u, struct message *m)
{
    if (!spool_is_mine(&u->spool, m))
        return UPLOAD_OK; /* it was closed meanwhile */
    enum spool_result r = spool_on_done(&u->spool, m);
    watch_disk(self, u);
    if (r != SPOOL_OK)
        return result_of(r);
    if (m->kind == MSG_FILE_READ)
        append(u, span_take(&msg_file_read(m)->bytes), false, false);
    pump(self, u);
    return UPLOAD_OK;
}
