/* actors/answers.c -- see answers.h */
#include "actors/answers.h"
#include <stdio.h>
#include <string.h>

static size_t ids_size(const struct answer_ids *ids)
{
    return http_wire_number_bytes(ids->port) + http_wire_number_bytes(ids->connection) +
           http_wire_number_bytes(ids->request);
}

static uint8_t *ids_write(const struct answer_ids *ids, uint8_t *out)
{
    out = http_wire_put_number(out, ids->port);
    out = http_wire_put_number(out, ids->connection);
    return http_wire_put_number(out, ids->request);
}

void answer_ids_prepend(const struct answer_ids *ids, struct span *head)
{
    uint32_t n = (uint32_t)ids_size(ids);
    assert(head->chunk && head->offset >= n);
    head->offset -= n;
    head->length += n;
    ids_write(ids, head->chunk->bytes + head->offset);
}

static struct span error_head(const struct answer_ids *ids, enum http_version version,
                              unsigned status)
{
    uint8_t head[HEADROOM + 16], *at = ids_write(ids, head);
    at = http_wire_put_number(at, status);
    *at++ = WIRE_HTTPVER_LENGTH;
    memcpy(at, wire_httpver_texts[version], WIRE_HTTPVER_LENGTH);
    at[WIRE_HTTPVER_LENGTH] = 0; /* no headers */
    return span_copy(head, (size_t)(at + WIRE_HTTPVER_LENGTH + 1 - head));
}

struct message *answer_error_new(const struct answer_ids *ids, enum http_version version,
                                 unsigned status, const char *text)
{
    char body[600];
    int n = snprintf(body, sizeof body, "intproxyd v%s: %s\n", INTPROXYD_VERSION, text);
    size_t length = (size_t)n < sizeof body ? (size_t)n : sizeof body - 1;
    struct message *m = msg_answer_new(
        (struct msg_answer){error_head(ids, version, status), span_copy(body, length)});
    m->flags = ANSWER_BASIC | ANSWER_LAST;
    return m;
}

enum http_version http_version_of(struct span head)
{
    const uint8_t *v = span_bytes(head) + head.length - 3;
    if (v[0] == '2' || v[0] == '3')
        return v[0] == '2' ? HTTP_VERSION_2 : HTTP_VERSION_3;
    return v[0] == '0' ? HTTP_VERSION_0_9 : v[2] == '0' ? HTTP_VERSION_1_0 : HTTP_VERSION_1_1;
}

static struct http_text method_text(struct span head)
{
    const uint8_t *at = span_bytes(head);
    struct http_text method = {NULL, 0};
    if (!http_wire_take_text(&at, at + head.length, &method))
        method.length = 0;
    return method;
}

bool http_is_repeatable(struct span head)
{
    static const char *const repeatable[] = {"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"};
    struct http_text m = method_text(head);
    for (unsigned i = 0; i < sizeof repeatable / sizeof repeatable[0]; i++)
        if (m.length == strlen(repeatable[i]) && !memcmp(m.at, repeatable[i], m.length))
            return true;
    return false;
}

void http_method_of(struct span head, char *out, size_t room)
{
    struct http_text m = method_text(head);
    size_t n = m.length < room - 1 ? m.length : room - 1;
    if (n)
        memcpy(out, m.at, n);
    out[n] = '\0';
}

/* ---- collected bodies ---- */

/* Room in front of the bytes: count of frames, variant, length. */
enum { FRAMES_ROOM = 16, COLLECT_FIRST = 4096 };

uint64_t collected_bytes(const struct collected *c)
{
    return c->chunk ? c->chunk->used - FRAMES_ROOM : 0;
}

static void collected_grow(struct collected *c, uint64_t needed)
{
    uint64_t capacity = c->chunk ? (uint64_t)c->chunk->capacity * 2 : COLLECT_FIRST;
    while (capacity < needed)
        capacity *= 2;
    struct chunk *bigger = chunk_new((uint32_t)capacity);
    bigger->used = FRAMES_ROOM;
    if (c->chunk) {
        memcpy(bigger->bytes, c->chunk->bytes, c->chunk->used);
        bigger->used = c->chunk->used;
        chunk_unref(c->chunk);
    }
    c->chunk = bigger;
}

bool collected_add(struct collected *c, struct span bytes, uint64_t most)
{
    uint64_t total = collected_bytes(c) + bytes.length;
    if (total > most || total > UINT32_MAX / 4)
        return false;
    if (bytes.length == 0)
        return true;
    if (!c->chunk || c->chunk->capacity < FRAMES_ROOM + total)
        collected_grow(c, FRAMES_ROOM + total);
    memcpy(c->chunk->bytes + c->chunk->used, span_bytes(bytes), bytes.length);
    c->chunk->used += bytes.length;
    return true;
}

struct span frames_of(struct span data, struct span trailers)
{
    uint32_t count = (data.length ? 1u : 0u) + (trailers.length ? 1u : 0u);
    struct chunk *c = chunk_new(FRAMES_ROOM + data.length + 1 + trailers.length);
    uint8_t *at = http_wire_put_number(c->bytes, count);
    if (data.length) {
        *at++ = 0;
        at = http_wire_put_number(at, data.length);
        memcpy(at, span_bytes(data), data.length);
        at += data.length;
    }
    if (trailers.length) {
        *at++ = 1;
        memcpy(at, span_bytes(trailers), trailers.length);
        at += trailers.length;
    }
    c->used = (uint32_t)(at - c->bytes);
    return (struct span){c, 0, c->used};
}

struct span frames_data(struct span frames)
{
    if (frames.length == 0)
        return NO_BYTES;
    const uint8_t *begin = span_bytes(frames), *at = begin + 1;
    struct http_text data = {NULL, 0};
    if (*begin == 0 || *at++ != 0 || !http_wire_take_text(&at, begin + frames.length, &data)) {
        span_release(&frames);
        return NO_BYTES;
    }
    frames.offset += (uint32_t)((const uint8_t *)data.at - begin);
    frames.length = (uint32_t)data.length;
    return frames;
}

struct span collected_finish(struct collected *c, bool framed, uint16_t *flags)
{
    struct span data = NO_BYTES;
    if (c->chunk)
        data = (struct span){c->chunk, FRAMES_ROOM, c->chunk->used - FRAMES_ROOM};
    c->chunk = NULL;
    if (framed && c->trailers.length) {
        struct span frames = frames_of(data, c->trailers);
        span_release(&data);
        data = frames;
        *flags |= ANSWER_FRAMES;
    }
    span_release(&c->trailers);
    return data;
}

void collected_destroy(struct collected *c)
{
    if (c->chunk)
        chunk_unref(c->chunk);
    c->chunk = NULL;
    span_release(&c->trailers);
}
