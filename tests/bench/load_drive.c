/* tests/bench/load_drive.c -- the agent's mouth: requests, raw connections, and the result.
 *
 * The load is closed: CONCURRENT requests at a time, a new one when an answer is complete; a raw
 * connection sends what came back on it, so that 64 KiB of each are under way. What a proxy is
 * sent goes by the version that it agreed to, as with a real agent (wire format, section 5.4).
 */
#include "tests/bench/load_agent.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    UPLOAD_FRAME_BYTES = 64 * 1024,
    TCP_FIRST_BYTES = 16 * 1024, /* a message; four of them start a raw connection */
    TCP_FIRST_MESSAGES = 4,
    SOURCE_PORT = 50000,
    VERSION_FRAMED = 1003000,        /* request bodies in frames */
    VERSION_START_V2 = 1019000,      /* bodies that follow their head */
    VERSION_CONNECTION_V2 = 1019004, /* connections with a transport */
};

static void *zeroes(uint64_t count, size_t bytes)
{
    void *room = calloc(count ? count : 1, bytes);

    if (!room)
        load_die("out of memory");
    return room;
}

void drive_create(struct agent *a)
{
    const struct load_plan *plan = a->plan;
    bool streamed = plan->mode != LOAD_HTTP;

    a->filler_bytes = !streamed ? plan->body_bytes : UPLOAD_FRAME_BYTES;
    a->filler = zeroes(a->filler_bytes, 1);
    if (plan->mode != LOAD_TCP) {
        a->begun_ns = zeroes(plan->count, sizeof *a->begun_ns);
        a->took_ns = zeroes(plan->count, sizeof *a->took_ns);
    }
    if (plan->mode == LOAD_UPLOAD)
        a->upload_left = plan->body_bytes;
}

/* ---- requests ---- */

static void put_header(struct buffer *b, const char *name, const char *value)
{
    put_string(b, name);
    put_byte(b, 1);
    put_string(b, value);
}

static void put_head(struct agent *a)
{
    struct buffer *b = &a->out;
    char length[24];

    put_string(b, a->plan->body_bytes ? "POST" : "GET");
    put_string(b, a->plan->path);
    put_byte(b, a->plan->body_bytes ? 4 : 3);
    put_header(b, "host", "shop.example");
    put_header(b, "user-agent", "load/1");
    put_header(b, "accept", "*/*");
    if (a->plan->body_bytes) {
        snprintf(length, sizeof length, "%ju", (uintmax_t)a->plan->body_bytes);
        put_header(b, "content-length", length);
    }
    put_string(b, "HTTP/1.1");
}

static void put_payload(struct agent *a, uint64_t bytes)
{
    put_number(&a->out, bytes);
    put_bytes(&a->out, a->filler, (size_t)bytes);
}

static void put_frames(struct agent *a, uint64_t bytes)
{
    put_byte(&a->out, bytes ? 1 : 0);
    if (bytes) {
        put_byte(&a->out, FRAME_DATA);
        put_payload(a, bytes);
    }
}

static void put_address(struct buffer *b)
{
    put_bytes(b, "\0\x7f\0\0\1", 5); /* version 4 */
}

static void put_start_v2(struct agent *a, uint64_t id)
{
    struct buffer *b = &a->out;
    bool whole = a->plan->mode == LOAD_HTTP;

    put_kind(b, FROM_AGENT_STEAL, AGENT_REQUEST_CHUNKED);
    put_byte(b, CHUNKED_START_V2);
    put_number(b, id);
    put_byte(b, 0);
    put_head(a);
    put_frames(a, whole ? a->plan->body_bytes : 0);
    put_byte(b, whole);
    put_byte(b, 0); /* where from and where to, which is the only metadata that there is */
    put_address(b);
    put_number(b, SOURCE_PORT);
    put_address(b);
    put_number(b, (uint64_t)a->port);
    put_byte(b, 0); /* no TLS */
}

static void put_whole_request(struct agent *a, uint64_t id)
{
    bool framed = a->version >= VERSION_FRAMED;

    put_kind(&a->out, FROM_AGENT_STEAL, framed ? AGENT_REQUEST_FRAMED : AGENT_REQUEST_BASIC);
    put_head(a);
    if (framed)
        put_frames(a, a->plan->body_bytes);
    else
        put_payload(a, a->plan->body_bytes);
    put_number(&a->out, id);
    put_byte(&a->out, 0);
    put_number(&a->out, (uint64_t)a->port);
}

static void begin_request(struct agent *a)
{
    uint64_t id = a->begun++;

    a->begun_ns[id] = load_now_ns();
    if (a->version >= VERSION_START_V2)
        put_start_v2(a, id);
    else
        put_whole_request(a, id);
}

/* ---- bodies that follow their heads ---- */

bool drive_has_more(const struct agent *a)
{
    return a->plan->mode == LOAD_UPLOAD && a->upload_id < a->begun;
}

