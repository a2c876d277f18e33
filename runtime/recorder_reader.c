/* runtime/recorder_reader.c -- entries out of the rings, in the order of their ends; see recorder.h */
#include "runtime/recorder_part.h"

static uint32_t took(uint64_t began_ns, uint64_t ended_ns)
{
    if (ended_ns <= began_ns)
        return 0;
    return ended_ns - began_ns < UINT32_MAX ? (uint32_t)(ended_ns - began_ns) : UINT32_MAX;
}

/* A worker's entries never go back in time, also when the scale was adjusted between two. */
static void look(const struct recorder *r, struct part *p, const struct entry *e)
{
    uint64_t ended = r->options.scale ? tick_scale_ns(r->options.scale, e->ended) : e->ended;
    uint64_t before = p->ended_ns, round = e->now_us * 1000;
    ended = ended > before ? ended : before;
    p->ended_ns = ended;
    p->next =
        (struct recorded){e, p->ring.to_read, ended, took(round > before ? round : before, ended)};
}

static const struct recorded *head(const struct recorder *r, struct part *p)
{
    size_t bytes;
    if (p->next.entry)
        return &p->next;
    const uint8_t *at = ring_readable(&p->ring, &bytes);
    if (!bytes)
        return NULL;
    look(r, p, (const struct entry *)(const void *)at);
    return &p->next;
}

const struct recorded *recorder_next(struct recorder *r, uint64_t before_ns)
{
    const struct recorded *oldest = NULL;
    for (unsigned i = 0; i < r->options.workers; i++) {
        const struct recorded *h = head(r, &r->parts[i]);
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
