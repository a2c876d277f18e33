/* messages/wire_decoder.c -- see wire_decoder.h
 *
 * One loop over the rows of protocol.h. A field is either a leaf, whose bytes wire_leaf.h looks at,
 * or made of rows, which the loop enters; what is to be done afterwards waits on an explicit stack.
 * Where the bytes end, the place in the rows is kept, and the loop goes on with the next piece.
 */
#include "messages/wire_decoder.h"
#include "messages/wire_leaf.h"
#include <assert.h>
#include <stdlib.h>

#define RETURN_ONCE UINT32_MAX

/* Rows of wire_fields still to walk. */
struct place {
    unsigned field;
    unsigned end;
};

/* ---- body frames ------------------------------------------------------------------------------ */

/* A place for the next frame, NULL if there is no memory. */
static struct wire_frame *frame_place(struct wire_decoder *d)
{
    struct wire_message *m = &d->message;
    if (m->frame_count < WIRE_FRAMES_INLINE)
        return &m->frames_inline[m->frame_count];
    if (m->frame_count >= d->frames_room) {
        uint32_t room = d->frames_room ? 2 * d->frames_room : 4 * WIRE_FRAMES_INLINE;
        struct wire_frame *grown = d->reallocate(d->frames_heap, room * sizeof *grown);
        if (!grown)
            return NULL;
        d->frames_heap = grown;
        d->frames_room = room;
    }
    if (m->frame_count == WIRE_FRAMES_INLINE)
        memcpy(d->frames_heap, m->frames_inline, sizeof m->frames_inline);
    m->frames = d->frames_heap;
    return &d->frames_heap[m->frame_count];
}

/* A frame has passed that lay between these offsets. */
static enum go frame_note(struct wire_decoder *d, uint64_t offset, uint64_t end, bool is_trailers)
{
    struct wire_message *m = &d->message;
    struct wire_range range = {offset, end - offset};
    if (range.length == 0)
        return GO_NEXT;
    if (m->frame_count == WIRE_FRAMES_MAX) {
        m->oversized = true;
        return GO_NEXT;
    }
    struct wire_frame *place = frame_place(d);
    if (!place)
        return wire_leaf_no_memory(d, end);
    *place = (struct wire_frame){range, is_trailers};
    m->frame_count++;
    return GO_NEXT;
}

/* ---- what is made of rows --------------------------------------------------------------------- */

HOT enum go push(struct wire_decoder *d, const struct input *in, unsigned field, unsigned end,
                 uint32_t again)
{
    if (unlikely(d->depth == WIRE_NESTING_MAX))
        return wire_leaf_fail(d, offset_of(in), WIRE_TOO_LARGE, "nested too deeply");
    d->stack[d->depth++] = (struct wire_return){(uint16_t)field, (uint16_t)end, again};
    return GO_NEXT;
}

/* Goes on with other rows, `times` times (RETURN_ONCE: once, and they are no list), and then with
 * what follows this field. A list stays on the stack until its last element is done, so that the
 * stack is as high as lists are nested. */
HOT enum go enter(struct wire_decoder *d, const struct input *in, struct place *p, unsigned first,
                  unsigned rows, uint32_t times)
{
    unsigned next = p->field + 1;
    if (next < p->end && rows && push(d, in, next, p->end, RETURN_ONCE) != GO_NEXT)
        return GO_FAILED;
    if (times == RETURN_ONCE) {
        *p = rows ? (struct place){first, first + rows} : (struct place){next, p->end};
        return GO_NEXT;
    }
    *p = (struct place){0, 0};
    return push(d, in, first, first + rows, times);
}

/* Back to what waits. False if nothing does: the message is whole. */
HOT bool leave(struct wire_decoder *d, struct place *p)
{
    while (d->depth) {
        struct wire_return *r = &d->stack[d->depth - 1];
        if (r->again == 0 || r->again == RETURN_ONCE)
            d->depth--;
        if (r->again == 0)
            continue;
        if (r->again != RETURN_ONCE)
            r->again--;
        *p = (struct place){r->field, r->end};
        return true;
    }
    return false;
}

static enum go unknown_variant(struct wire_decoder *d, uint64_t offset,
                               const struct wire_field_row *f, uint64_t variant)
{
    const struct wire_type_row *type = &wire_types[f->type];
    char limit[VERSION_TEXT_MAX], since[VERSION_TEXT_MAX];
    version_format(version_newest(), limit);
    if (variant >= type->count)
        return wire_leaf_fail(d, offset, WIRE_BAD,
                              "%s: unknown variant %llu, perhaps of a version after %s",
                              wire_type_names[f->type], (unsigned long long)variant, limit);
    version_format(d->limit, limit);
    version_format((struct version){wire_variants[type->first + variant].since}, since);
    return wire_leaf_fail(
        d, offset, WIRE_BAD, "%s: variant %s came with version %s, and this is %s",
        wire_type_names[f->type], wire_variant_names[type->first + variant], since, limit);
}

