/* runtime/limits.h -- the constants of the runtime that bound or time something, with their reasons.
 *
 * Those that only one file knows stand there, with theirs (worker.c, heap.c, log_writer.c, io.h).
 * Figures in brackets were measured on two-core machines; what they cost is in DESIGN.md.
 */
#ifndef RUNTIME_LIMITS_H
#define RUNTIME_LIMITS_H

enum {
    /* Places in an actor_ref: 8 bits of worker, 24 bits of slot. */
    WORKERS_MAX = 16,
    SLOTS_MAX = 1 << 24,

    /* A turn of one actor. More would let a busy actor starve its neighbours. */
    TURN_MESSAGES = 64,
    /* Messages between two polls of the sockets. A request costs some eleven: with 256, a burst of 256
     * requests was served in rounds of 23, and each round flushes and polls (4 % of the whole). */
    ROUND_MESSAGES = 1024,
    /* ... and time between them, looked at every TURN_MESSAGES. */
    ROUND_US = 300,

    /* A pooled chunk, header included: several reads, or a large one of a socket that asked for it. */
    CHUNK_BYTES = 256 * 1024,
    /* The most that one read takes, unless socket_limit said otherwise. */
    READ_MOST = 64 * 1024,
    /* After a read of this size the next one wants READ_MOST of room: a bulk transfer that is cut at
     * the ends of chunks comes out in ever smaller pieces. */
    READ_BULK = 8 * 1024,
    /* Reads of one socket that may wait for its owner: an owner that wants to pause is heard in time,
     * however long the run queue is. */
    READS_UNHEARD = 2,
    /* A read wants at least this much room in the current chunk, else a new chunk is begun. */
    READ_ROOM_MIN = 4 * 1024,
    /* Shorter spans are copied into the write buffer, longer ones are written where they lie
     * (64 small answers: copying 1.3 times faster than writev; equal at 2 KiB; at 16 KiB worse). */
    COPY_BELOW_BYTES = 2 * 1024,
    /* A span that outlives its turn and is shorter than its chunk divided by this is copied out,
     * so that no small thing pins a large one. */
    PIN_DIVISOR = 32,
    /* Pieces of one writev. */
    WRITE_PIECES = 64,

    /* Slabs for cells, actors and small chunks; a slab finds its header by its address. */
    SLAB_BYTES = 64 * 1024,
    SLAB_OBJECT_MAX = 2048,
    /* Empty slabs and chunks kept by a heap for the next burst; the rest is unmapped. */
    SLABS_SPARE = 4,
    CHUNKS_SPARE = 8,
    /* An idle worker keeps this many chunks only. */
    CHUNKS_SPARE_IDLE = 2,
    /* Cells freed on another worker go home in batches; this many wake a sleeping owner. */
    RETURN_BATCH = 64,
    RETURN_WAKE = 4096,

    /* Messages for another worker travel in bundles of 1, 3, 7, 15 or as many: their receiver would read
     * a list of them at one cache miss after the other. */
    BUNDLE_MESSAGES = 31,

    /* A worker without work for this long gives spare memory back. */
    IDLE_US = 500000,

    /* Slots that a worker has in hand on each other worker, to spawn there without asking. */
    LEASES = 256,

    /* A turn longer than this is named by the watchdog, which looks this often while anything runs. */
    TURN_LONG_MS = 25,
    WATCH_EVERY_MS = 10,
    WATCH_LINGER_MS = 1000,

    /* A look-up that has waited this long behind others is not begun. Nobody who asks waits for longer
     * than this (RESOLVE_US, AGENT_CONNECT_US in messages/limits.h). */
    NAME_WAIT_US = 5000000,

    /* Log lines under way to the writer; more are dropped and counted. */
    LOG_LINES_MAX = 1024,
    LOG_TEXT_MAX = 1000,

    /* A closed socket keeps trying to get rid of what was written for this long. */
    LINGER_MS = 30000,
    /* One from which all has left waits so long for the peer's end: a peer that was still speaking would
     * be answered by a reset, which destroys what it has not read yet. */
    FIN_WAIT_MS = 1000,
    /* Unread bytes that are dropped before an abort, so that it is no reset. */
    DISCARD_MAX = 1024 * 1024,
    /* A listener that finds no descriptor free tries again after this. */
    ACCEPT_RETRY_MS = 100,
    /* Connections accepted in one go, before others have their turn. */
    ACCEPT_BATCH = 64,
    LISTEN_BACKLOG = 1024,
    /* What waits, waits where it can still be interleaved, not in the kernel. */
    NOTSENT_LOWAT_BYTES = 256 * 1024,
};

#endif