void drive_more(struct agent *a)
{
    uint64_t bytes = a->upload_left < UPLOAD_FRAME_BYTES ? a->upload_left : UPLOAD_FRAME_BYTES;

    if (!drive_has_more(a))
        return;
    a->upload_left -= bytes;
    put_kind(&a->out, FROM_AGENT_STEAL, AGENT_REQUEST_CHUNKED);
    put_byte(&a->out, CHUNKED_BODY);
    put_frames(a, bytes);
    put_byte(&a->out, a->upload_left == 0);
    put_number(&a->out, a->upload_id);
    put_byte(&a->out, 0);
    if (a->upload_left == 0) {
        a->upload_id++;
        a->upload_left = a->plan->body_bytes;
    }
}

/* ---- raw connections ---- */

static void send_raw(struct agent *a, uint64_t id, uint64_t bytes_max)
{
    uint64_t left = a->plan->count - a->bytes_out, bytes = bytes_max < left ? bytes_max : left;

    if (bytes == 0)
        return; /* an empty one would end the connection's direction */
    if (bytes > a->filler_bytes) {
        free(a->filler);
        a->filler = zeroes(bytes, 1);
        a->filler_bytes = bytes;
    }
    put_kind(&a->out, FROM_AGENT_STEAL, AGENT_DATA);
    put_number(&a->out, id);
    put_payload(a, bytes);
    a->bytes_out += bytes;
}

static void begin_connection(struct agent *a, uint64_t id)
{
    bool v2 = a->version >= VERSION_CONNECTION_V2;

    put_kind(&a->out, FROM_AGENT_STEAL, v2 ? AGENT_CONNECTION_V2 : AGENT_CONNECTION_V1);
    put_number(&a->out, id);
    put_address(&a->out);
    put_number(&a->out, (uint64_t)a->port);
    put_number(&a->out, SOURCE_PORT);
    put_address(&a->out);
    if (v2)
        put_byte(&a->out, 0); /* no TLS */
    for (int i = 0; i < TCP_FIRST_MESSAGES; i++)
        send_raw(a, id, TCP_FIRST_BYTES);
}

/* ---- the course of a run ---- */

void drive_begin(struct agent *a)
{
    const struct load_plan *plan = a->plan;

    if (plan->mode == LOAD_UPLOAD && a->version < VERSION_START_V2)
        load_fail("uploads need a proxy of version 1.19.0 or newer");
    a->start_ns = load_now_ns();
    if (plan->mode == LOAD_TCP) {
        for (uint64_t id = 0; id < plan->concurrent; id++)
            begin_connection(a, id);
        return;
    }
    while (a->begun < plan->concurrent && a->begun < plan->count)
        begin_request(a);
}

static int by_size(const void *left, const void *right)
{
    uint64_t l = *(const uint64_t *)left, r = *(const uint64_t *)right;

    return (l > r) - (l < r);
}

static double took_us(const struct agent *a, uint64_t per_mille)
{
    uint64_t at = a->done * per_mille / 1000;

    return (double)a->took_ns[at < a->done ? at : a->done - 1] / 1e3;
}

static noreturn void finish(struct agent *a)
{
    double s = (double)(load_now_ns() - a->start_ns) / 1e9;

    if (a->plan->mode == LOAD_TCP) {
        printf("tcp bytes=%ju s=%.3f MBps=%.1f\n", (uintmax_t)a->bytes_in, s,
               (double)a->bytes_in / s / 1e6);
        exit(0);
    }
    qsort(a->took_ns, a->done, sizeof *a->took_ns, by_size);
    printf("http n=%ju s=%.3f rps=%.0f p50=%.1fus p99=%.1fus max=%.1fus bytes=%ju MBps=%.1f "
           "first=%.1fus\n",
           (uintmax_t)a->done, s, (double)a->done / s, took_us(a, 500), took_us(a, 990),
           took_us(a, 1000), (uintmax_t)a->bytes_in, (double)a->bytes_in / s / 1e6,
           (double)a->first_ns / 1e3);
    exit(0);
}

void drive_echo(struct agent *a, uint64_t id, uint64_t bytes)
{
    a->bytes_in += bytes;
    if (bytes == 0)
        load_fail("the proxy ended a raw connection");
    if (a->bytes_in >= a->plan->count)
        finish(a);
    send_raw(a, id, bytes);
}

/* A request that has its answer may be let go of; anything else would never end. */
void drive_ended(struct agent *a, uint64_t id)
{
    if (a->plan->mode == LOAD_TCP || (id < a->begun && a->begun_ns[id]))
        load_fail("the proxy gave an exchange up");
}

void drive_answer_bytes(struct agent *a, uint64_t bytes)
{
    a->bytes_in += bytes;
    if (!a->first_ns)
        a->first_ns = load_now_ns() - a->start_ns;
}

void drive_answer_done(struct agent *a, uint64_t id)
{
    if (id >= a->begun || !a->begun_ns[id])
        load_fail("an answer to nothing, or a second one");
    a->took_ns[a->done++] = load_now_ns() - a->begun_ns[id];
    a->begun_ns[id] = 0;
    if (a->done == a->plan->count)
        finish(a);
    if (a->begun < a->plan->count)
        begin_request(a);
}
