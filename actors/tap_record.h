/* actors/tap_record.h -- what travels from a tap_link to the output: messages and notes, not yet lines.
 *
 * A batch is records one behind the other, each followed by `held` bytes and filled up to
 * TAP_RECORD_ALIGN. Of a message these are its first bytes, of a note its words.
 */
#ifndef ACTORS_TAP_RECORD_H
#define ACTORS_TAP_RECORD_H

#include "messages/wire_message.h"

enum tap_record_kind { TAP_RECORD_MESSAGE, TAP_RECORD_NOTE };
enum { TAP_RECORD_ALIGN = 8 };

struct tap_record {
    uint64_t at_us; /* since the tap began */
    uint64_t size;  /* bytes of the message */
    uint64_t connection;
    uint32_t link;
    uint32_t held;
    uint16_t request, port;
    uint16_t path[WIRE_PATH_MAX]; /* the message's name, see wire_message.h */
    uint8_t path_length;
    uint8_t kind; /* enum tap_record_kind */
    uint8_t from; /* enum wire_from */
    uint8_t ids;  /* TAP_HAS_... */
    bool whole;   /* the bytes are enough to show it */
};

static inline size_t tap_record_room(size_t held)
{
    size_t room = sizeof(struct tap_record) + held;
    return (room + TAP_RECORD_ALIGN - 1) / TAP_RECORD_ALIGN * TAP_RECORD_ALIGN;
}

#endif
