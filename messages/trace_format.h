/* messages/trace_format.h -- a trace file, byte by byte: what encoder and reader agree on.
 *
 * A file is TRACE_MAGIC, then *frames* in a row. A frame:
 *
 *   0   u16  FRAME_MAGIC
 *   2   u16  type: enum trace_frame
 *   4   u32  length of the image
 *   8   u32  XXH3 of these 8 bytes, its lower half
 *   12  u64  XXH3 of the image, with the first 8 bytes as its seed
 *   20       the image, of tpl; its format string depends on the type
 *
 * All numbers are little-endian. Each bit of a file is covered, and a frame is checked before tpl sees it. The
 * head has a sum of its own: a damaged length is known as such at once, and nobody waits for bytes that it
 * promises. The first frame is HEADER; KINDS, TYPES, EFFECTS and SETTINGS follow, in this order: with these the
 * file says of itself what its records mean. Every part of a rotated trace begins so. Then come records, numbered
 * without a gap, through all parts.
 *
 * FRAME_CALL + k is a call of a handler with a message of the kind that KINDS gives number k:
 *
 *   U#  5 words: sequence, now_us, ended_ns, from, to
 *   u#  5 words: took_ns, number, exchange, actor's exchange, flags | type << 16 | worker << 24
 *   B   the spans of the message, then the effects, as runtime/recorder.h says
 *   then each field that is no span, in its width: c (u8, flag), v, u, U (u64, ref), i
 *
 * ended_ns: calls of one turn with messages of one kind end together, as far as the clock knows, and each took an
 * equal share; the call that stopped an actor took as long as what followed in END, which took nothing.
 * A ref is worker << 56 | slot << 32 | generation. `type` is a number in TYPES, `from` and `to` are refs.
 */
#ifndef MESSAGES_TRACE_FORMAT_H
#define MESSAGES_TRACE_FORMAT_H

#include "runtime/message.h"

/* The digit changes when readers of before would misread, not when something is added. */
#define TRACE_MAGIC "intptrc1"
enum {
    TRACE_MAGIC_BYTES = 8,
    TRACE_FORMAT = 1,
    FRAME_MAGIC = 0x5ee1,
    FRAME_HEAD_BYTES = 20,
    FRAME_BYTES_MAX = 1 << 30, /* of an image; more is taken for damage */
    TRACE_WORDS = 5,
    TRACE_SMALLS = 5, /* every # of a format stands for five */
};

enum trace_frame {
    FRAME_HEADER = 1, /* format, program, build, ...: struct trace_about */
    FRAME_KINDS,      /* A(vcsA(cs)): number, class, name, fields: enum field_type, name */
    FRAME_TYPES,      /* A(s): actors' types, by number */
    FRAME_EFFECTS,    /* A(sv): effects by number: name, enum effect_has */
    FRAME_SETTINGS, /* A(ss): what the actors read of their settings, see actors/settings_text.h */
    FRAME_END = 8,  /* U#u#B: an actor ended; flags: why; the effects of its last words */
    FRAME_UNDELIVERED, /* U#u#v: a message that nobody heard, by its kind */
    FRAME_LAGGED, /* U#u: sequence, now_us, ended_ns; worker: so many calls of it are not here: U */
    FRAME_NOTE,   /* U#s: the recorder itself has something to say */
    FRAME_CALL = 64,
};

/* tpl wants its formats as char *, and does not write to them. */
#define TRACE_TPL(format)        ((char *)(uintptr_t)(format))
#define TRACE_FORMAT_HEADER      TRACE_TPL("uUUUuuuussssss")
#define TRACE_FORMAT_KINDS       TRACE_TPL("A(vcsA(cs))")
#define TRACE_FORMAT_TYPES       TRACE_TPL("A(s)")
#define TRACE_FORMAT_EFFECTS     TRACE_TPL("A(sv)")
#define TRACE_FORMAT_SETTINGS    TRACE_TPL("A(ss)")
#define TRACE_FORMAT_END         TRACE_TPL("U#u#B")
#define TRACE_FORMAT_UNDELIVERED TRACE_TPL("U#u#v")
#define TRACE_FORMAT_LAGGED      TRACE_TPL("U#uU")
#define TRACE_FORMAT_NOTE        TRACE_TPL("U#s")

/* The character of tpl for a field; '\0': a span, which has none. */
static inline char trace_field_letter(uint8_t field_type)
{
    static const char letters[] = {
        [FIELD_u8] = 'c',  [FIELD_u16] = 'v',  [FIELD_u32] = 'u', [FIELD_u64] = 'U',
        [FIELD_i32] = 'i', [FIELD_flag] = 'c', [FIELD_ref] = 'U', [FIELD_span] = 0};
    return field_type < sizeof letters ? letters[field_type] : 0;
}

/* "U#u#B" and the letters of the fields. */
enum { TRACE_CALL_FORMAT_MAX = 5 + FIELDS_MAX + 1 };
static inline void trace_call_format(const struct field_info *fields, unsigned count,
                                     char out[TRACE_CALL_FORMAT_MAX])
{
    memcpy(out, "U#u#B", 5);
    out += 5;
    for (unsigned i = 0; i < count; i++)
        if (trace_field_letter(fields[i].type))
            *out++ = trace_field_letter(fields[i].type);
    *out = '\0';
}

/* The head of a frame, as its image wants it. */
void trace_head_write(uint8_t head[FRAME_HEAD_BYTES], unsigned type, const uint8_t *image,
                      uint32_t length);
struct trace_head {
    uint16_t type;
    uint32_t length;
    uint64_t sum;
};
/* False: this is no head. */
bool trace_head_read(const uint8_t head[FRAME_HEAD_BYTES], struct trace_head *out);
/* The image, which stands behind the head, is what the head says. */
bool trace_head_fits(const uint8_t head[FRAME_HEAD_BYTES], const struct trace_head *h);

/* tpl's own words go nowhere, and its want of memory is ours. Before the first use of tpl. */
void trace_tpl_prepare(void);

#endif
