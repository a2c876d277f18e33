/* messages/kinds.c -- what is known of each kind at run time, from the same rows; see kinds.h
 *
 * A row cannot name its own struct, so offsets are computed as the compiler computes them: each field
 * at the next multiple of its alignment. tests/test_message.c holds them against offsetof.
 */
#include "messages/kinds.h"

#define F(type, name) {#name, FIELD_##type, 0},
static struct kind_info kinds[MESSAGE_KINDS] = {
    [MSG_NONE] = {.name = "NONE"},
#define KIND(NAME, text, class_, ...)                                                              \
    [MSG_##NAME] = {.name = #NAME, .class = KIND_##class_, .fields = {__VA_ARGS__}},
#include "messages/kinds.def"
#undef KIND
};
#undef F

struct layout {
    uint8_t size, alignment;
};

#define LAYOUT(type) [FIELD_##type] = {sizeof(field_##type), _Alignof(field_##type)}
static const struct layout layouts[] = {LAYOUT(u8),  LAYOUT(u16),  LAYOUT(u32), LAYOUT(u64),
                                        LAYOUT(i32), LAYOUT(flag), LAYOUT(ref), LAYOUT(span)};

static void lay_out(struct kind_info *k)
{
    size_t at = 0;
    for (struct field_info *f = k->fields; f->name; f++) {
        const struct layout *l = &layouts[f->type];
        at = (at + l->alignment - 1) / l->alignment * l->alignment;
        f->offset = (uint8_t)at;
        if (f->type == FIELD_span)
            k->span_offset[k->spans++] = (uint8_t)at;
        at += l->size;
    }
    assert(at <= MESSAGE_PAYLOAD_BYTES);
}

void messages_init(void)
{
    static bool laid_out;
    for (unsigned i = 0; i < MESSAGE_KINDS && !laid_out; i++)
        lay_out(&kinds[i]);
    laid_out = true;
    message_kinds_set(kinds, MESSAGE_KINDS);
}
