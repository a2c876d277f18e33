/* tools/trace_packets_state.h -- the state of trace_packets, for the files that are it: trace_packets.c (records),
 * trace_packets_write.c (segments with their sequence numbers), trace_packets_names.c (addresses, real and made up).
 */
#ifndef TOOLS_TRACE_PACKETS_STATE_H
#define TOOLS_TRACE_PACKETS_STATE_H

#include "messages/packet.h"
#include "tools/trace_packets.h"
#include <uthash.h>

enum side { OURS, PEERS };

/* Bytes that were written before there was a connection. */
struct early {
    struct early *next;
    uint32_t length, kept;
    uint8_t bytes[];
};

struct stream_key {
    uint64_t actor;
    uint64_t n;
};

struct stream {
    struct stream_key key;
    struct address ends[2];  /* by side */
    uint32_t next[2];        /* sequence number of what each side says next */
    bool ended[2];           /* it has said FIN */
    bool established, reset; /* reset: nothing more can be said */
    bool client;             /* we connected */
    struct early *early, *early_last;
    UT_hash_handle hh;
};

/* An actor that listens, and where. */
struct listener {
    struct stream_key key; /* n: its tag */
    uint32_t n;
    struct address at;
    UT_hash_handle hh;
};

/* What has no address gets one. */
struct named {
    char name[ADDRESS_TEXT_MAX];
    uint8_t last; /* of 198.51.100.x */
    UT_hash_handle hh;
};

struct trace_packets {
    struct stream *streams;
    struct listener *listeners;
    struct named *named;
    uint32_t interface, ports, frames;
    uint64_t missing, missing_bytes;

    /* the record under way */
    struct trace_out *out;
    const struct trace_record *record;
    uint64_t wall_offset;
};

static inline void *streams_must(void *p)
{
    if (!p)
        heap_exhausted("the connections of a trace", 0);
    return p;
}

/* trace_packets_write.c: what `from` says, if it still can. */
void stream_put_flags(struct trace_packets *s, struct stream *t, enum side from, uint64_t when,
                      unsigned flags);
/* What is not known of a piece is at its end. */
void stream_put_data(struct trace_packets *s, struct stream *t, enum side from, uint64_t when,
                     const uint8_t *bytes, uint32_t length, uint32_t kept);
void stream_put_fin(struct trace_packets *s, struct stream *t, enum side from, uint64_t when);
void stream_put_reset(struct trace_packets *s, struct stream *t, enum side from, uint64_t when);

/* trace_packets_names.c */
bool streams_is_ip(const struct address *a);
/* What has no address gets one, always the same for a name, which the packets' file says. */
void streams_name_address(struct trace_packets *s, const char *name, struct address *a);
/* The program's own end of a connection that it made: on the same machine if the other is; with a port. */
void streams_own_address(struct trace_packets *s, const struct address *peer, struct address *own);
uint16_t streams_next_port(struct trace_packets *s);
void streams_forget_names(struct trace_packets *s);

#endif