HOT enum go enter_enum(struct wire_decoder *d, struct input *in, struct place *p,
                       const struct wire_field_row *f)
{
    uint64_t n;
    enum go go = integer(d, in, 4, &n);
    if (go != GO_NEXT)
        return go;
    const struct wire_type_row *type = &wire_types[f->type];
    if (unlikely(n >= type->count))
        return unknown_variant(d, offset_of(in), f, n);
    uint32_t discriminant = (uint32_t)n, row = type->first + discriminant;
    const struct wire_variant_row *v = &wire_variants[row];
    if (unlikely(v->since > d->limit.ordinal))
        return unknown_variant(d, offset_of(in), f, n);
    struct wire_message *m = &d->message;
    memcpy(slot(d, f), &discriminant, sizeof discriminant);
    if (m->path_length < WIRE_PATH_MAX)
        m->path[m->path_length++] = (uint16_t)row;
    if (v->kind)
        m->kind = v->kind;
    return enter(d, in, p, v->first, v->count, RETURN_ONCE);
}

HOT enum go enter_option(struct wire_decoder *d, struct input *in, struct place *p,
                         const struct wire_type_row *type)
{
    if (in->at == in->end)
        return GO_MORE;
    uint8_t tag = *in->at++;
    if (tag > 1)
        return wire_leaf_fail(d, offset_of(in), WIRE_BAD, "option begins with %02x", tag);
    return enter(d, in, p, type->first, tag ? type->count : 0, RETURN_ONCE);
}

HOT enum go enter_list(struct wire_decoder *d, struct input *in, struct place *p,
                       const struct wire_type_row *type)
{
    uint32_t n = 0;
    enum go go = read_count(d, in, &n);
    if (go != GO_NEXT)
        return go;
    if (n == 0) {
        p->field++;
        return GO_NEXT;
    }
    return enter(d, in, p, type->first, type->count, n);
}

/* ---- the walk --------------------------------------------------------------------------------- */

static void edge_before(struct wire_decoder *d, uint64_t here, unsigned edge)
{
    struct wire_message *m = &d->message;
    if (edge == WIRE_EDGE_HEAD_BEGIN)
        m->head.offset = here;
    else if (edge == WIRE_EDGE_HEAD_END)
        m->head.length = here - m->head.offset;
    else if (edge == WIRE_EDGE_FILTER_BEGIN)
        m->filter.offset = here;
    else if (edge == WIRE_EDGE_FILTER_END && m->filter.offset)
        m->filter.length = here - m->filter.offset;
}

/* Frames are noted when they have passed; where one began, its leaf has left in `ignored`. */
static enum go edge_after(struct wire_decoder *d, uint64_t here, unsigned edge)
{
    if (edge < WIRE_EDGE_FRAME_DATA)
        return GO_NEXT;
    return frame_note(d, d->message.ignored.range.offset, here, edge == WIRE_EDGE_FRAME_TRAILERS);
}

/* One field; moves the place on, unless it must wait. */
HOT enum go step(struct wire_decoder *d, struct input *in, struct place *p,
                 const struct wire_field_row *f)
{
    const struct wire_type_row *type = &wire_types[f->type];
    enum go go;
    switch (f->op) {
    case WIRE_OP_ENUM: return enter_enum(d, in, p, f);
    case WIRE_OP_STRUCT: return enter(d, in, p, type->first, type->count, RETURN_ONCE);
    case WIRE_OP_OPTION: return enter_option(d, in, p, type);
    case WIRE_OP_ARRAY: return enter(d, in, p, type->first, type->count, type->times);
    case WIRE_OP_LIST:
    case WIRE_OP_BAG: return enter_list(d, in, p, type);
    case WIRE_OP_BOOLEAN: go = leaf_byte(d, in, f, 1); break;
    case WIRE_OP_U16: go = leaf_integer(d, in, f, 2); break;
    case WIRE_OP_U32: go = leaf_integer(d, in, f, 4); break;
    case WIRE_OP_U64: go = leaf_integer(d, in, f, 8); break;
    case WIRE_OP_BYTES:
    case WIRE_OP_STR:
    case WIRE_OP_METHOD:
    case WIRE_OP_URI:
    case WIRE_OP_HTTPVER:
    case WIRE_OP_SEMVER: go = leaf_string(d, in, f); break;
    case WIRE_OP_HEADERS: go = wire_leaf_headers(d, in, f); break;
    default: go = wire_leaf_rare(d, in, f); break;
    }
    p->field += go == GO_NEXT;
    return go;
}

