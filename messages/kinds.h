/* messages/kinds.h -- payload structs, accessors and constructors of the whole vocabulary.
 *
 * Purpose  as runtime/kinds.h, for the rows that messages/kinds.def adds. Numbers go on where the
 *          runtime's end.
 */
#ifndef MESSAGES_KINDS_H
#define MESSAGES_KINDS_H

#include "runtime/kinds.h"

#define F(type, name) field_##type name;
/* The runtime's rows have their structs already. A row is told apart by its payload's existence. */
#define KIND(NAME, name, class, ...)                                                               \
    struct __attribute__((may_alias)) msg_##name {                                                 \
        __VA_ARGS__                                                                                \
    };                                                                                             \
    static_assert(sizeof(struct msg_##name) <= MESSAGE_PAYLOAD_BYTES, #NAME " is too large");
#define RUNTIME_KINDS_DONE
#include "messages/kinds.def"
#undef RUNTIME_KINDS_DONE
#undef KIND
#undef F

enum message_kind {
    MESSAGE_KINDS_BEGIN = MSG_RUNTIME_KINDS - 1,
#define KIND(NAME, name, class, ...) MSG_##NAME,
#define RUNTIME_KINDS_DONE
#include "messages/kinds.def"
#undef RUNTIME_KINDS_DONE
#undef KIND
    MESSAGE_KINDS
};

#define KIND(NAME, name, class, ...) KIND_ACCESSORS(NAME, name)
#define RUNTIME_KINDS_DONE
#include "messages/kinds.def"
#undef RUNTIME_KINDS_DONE
#undef KIND

/* Gives the runtime the table of all kinds. Once, before anything runs. */
void messages_init(void);

#endif
