/* runtime/kinds.h -- payload structs, accessors and constructors of the runtime's own kinds.
 *
 * For a row KIND(DOWN, down, ..., F(ref, who)) this gives:
 *   MSG_DOWN                            the number
 *   struct msg_down { ... who; }        the payload
 *   msg_down(m)                         the payload of m, which must be of that kind
 *   msg_down_new((struct msg_down){..}) a new message
 * messages/kinds.h repeats it for the vocabulary above.
 */
#ifndef RUNTIME_KINDS_H
#define RUNTIME_KINDS_H

#include "runtime/message.h"
#include <string.h>

typedef uint8_t field_u8;
typedef uint16_t field_u16;
typedef uint32_t field_u32;
typedef uint64_t field_u64;
typedef int32_t field_i32;
typedef bool field_flag;
typedef struct actor_ref field_ref;
typedef struct span field_span;

#define F(type, name) field_##type name;
#define KIND(NAME, name, class, ...)                                                               \
    struct __attribute__((may_alias)) msg_##name {                                                 \
        __VA_ARGS__                                                                                \
    };                                                                                             \
    static_assert(sizeof(struct msg_##name) <= MESSAGE_PAYLOAD_BYTES, #NAME " is too large");
#include "runtime/kinds.def"
#undef KIND
#undef F

enum runtime_kind {
    MSG_NONE, /* never sent: a cell that nobody filled */
#define KIND(NAME, name, class, ...) MSG_##NAME,
#include "runtime/kinds.def"
#undef KIND
    MSG_RUNTIME_KINDS, /* the first number of the floor above */
    MSG_LAST_EVENT = MSG_SOCKET_DRAINED
};

/* Kinds that the runtime itself makes, whoever `from` is. */
static inline bool kind_is_of_runtime(uint16_t kind)
{
    switch (kind) {
    case MSG_DOWN:
    case MSG_BOUNCED:
    case MSG_SIGNAL:
    case MSG_SOCKET_ACCEPTED:
    case MSG_RESOLVED:
    case MSG_FILE_OPENED:
    case MSG_FILE_WRITTEN:
    case MSG_FILE_READ: return true;
    default: return kind <= MSG_LAST_EVENT;
    }
}

#define KIND_ACCESSORS(NAME, name)                                                                 \
    static inline struct msg_##name *msg_##name(struct message *m)                                 \
    {                                                                                              \
        assert(m->kind == MSG_##NAME);                                                             \
        return (struct msg_##name *)(void *)m->payload.words;                                      \
    }                                                                                              \
    static inline struct message *msg_##name##_new(struct msg_##name payload)                      \
    {                                                                                              \
        struct message *m = message_new(MSG_##NAME);                                               \
        memcpy(m->payload.words, &payload, sizeof payload);                                        \
        return m;                                                                                  \
    }

#define KIND(NAME, name, class, ...) KIND_ACCESSORS(NAME, name)
#include "runtime/kinds.def"
#undef KIND

#endif
