/* runtime/recorder_reader.c -- entries out of the rings, in the order of their ends; see recorder.h */
#include "runtime/recorder_part.h"

#define END_LATE_NS UINT64_C(1000000000)

static uint32_t took(uint64_t began_ns, uint64_t ended_ns)
{
    if (ended_ns <= began_ns)
        return 0;
    return ended_ns - began_ns < UINT32_MAX ? (uint32_t)(ended_ns - began_ns) : UINT32_MAX;
}

static const struct entry *entry_at(struct part *p, size_t from)
{
    size_t bytes;
    const uint8_t *at = ring_readable(&p->ring, from, &bytes);
    return bytes ? (const struct entry *)(const void *)at : NULL;
}

/* What comes some entries later is in a cache of the worker's core still: it is fetched meanwhile, as much as an entry
 * mostly has. */
static inline void fetch_behind(const struct entry *e)
{
    enum { LINE = 64, AHEAD = 16 * LINE };
    const uint8_t *there = (const uint8_t *)e + AHEAD;
    __builtin_prefetch(there);
    __builtin_prefetch(there + LINE);
}

/* Of the next entries, as many as end together; ENDS_LATER: it has not come yet. */
static uint64_t find_end(struct part *p)
{
    const struct entry *e;
    uint64_t ended = ENDS_LATER;
    while (ended == ENDS_LATER && (e = entry_at(p, p->ahead.bytes))) {
        fetch_behind(e);
        ended = e->ended;
        p->ahead.entries++;
        p->ahead.calls += e->what == ENTRY_CALL;
        p->ahead.bytes += e->bytes;
    }
    return ended;
}

/* A worker's entries never go back in time, also when the scale was adjusted between two. What has not ended yet comes
 * behind all that has: its causes are there. Calls share the time; what ends with them, as their actor, has none. */
static void measure(const struct recorder *r, struct part *p, uint64_t round, uint64_t ticks)
{
    bool has_ended = ticks != ENDS_LATER;
    uint64_t at = has_ended ? ticks : ticks_now(r->options.ticks);
    uint64_t ended = r->options.scale ? tick_scale_ns(r->options.scale, at) : at;
    uint64_t began = round > p->ended_ns ? round : p->ended_ns;
    uint32_t all_ns = has_ended ? took(began, ended) : 0, calls = p->ahead.calls;
    p->call_ns = calls ? all_ns / calls : 0;
    p->other_ns = calls ? 0 : all_ns;
    p->ended_ns = ended > p->ended_ns ? ended : p->ended_ns;
}

/* When `next` ends, and what ends with it. False: that is not known yet. */
static bool look_ahead(const struct recorder *r, struct part *p, const struct entry *next,
                       uint64_t before_ns)
{
    uint64_t ended = find_end(p), round = next->now_us * 1000;
    if (ended == ENDS_LATER && round + END_LATE_NS > before_ns)
        return false;
    measure(r, p, round, ended);
    p->ending = p->ahead.entries;
    memset(&p->ahead, 0, sizeof p->ahead);
    return true;
}

static const struct recorded *head(const struct recorder *r, struct part *p, uint64_t before_ns)
{
    const struct entry *e;
    if (p->next.entry)
        return &p->next;
    if (!(e = entry_at(p, 0)) || (!p->ending && !look_ahead(r, p, e, before_ns)))
        return NULL;
    p->ending--;
    uint32_t took_ns = e->what == ENTRY_CALL ? p->call_ns : p->other_ns;
    p->next = (struct recorded){e, p->ring.to_read, p->ended_ns, took_ns};
    return &p->next;
}

const struct recorded *recorder_next(struct recorder *r, uint64_t before_ns)
{
    const struct recorded *oldest = NULL;
    for (unsigned i = 0; i < r->options.workers; i++) {
        const struct recorded *h = head(r, &r->parts[i], before_ns);
        if (h && h->ended_ns < before_ns && (!oldest || h->ended_ns < oldest->ended_ns))
            oldest = h;
    }
    return oldest;
}

void recorder_took(struct recorder *r, const struct recorded *h)
{
    struct part *p = &r->parts[h->entry->worker];
    uint32_t bytes = h->entry->bytes;
    p->next.entry = NULL;
    ring_release(&p->ring, bytes);
}

static uint8_t *put_part(uint8_t *at, const uint8_t *bytes, size_t count)
{
    memcpy(at, bytes, count);
    return at + count;
}

uint8_t *recorded_put(const struct recorded *h, uint8_t *at)
{
    const struct entry *e = h->entry;
    uint32_t done = 0, end = e->bytes - e->padding - (uint32_t)sizeof *e;
    struct reference r = {.next = e->reference};
    while (r.next) {
        uint32_t here = r.next;
        at = put_part(at, e->rest + done, here - done);
        memcpy(&r, e->rest + here, sizeof r);
        at = put_part(at, h->memory + r.place, r.bytes);
        done = here + (uint32_t)sizeof r;
    }
    return put_part(at, e->rest + done, end - done);
}

void recorder_touch(struct recorder *r)
{
    for (unsigned i = 0; i < r->options.workers; i++)
        ring_touch(&r->parts[i].ring);
}

void recorder_waits(struct recorder *r, enum reader_waits how)
{
    atomic_store_explicit(&r->reader, how, memory_order_relaxed);
}

uint64_t recorder_lost(const struct recorder *r, unsigned worker)
{
    return atomic_load_explicit(&r->parts[worker].lost, memory_order_relaxed);
}

bool recorder_saw_error(struct recorder *r)
{
    return atomic_load_explicit(&r->saw_error, memory_order_relaxed) &&
           atomic_exchange(&r->saw_error, false);
}
