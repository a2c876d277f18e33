/* messages/wire_decoder.h -- walks a stream of protocol messages, however it is cut.
 *
 * Purpose  find where each message ends, refuse what the original refuses at the same byte, and tell
 *          what the incoming side wants to know of it, as ranges; bytes stay with the caller.
 * Owner    one decoder a direction of a link. It points into itself: it must not be moved.
 * Thread   one at a time.
 * Units    offsets count from the first byte of the current message, across pieces.
 * Errors   WIRE_BAD: what the original calls malformed, or a variant that `limit` does not know.
 *          WIRE_TOO_LARGE: a limit of ours (below), or no memory. Both are final: there is no way to
 *          find the next message (wire-format.md 3). `error` says why, for people.
 * Source   wire-format.md 1 to 3.
 *
 * Costs: every byte is looked at once, also when they come one by one. Memory is the struct (less
 * than 3 KiB), plus, while a URI or version text is cut in two, a copy of it that grows as its bytes
 * come (at most WIRE_SCRATCH_MAX), plus the list of body frames (see WIRE_FRAMES_MAX). No declared
 * length or count reserves memory.
 *
 *     size_t consumed;
 *     switch (wire_decoder_feed(&d, bytes, length, &consumed)) {
 *     case WIRE_MESSAGE:    d.message describes it; go on at bytes + consumed
 *     case WIRE_MORE:       all bytes were eaten; the message has begun, or there was none
 *     case WIRE_BAD:
 *     case WIRE_TOO_LARGE:  log d.error, close the link
 *     }
 */
#ifndef MESSAGES_WIRE_DECODER_H
#define MESSAGES_WIRE_DECODER_H

#include "messages/version.h"
#include "messages/wire_message.h"

enum {
    /* HttpFilter::Composite within Composite. The original takes 1000 and dies at 5000; people write
     * two or three. With what surrounds a filter, lists within lists need a few more. */
    WIRE_NESTING_MAX = 128,
    WIRE_SCRATCH_MAX = 65536,
    WIRE_VARINT_MAX = 17, /* bytes of the longest integer, marker included */
    WIRE_ERROR_MAX = 200,
    WIRE_FRAMES_SPARE = 1024, /* room for frames that is kept from message to message */
};

/* Bytes of one string or payload, 1 TiB. More is an attack or a bug: the original dies of it. */
#define WIRE_LENGTH_MAX (UINT64_C(1) << 40)
/* Elements of one list, or values of one header. */
#define WIRE_COUNT_MAX (UINT64_C(0xFFFFFFFE))

enum wire_verdict { WIRE_MORE, WIRE_MESSAGE, WIRE_BAD, WIRE_TOO_LARGE };

/* Where a walk goes on when it has come to the end of a row's fields. */
struct wire_return {
    uint16_t field;
    uint16_t end;
    uint32_t again; /* how many times; UINT32_MAX: not a list, once */
};

struct wire_decoder {
    /* Up to date after every call of wire_decoder_feed. Whole after WIRE_MESSAGE; after WIRE_MORE it
     * holds what has been walked of the message that is under way. Valid until the next feed. */
    struct wire_message message;

    char error[WIRE_ERROR_MAX];
    uint64_t error_offset;

    /* -- private -- */
    enum wire_from from;
    struct version limit;
    uint64_t message_max;
    enum wire_verdict verdict; /* WIRE_MORE until a final one */
    bool in_message;
    uint64_t position; /* bytes of this message that earlier calls have eaten */

    uint16_t field; /* the place in the grammar: rows of wire_fields still to come, */
    uint16_t end;
    uint16_t depth; /* ... and what comes after them */
    uint8_t step;   /* within a field */
    uint8_t partial_length;
    uint8_t partial[WIRE_VARINT_MAX]; /* an integer that is cut */

    uint64_t string_length;
    uint64_t remaining; /* bytes of the string under way */
    uint32_t utf8;
    bool string_bad;

    uint64_t map_offset; /* the header map under way */
    uint32_t headers_left;
    uint32_t values_left;
    bool entry_bad;

    void *(*reallocate)(void *, size_t);
    uint8_t *scratch;
    uint32_t scratch_length;
    uint32_t scratch_room;
    struct wire_frame *frames_heap;
    uint32_t frames_room;

    struct wire_return stack[WIRE_NESTING_MAX];
};

/* `limit`: variants newer than this are malformed, as they are to a peer of that version;
 * version_newest() refuses none. `message_max`: bytes above which a message is `oversized`. */
void wire_decoder_create(struct wire_decoder *d, enum wire_from from, struct version limit,
                         uint64_t message_max);
/* Safe on a zeroed struct. */
void wire_decoder_destroy(struct wire_decoder *d);

/* Tests: memory comes from here instead of realloc(); may return NULL. `free` frees it. */
void wire_decoder_set_allocator(struct wire_decoder *d, void *(*reallocate)(void *, size_t));

/* Eats up to the end of the message under way, or all of `length`; says in `*consumed` how much. */
enum wire_verdict wire_decoder_feed(struct wire_decoder *d, const uint8_t *bytes, size_t length,
                                    size_t *consumed);

/* The payload of a Data message that has begun and has not ended. */
struct wire_data_progress {
    uint64_t connection;
    enum wire_mode mode;
    uint64_t offset; /* of the payload in the message */
    uint64_t length; /* of the whole payload */
    uint64_t seen;   /* bytes of it that were eaten */
};

/* After WIRE_MORE: true if the bytes that were eaten end inside the payload of a Data message, so
 * that those of them that are payload can be handed on at once (ids come first in it). The rest is
 * told by further calls, the end by WIRE_MESSAGE. */
bool wire_decoder_data_in_progress(const struct wire_decoder *d, struct wire_data_progress *out);

/* After WIRE_MORE: bytes that are still to come of the body or payload under way; 0: none is. Whatever they are, what
 * follows is walked as it would be. */
uint64_t wire_decoder_bytes_left(const struct wire_decoder *d);

/* Bytes eaten of a message that is not whole yet; 0 between messages (where a stream may end). */
uint64_t wire_decoder_pending_bytes(const struct wire_decoder *d);

#endif
