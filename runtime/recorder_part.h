/* runtime/recorder_part.h -- what a recorder has for each worker: between recorder.c, which makes entries there,
 * recorder_bytes.c, which puts bytes into them, and recorder_reader.c.
 *
 * Thread   of a part, the ring is between worker and reader; `next` and what follows is the reader's, the rest the
 *          worker's.
 */
#ifndef RUNTIME_RECORDER_PART_H
#define RUNTIME_RECORDER_PART_H

#include "runtime/recorder.h"
#include "runtime/ring.h"
#include "runtime/worker.h"
#include <string.h>

/* A body is heard and said by one actor after the other: what was done with it once is remembered. */
struct known {
    const struct chunk *chunk;
    uint64_t stamp;
    uint32_t offset, length;
};
struct hashed {
    struct known of;
    uint64_t hash;
};
struct stored {
    struct known of;
    size_t position; /* in the ring: so many bytes were published before */
    uint64_t place;  /* in its memory */
};
enum {
    HASHED = 256, /* bodies of one read of many requests are heard in turns, not one by one */
    STORED_SETS = 64,
    STORED_WAYS = 4,   /* reads into one chunk */
    KNOWN_LEAST = 512, /* bytes; to look for less costs as much as to do it again */
};

struct part {
    struct ring ring;
    /* What each call touches comes first, on one cache line: they are in none any more when the kernel has been
     * at work in between. */
    _Alignas(64) struct entry *entry; /* that is being made; NULL: none, or it found no room */
    uint32_t used;                    /* its bytes so far; at most ENTRY_BYTES_MAX */
    uint32_t room;                    /* ... that it may have, as far as is known */
    bool open;                        /* a call is being watched, with room or without */
    const struct worker *worker;      /* of the last call */
    uint32_t unheard_count;
    atomic_uint_fast64_t lost; /* since the last entry; the reader looks, too */

    uint64_t lost_ticks; /* when the last one was lost */
    /* said in the open call to actors that had ended: each becomes an entry behind it */
    struct message *unheard;
    uint32_t unheard_room;

    uint8_t *last_reference; /* where the next reference of this entry is to be said */
    unsigned stored_count;
    struct hashed hashed[HASHED];
    struct stored stored[STORED_SETS][STORED_WAYS];

    _Alignas(64) struct recorded next; /* that the reader gets; entry NULL: not known yet */
    uint64_t ended_ns;                 /* of the one before */
    uint32_t ending;                   /* entries to come that end with that one, */
    uint32_t call_ns, other_ns;        /* ... and how long each of them took */
    struct {
        uint32_t entries, calls;
        size_t bytes;
    } ahead; /* looked at, their end was not there yet */
};

static inline uint32_t part_room(const struct part *p)
{
    size_t room = ring_room(&p->ring);
    return room < ENTRY_BYTES_MAX ? (uint32_t)room : ENTRY_BYTES_MAX;
}
/* As much as the reader has left by now. False: that is not enough, and the entry is given up. */
bool part_look_for_room(struct part *p, size_t bytes);

/* Room for so many more of the bytes of the entry, which is there. NULL: it is given up. */
static inline uint8_t *part_more(struct part *p, size_t bytes)
{
    if (RARELY(bytes > p->room - p->used) && !part_look_for_room(p, bytes))
        return NULL;
    uint8_t *at = (uint8_t *)p->entry + p->used;
    p->used += (uint32_t)bytes;
    return at;
}

static inline uint8_t *put(uint8_t *at, const void *value, size_t bytes)
{
    memcpy(at, value, bytes);
    return at + bytes;
}

/* BYTES of the entry (recorder.h), the first `most` of them kept; the chunk that they are in, or NULL. */
void part_add_bytes(struct part *p, const struct chunk *c, const uint8_t *bytes, size_t length,
                    uint32_t most);
/* Entries that were begun came to nothing: what was stored with them is not there. */
void part_forget_stored(struct part *p);

enum { TYPE_BITS = 10 };

struct recorder {
    struct hooks hooks;
    struct part *parts; /* a worker each; beside the options that each call looks at */
    struct recorder_options options;
    unsigned type_count;
    uint8_t type_at[1 << TYPE_BITS]; /* numbers of types, by their addresses */
    atomic_uint reader;              /* enum reader_waits */
    atomic_bool saw_error;
    uint8_t bodies[MESSAGE_KINDS_MAX];
};

#endif
