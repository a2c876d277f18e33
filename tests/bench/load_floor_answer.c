/* tests/bench/load_floor_answer.c -- the floor's way back: HTTP/1.1 answers into messages.
 *
 * An answer of known length goes out whole and framed; a chunked one goes out as it comes, one
 * message a piece. Both are copied once, into the store toward the agent.
 */
#include "tests/bench/load_floor.h"
#include "tests/bench/load.h"

#include <stdlib.h>
#include <string.h>

/* One line of a head: [at, at + len), without its line end. */
static struct text line_at(const char *at, const char *end)
{
    const char *stop = memchr(at, '\r', (size_t)(end - at));

    return (struct text){at, (size_t)((stop ? stop : end) - at)};
}

/* Puts every header with its name in lower case, each with one value; the count goes before. */
static void put_headers(struct floor *f, const char *at, const char *end)
{
    size_t count_at = f->out.len;
    uint8_t count = 0;

    put_byte(&f->out, 0);
    while (at < end) {
        struct text line = line_at(at, end);
        const char *colon = memchr(line.at, ':', line.len);
        size_t name_len = colon ? (size_t)(colon - line.at) : 0;

        if (!colon || name_len + 2 > line.len || count == 250)
            load_fail("a header that the floor does not understand");
        put_text(&f->out, line.at, name_len);
        for (uint8_t *c = f->out.bytes + f->out.len - name_len; name_len; name_len--)
            *c++ |= 0x20;
        put_byte(&f->out, 1);
        put_text(&f->out, colon + 2, line.len - (size_t)(colon + 2 - line.at));
        count++;
        at = line.at + line.len + 2;
    }
    f->out.bytes[count_at] = count;
}

static void put_answer_head(struct floor *f, const struct lane *lane, const char *end)
{
    const char *headers = memchr(lane->bytes, '\n', (size_t)(end - lane->bytes));

    put_number(&f->out, SUBSCRIBED_PORT);
    put_number(&f->out, lane->id);
    put_number(&f->out, 0);
    put_number(&f->out, strtoul(lane->bytes + sizeof "HTTP/1.1", NULL, 10));
    put_string(&f->out, "HTTP/1.1");
    put_headers(f, headers ? headers + 1 : end, end);
}

static void pass_whole(struct floor *f, struct lane *lane, const char *end, size_t body_len)
{
    put_kind(&f->out, FROM_PROXY_STEAL, PROXY_ANSWER_FRAMED);
    put_answer_head(f, lane, end);
    put_byte(&f->out, body_len ? 1 : 0);
    if (body_len) {
        put_byte(&f->out, FRAME_DATA);
        put_text(&f->out, end + 4, body_len);
    }
    floor_release(f, lane);
}

static void put_body(struct floor *f, const struct lane *lane, const char *data, size_t n)
{
    put_kind(&f->out, FROM_PROXY_STEAL, PROXY_ANSWER_CHUNKED);
    put_byte(&f->out, CHUNKED_BODY);
    put_byte(&f->out, n ? 1 : 0);
    if (n) {
        put_byte(&f->out, FRAME_DATA);
        put_text(&f->out, data, n);
    }
    put_byte(&f->out, n == 0);
    put_number(&f->out, lane->id);
    put_byte(&f->out, 0);
}

/* Reads a chunk's size at `at`, with the line end of the chunk before it if there was one.
 * Returns where the data begins, or NULL if the line, or the blank one after the last, is not
 * whole. */
static const char *chunk_begin(struct lane *lane, const char *at)
{
    const char *end = lane->bytes + lane->len, *newline;

    while (at < end && (*at == '\r' || *at == '\n'))
        at++;
    newline = memchr(at, '\n', (size_t)(end - at));
    if (!newline)
        return NULL;
    lane->chunk_left = strtoull(at, NULL, 16);
    return lane->chunk_left == 0 && end - newline < 3 ? NULL : newline + 1;
}

/* Passes on what is there of a chunked body; keeps what cannot be read yet. */
static void pass_chunks(struct floor *f, struct lane *lane)
{
    const char *at = lane->bytes, *end = lane->bytes + lane->len;

    while (at < end) {
        size_t n;

        if (lane->chunk_left == 0) {
            const char *data = chunk_begin(lane, at);

            if (!data)
                break;
            if (lane->chunk_left == 0) {
                put_body(f, lane, data, 0);
                floor_release(f, lane);
                return;
            }
            at = data;
        }
        n = lane->chunk_left < (uint64_t)(end - at) ? (size_t)lane->chunk_left : (size_t)(end - at);
        if (n)
            put_body(f, lane, at, n);
        at += n;
        lane->chunk_left -= n;
    }
    lane->len = (size_t)(end - at);
    memmove(lane->bytes, at, lane->len);
}

static void pass_head(struct floor *f, struct lane *lane)
{
    static const char length[] = "\r\nContent-Length:"; /* as `load app` writes it */
    const char *end, *field;
    size_t head_len, body_len;

    lane->bytes[lane->len] = '\0'; /* numbers are read up to what is none */
    end = memmem(lane->bytes, lane->len, "\r\n\r\n", 4);
    if (!end)
        return;
    head_len = (size_t)(end - lane->bytes) + 4;
    field = memmem(lane->bytes, head_len, length, sizeof length - 1);
    if (field) {
        body_len = strtoul(field + sizeof length - 1, NULL, 10);
        if (head_len + body_len >= LANE_BYTES || body_len >= LANE_BYTES)
            load_fail("an answer is too long for the floor");
        if (lane->len >= head_len + body_len)
            pass_whole(f, lane, end, body_len);
        return;
    }
    put_kind(&f->out, FROM_PROXY_STEAL, PROXY_ANSWER_CHUNKED);
    put_byte(&f->out, CHUNKED_START);
    put_answer_head(f, lane, end);
    put_byte(&f->out, 0);
    lane->in_chunks = true;
    lane->chunk_left = 0;
    lane->len -= head_len;
    memmove(lane->bytes, lane->bytes + head_len, lane->len);
    pass_chunks(f, lane);
}

void floor_pass_answer(struct floor *f, struct lane *lane)
{
    if (lane->in_chunks)
        pass_chunks(f, lane);
    else
        pass_head(f, lane);
}