static enum go walk(struct wire_decoder *d, const uint8_t *bytes, size_t length, size_t *consumed)
{
    struct input in = {bytes, bytes + length, d->position - (uintptr_t)bytes};
    struct place p = {d->field, d->end};
    enum go go = GO_NEXT;
    while (p.field != p.end || leave(d, &p)) {
        const struct wire_field_row *f = &wire_fields[p.field];
        if (unlikely(f->edge) && d->step == STEP_START)
            edge_before(d, offset_of(&in) - d->partial_length, f->edge);
        go = step(d, &in, &p, f);
        if (unlikely(f->edge) && go == GO_NEXT)
            go = edge_after(d, offset_of(&in), f->edge);
        if (unlikely(go != GO_NEXT))
            break;
    }
    d->field = (uint16_t)p.field;
    d->end = (uint16_t)p.end;
    *consumed = (size_t)(in.at - bytes);
    return go;
}

/* In blocks, since gcc makes `rep stos` of one memset, which takes longer than a small message. The
 * last block may reach into what comes next, which is never in use now. */
enum { CLEAR_BLOCK = 64 };

static inline void clear(struct wire_message *m, size_t begin, size_t end)
{
    for (size_t i = begin; i < end; i += CLEAR_BLOCK)
        memset((uint8_t *)m + i, 0, CLEAR_BLOCK);
}
_Static_assert(offsetof(struct wire_message, frames_inline) + CLEAR_BLOCK <=
                   sizeof(struct wire_message),
               "clearing would go beyond the message");

/* The second half of a message is left alone by the kinds that come most. */
static bool fills_rest(enum wire_kind kind)
{
    return kind != WIRE_DATA && kind != WIRE_REQUEST_BODY && kind != WIRE_RESPONSE_BODY &&
           kind != WIRE_HTTP_RESPONSE_START && kind != WIRE_HTTP_RESPONSE_FRAMED;
}

HOT void message_begin(struct wire_decoder *d)
{
    struct wire_message *m = &d->message;
    enum { REST = offsetof(struct wire_message, source_port) };
    bool rest = fills_rest(m->kind);
    clear(m, 0, REST);
    if (rest)
        clear(m, REST, offsetof(struct wire_message, frames_inline));
    m->from = d->from;
    m->frames = m->frames_inline;
    if (d->frames_room > WIRE_FRAMES_SPARE) {
        free(d->frames_heap);
        d->frames_heap = NULL;
        d->frames_room = 0;
    }
    unsigned root = d->from == WIRE_FROM_CLIENT ? WIRE_TYPE_ClientStream : WIRE_TYPE_AgentStream;
    d->field = wire_types[root].first;
    d->end = (uint16_t)(d->field + 1);
    d->position = 0;
    d->in_message = true;
}

static enum wire_mode mode_of(const struct wire_message *m)
{
    return m->top == 1 ? WIRE_MIRROR : WIRE_STEAL;
}

/* What a kind tells in two places, or by what is not there. */
static void message_end(struct wire_decoder *d)
{
    struct wire_message *m = &d->message;
    d->in_message = false;
    m->length = d->position;
    m->mode = mode_of(m);
    switch (m->kind) {
    case WIRE_PORT_SUBSCRIBE:
        m->subscription = (enum wire_subscription)m->steal_type;
        if (m->filter.offset) {
            m->subscription = WIRE_SUBSCRIBE_FILTER;
            m->filter.length = m->length - m->filter.offset;
        }
        break;
    case WIRE_NEW_CONNECTION:
        m->remote.port = m->source_port;
        m->local.port = m->port;
        break;
    case WIRE_HTTP_REQUEST_START_V2:
        m->source_port = m->remote.port;
        m->port = m->local.port;
        break;
    default: break;
    }
}

/* ---- Data, which is most of what is said ------------------------------------------------------ */

/* The discriminants of the two ways to it; a test holds them against the table. */
enum { TOP_TCP = 1, TOP_STEAL = 2, AGENT_DATA = 1, CLIENT_DATA = 3 };

