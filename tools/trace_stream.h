/* tools/trace_stream.h -- bytes that were said in pieces: how many, which, and how they were cut.
 *
 * Purpose  two streams are equal when their joined bytes are; that their pieces differ is another matter.
 *          Bytes are hashed as they come and not kept, but for the first `kept_most`; where two streams differ
 *          behind these, the hashes at the end of each block tell. What a socket carries
 *          is first freed of what rules ignore, if it is HTTP/1: see trace_http_text.h.
 * Owner    the unit that it is of.
 * Thread   one at a time.
 */
#ifndef TOOLS_TRACE_STREAM_H
#define TOOLS_TRACE_STREAM_H

#include "messages/trace_record.h"

struct trace_rules;
struct trace_hash_state; /* of XXH3 */
struct trace_http_text;

struct stream_piece {
    uint32_t length;
    uint64_t hash; /* of the piece alone */
};

enum { STREAM_BLOCK_BYTES = 4096 };

struct trace_stream {
    uint64_t length, hash; /* of all, when trace_stream_finish was called */
    bool ended;            /* its sender said so */
    bool left_out;         /* not all bytes were recorded: hash is not known */
    bool finished;
    bool is_socket;
    struct stream_piece *pieces;
    size_t piece_count, piece_room;
    uint64_t *blocks; /* hash of all before the end of each block that is full */
    size_t block_count, block_room;
    uint8_t *kept;
    size_t kept_length, kept_room, kept_most;
    struct trace_hash_state *state;
    struct trace_http_text *http; /* NULL: bytes as they are */
};

enum stream_verdict {
    STREAM_EQUAL,
    STREAM_CUT,       /* the same bytes, cut differently */
    STREAM_UNKNOWN,   /* bytes were left out of the recording: it cannot be told */
    STREAM_DIFFERENT, /* other bytes, or not the same end */
};

/* A socket's, if rules are given: what they ignore of HTTP/1 is left out. */
void trace_stream_create(struct trace_stream *s, const struct trace_rules *rules, size_t kept_most);
/* Safe on a zeroed struct. */
void trace_stream_destroy(struct trace_stream *s);
void trace_stream_add(struct trace_stream *s, const struct trace_bytes *piece);
/* `more` follows `s`, which takes it over. */
void trace_stream_append(struct trace_stream *s, struct trace_stream *more);
void trace_stream_finish(struct trace_stream *s);
/* NULL: there is none; that is the same as an empty one that has not ended. Both are finished. */
enum stream_verdict trace_stream_compare(const struct trace_stream *a,
                                         const struct trace_stream *b);
/* All before `from` is the same; the first byte that differs, or that only one has, lies before `to`. */
struct stream_place {
    uint64_t from, to;
};
/* False: their bytes are the same, or were left out. Both are finished. */
bool trace_stream_first_difference(const struct trace_stream *a, const struct trace_stream *b,
                                   struct stream_place *place);

/* The hash by which bytes that were left out are known. */
uint64_t trace_bytes_hash(const void *bytes, size_t length);

#endif
