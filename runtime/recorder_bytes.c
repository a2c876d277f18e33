/* runtime/recorder_bytes.c -- bytes into an entry, each of them once; see recorder_part.h
 *
 * A body that passes is heard by a link, a proxy and an interceptor, and written by another actor: it is in a chunk
 * all the way. The first entry holds it, the others say where it stands (ring.h: what was released last is there
 * still); if it is hashed, that is done once.
 */
#include "runtime/hash.h"
#include "runtime/recorder_part.h"

static bool is_same_chunk(const struct known *k, const struct known *wanted)
{
    return k->chunk == wanted->chunk && k->stamp == wanted->stamp;
}

static bool is_same(const struct known *k, const struct known *wanted)
{
    return is_same_chunk(k, wanted) && k->offset == wanted->offset && k->length == wanted->length;
}

static bool holds(const struct known *k, const struct known *wanted)
{
    return is_same_chunk(k, wanted) && wanted->offset >= k->offset &&
           wanted->offset - k->offset + (uint64_t)wanted->length <= k->length;
}

static bool is_worth_it(const struct chunk *c, uint32_t length)
{
    return c && length >= KNOWN_LEAST;
}

static struct known known_as(const struct chunk *c, const uint8_t *bytes, uint32_t length)
{
    return (struct known){c, c->stamp, (uint32_t)(bytes - c->bytes), length};
}

bool part_look_for_room(struct part *p, size_t bytes)
{
    if (bytes <= ENTRY_BYTES_MAX - p->used && ring_reserve(&p->ring, p->used, bytes)) {
        p->room = part_room(p);
        return true;
    }
    p->entry = NULL;
    return false;
}

/* ---- hashes ---- */

static uint64_t hash_of_span(struct part *p, const struct chunk *c, const uint8_t *bytes,
                             uint32_t length)
{
    if (!is_worth_it(c, length))
        return hash_of(bytes, length);
    struct known k = known_as(c, bytes, length);
    struct hashed *h = &p->hashed[(((uintptr_t)c >> 6) + k.offset / 64 + length) % HASHED];
    if (!is_same(&h->of, &k))
        *h = (struct hashed){k, hash_of(bytes, length)};
    return h->hash;
}

/* ---- bytes that stand in the ring ---- */

static struct stored *set_of(struct part *p, const struct chunk *c)
{
    return p->stored[((uintptr_t)c >> 6) * UINT64_C(0x9e3779b97f4a7c15) >> 58];
}
static_assert(STORED_SETS == 64, "six bits of a hash");

/* NULL: they are not there, or not for long enough. */
static const struct stored *find_stored(struct part *p, const struct known *wanted)
{
    const struct stored *set = set_of(p, wanted->chunk);
    for (unsigned i = 0; i < STORED_WAYS; i++)
        if (holds(&set[i].of, wanted) && ring_is_kept(&p->ring, set[i].position))
            return &set[i];
    return NULL;
}

static void remember(struct part *p, const struct known *k, const uint8_t *at)
{
    struct stored *s = &set_of(p, k->chunk)[p->stored_count++ % STORED_WAYS];
    *s = (struct stored){*k, ring_published(&p->ring), (uint64_t)(at - p->ring.memory)};
}

void part_forget_stored(struct part *p)
{
    memset(p->stored, 0, sizeof p->stored);
}

/* The one before, or the entry, says where this one is. */
static void refer(struct part *p, uint8_t *at, uint64_t place, uint32_t bytes)
{
    struct entry *e = p->entry;
    uint32_t here = (uint32_t)(at - e->rest);
    if (e->reference)
        memcpy(p->last_reference + offsetof(struct reference, next), &here, sizeof here);
    else
        e->reference = here;
    memcpy(at, &(struct reference){.place = place, .bytes = bytes}, sizeof(struct reference));
    p->last_reference = at;
    e->elsewhere += bytes - (uint32_t)sizeof(struct reference);
}

static bool may_refer(const struct part *p, uint32_t bytes)
{
    return bytes <= ENTRY_BYTES_MAX - p->entry->elsewhere;
}

/* ---- */

static uint8_t *add_start(struct part *p, const struct chunk *c, const uint8_t *bytes,
                          uint32_t length, uint32_t kept, size_t room)
{
    bool cut = kept < length;
    uint8_t *at = part_more(p, 8 + (cut ? 8u : 0u) + room);
    if (!at)
        return NULL;
    at = put(at, &length, 4);
    at = put(at, &kept, 4);
    if (cut) {
        uint64_t hash = hash_of_span(p, c, bytes, length);
        at = put(at, &hash, 8);
    }
    return at;
}

/* Of a chunk, and so many that it is worth to look whether they are there. */
static void add_shared(struct part *p, const struct chunk *c, const uint8_t *bytes, uint32_t length,
                       uint32_t kept)
{
    struct known k = known_as(c, bytes, kept);
    const struct stored *s = may_refer(p, kept) ? find_stored(p, &k) : NULL;
    uint8_t *at = add_start(p, c, bytes, length, kept, s ? sizeof(struct reference) : kept);
    if (!at)
        return;
    if (s) {
        refer(p, at, s->place + (k.offset - s->of.offset), kept);
        return;
    }
    memcpy(at, bytes, kept);
    remember(p, &k, at);
}

void part_add_bytes(struct part *p, const struct chunk *c, const uint8_t *bytes, size_t length,
                    uint32_t most)
{
    uint32_t whole = (uint32_t)length, kept = whole < most ? whole : most;
    if (is_worth_it(c, kept)) {
        add_shared(p, c, bytes, whole, kept);
        return;
    }
    uint8_t *at = add_start(p, c, bytes, whole, kept, kept);
    if (at && kept)
        memcpy(at, bytes, kept);
}
