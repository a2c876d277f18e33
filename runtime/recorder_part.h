/* runtime/recorder_part.h -- what a recorder has for each worker: between recorder.c and recorder_reader.c.
 *
 * Thread   of a part, the ring is between the two; `next` and what follows is the reader's, the rest the
 *          worker's.
 */
#ifndef RUNTIME_RECORDER_PART_H
#define RUNTIME_RECORDER_PART_H

#include "runtime/recorder.h"
#include "runtime/ring.h"

/* The hash of a span: a body is heard and said by one actor after the other. */
struct memo {
    const struct chunk *chunk;
    uint64_t stamp, hash;
    uint32_t offset, length;
};
enum {
    MEMOS = 256,      /* bodies of one read of many requests are heard in turns, not one by one */
    MEMO_LEAST = 512, /* bytes; to look for less costs as much as to hash it */
};

struct part {
    struct ring ring;
    /* What each call touches comes first, on one cache line: they are in none any more when the kernel has been
     * at work in between. */
    _Alignas(64) struct entry *entry; /* that is being made; NULL: none, or it found no room */
    uint32_t used;                    /* its bytes so far; at most ENTRY_BYTES_MAX */
    bool open;                        /* a call is being watched, with room or without */
    const struct worker *worker;      /* of the last call */
    uint32_t unheard_count;
    atomic_uint_fast64_t lost; /* since the last entry; the reader looks, too */

    uint64_t lost_ticks; /* when the last one was lost */
    /* said in the open call to actors that had ended: each becomes an entry behind it */
    struct message *unheard;
    uint32_t unheard_room;
    struct memo memos[MEMOS];

    _Alignas(64) struct recorded next; /* that the reader gets; entry NULL: not known yet */
    uint64_t ended_ns;                 /* of the one before */
};

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