static void data_fill(struct wire_decoder *d, unsigned top, unsigned variant)
{
    struct wire_message *m = &d->message;
    bool agent = d->from == WIRE_FROM_AGENT;
    unsigned second = agent ? WIRE_TYPE_DaemonTcp : WIRE_TYPE_LayerTcpSteal;
    m->kind = WIRE_DATA;
    m->top = top;
    m->mode = mode_of(m);
    m->path[0] =
        (uint16_t)(wire_types[agent ? WIRE_TYPE_DaemonMessage : WIRE_TYPE_ClientMessage].first +
                   top);
    m->path[1] = (uint16_t)(wire_types[second].first + variant);
    m->path_length = 2;
}

HOT bool may_be_data(const struct wire_decoder *d, const uint8_t *bytes, size_t length)
{
    bool agent = d->from == WIRE_FROM_AGENT;
    return !d->in_message && d->verdict == WIRE_MORE && length >= 4 &&
           bytes[1] == (agent ? AGENT_DATA : CLIENT_DATA) &&
           (bytes[0] == TOP_STEAL || (agent && bytes[0] == TOP_TCP));
}

/* A whole Data at the beginning of a message, without the walk. Returns its length, 0: it is not
 * whole, and nothing was done. */
static __attribute__((noinline)) size_t data_whole(struct wire_decoder *d, const uint8_t *bytes,
                                                   size_t length)
{
    const uint8_t *end = bytes + length;
    const uint8_t *at = bytes + 2;
    uint64_t connection, n;
    if (!wire_varint_take(&at, end, &connection) || !wire_varint_take(&at, end, &n) ||
        n > (uint64_t)(end - at))
        return 0;
    message_begin(d);
    d->in_message = false;
    data_fill(d, bytes[0], bytes[1]);
    struct wire_message *m = &d->message;
    m->connection = connection;
    m->payload = (struct wire_range){(uint64_t)(at - bytes), n};
    m->length = d->position = m->payload.offset + n;
    m->oversized = m->length > d->message_max && m->payload.offset > d->message_max;
    return (size_t)m->length;
}

static bool in_data_payload(const struct wire_decoder *d)
{
    return d->message.kind == WIRE_DATA && d->message.payload.offset != 0;
}

/* Not inline: the walk is one long loop, and compilers make it worse for what stands beside it. */
static __attribute__((noinline)) enum wire_verdict
feed(struct wire_decoder *d, const uint8_t *bytes, size_t length, size_t *consumed)
{
    *consumed = 0;
    if (d->verdict != WIRE_MORE || length == 0)
        return d->verdict;
    if (!d->in_message)
        message_begin(d);
    enum go go = walk(d, bytes, length, consumed);
    d->position += *consumed;
    if (unlikely(d->position > d->message_max))
        d->message.oversized |= !in_data_payload(d) || d->message.payload.offset > d->message_max;
    if (go == GO_FAILED)
        return d->verdict;
    if (go == GO_MORE)
        return WIRE_MORE;
    message_end(d);
    return WIRE_MESSAGE;
}

enum wire_verdict wire_decoder_feed(struct wire_decoder *d, const uint8_t *bytes, size_t length,
                                    size_t *consumed)
{
    if (may_be_data(d, bytes, length) && (*consumed = data_whole(d, bytes, length)) != 0)
        return WIRE_MESSAGE;
    return feed(d, bytes, length, consumed);
}

void wire_decoder_create(struct wire_decoder *d, enum wire_from from, struct version limit,
                         uint64_t message_max)
{
    memset(d, 0, sizeof *d);
    d->from = from;
    d->limit = limit;
    d->message_max = message_max;
    d->reallocate = realloc;
    d->message.from = from;
    d->message.frames = d->message.frames_inline;
}

void wire_decoder_destroy(struct wire_decoder *d)
{
    free(d->scratch);
    free(d->frames_heap);
    memset(d, 0, sizeof *d);
}

void wire_decoder_set_allocator(struct wire_decoder *d, void *(*reallocate)(void *, size_t))
{
    assert(!d->scratch && !d->frames_heap);
    d->reallocate = reallocate;
}

bool wire_decoder_data_in_progress(const struct wire_decoder *d, struct wire_data_progress *out)
{
    const struct wire_message *m = &d->message;
    if (!d->in_message || !in_data_payload(d))
        return false;
    *out = (struct wire_data_progress){m->connection, mode_of(m), m->payload.offset,
                                       m->payload.length, d->position - m->payload.offset};
    return true;
}

uint64_t wire_decoder_bytes_left(const struct wire_decoder *d)
{
    bool under_way = d->in_message && d->verdict == WIRE_MORE && d->step == STEP_STRING;
    return under_way && wire_fields[d->field].op == WIRE_OP_BYTES ? d->remaining : 0;
}

uint64_t wire_decoder_pending_bytes(const struct wire_decoder *d)
{
    return d->in_message ? d->position : 0;
}
