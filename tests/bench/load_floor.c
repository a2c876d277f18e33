/* tests/bench/load_floor.c -- the floor: a proxy that does no more than it must.
 *
 * One thread, one epoll, one store toward the agent that is written once a round. It understands
 * what `load agent` sends at 1.29.0 and what `load app` answers, and checks next to nothing:
 * whatever it does not expect ends it. It is no example of a proxy; it is the price of the bytes.
 * What stays is memory safety, since a yardstick that crashes measures nothing.
 */
#include "tests/bench/load_floor.h"
#include "tests/bench/load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/uio.h>
#include <unistd.h>

enum { HEAD_BYTES_MAX = 8192, EVENTS = 256 };

static void watch(const struct floor *f, int fd, struct lane *lane)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = lane};

    if (epoll_ctl(f->epoll, EPOLL_CTL_ADD, fd, &event))
        load_die("epoll_ctl failed");
}

/* ---- lanes ---- */

/* The store is a block of its own, so that its place in a page is that of any large malloc, and
 * so is the place of `out`. This is part of the measure: with the store 48 bytes further on, the
 * copies of a long answer from one to the other no longer collide in the low 12 bits of their
 * addresses, a 1 GB answer costs a third less, and the aims, which were set against a floor laid
 * out like this one, would mean something else. */
static struct lane *lane_new(const struct floor *f)
{
    struct lane *lane = calloc(1, sizeof *lane);

    if (lane)
        lane->bytes = malloc(LANE_BYTES);
    if (!lane || !lane->bytes)
        load_die("out of memory");
    lane->fd = load_connect(f->app_port);
    watch(f, lane->fd, lane);
    return lane;
}

static struct lane *lane_take(struct floor *f, uint64_t id)
{
    struct lane *lane = f->idle;

    if (lane)
        f->idle = lane->next_idle;
    else
        lane = lane_new(f);
    lane->id = id;
    return lane;
}

void floor_release(struct floor *f, struct lane *lane)
{
    lane->in_chunks = false;
    lane->len = 0;
    lane->next_idle = f->idle;
    f->idle = lane;
}

/* Waits for room if it must: nothing else would be worth doing meanwhile. */
static void lane_write(struct lane *lane, const void *bytes, size_t n)
{
    const char *at = bytes;

    while (n) {
        ssize_t wrote = write(lane->fd, at, n);

        if (wrote < 0 && errno != EAGAIN)
            load_die("the application has gone");
        if (wrote < 0) {
            load_wait_writable(lane->fd);
            continue;
        }
        at += wrote;
        n -= (size_t)wrote;
    }
}

/* A plain write, where it does, is 2 % of a small request cheaper. */
static void lane_write_request(struct lane *lane, struct text head, struct text body)
{
    union {
        const char *in;
        void *out;
    } head_at = {head.at}, body_at = {body.at};
    struct iovec both[2] = {{head_at.out, head.len}, {body_at.out, body.len}};
    size_t wrote;
    ssize_t n;

    if (body.len == 0) {
        lane_write(lane, head.at, head.len);
        return;
    }
    n = writev(lane->fd, both, 2);
    wrote = n < 0 ? 0 : (size_t)n;
    if (wrote < head.len) {
        lane_write(lane, head.at + wrote, head.len - wrote);
        wrote = head.len;
    }
    if (wrote - head.len < body.len)
        lane_write(lane, body.at + (wrote - head.len), body.len - (wrote - head.len));
}

/* ---- from the agent ---- */

/* Appends "a<between>b<after>" to the head. */
static void head_add(char *head, size_t *len, struct text a, const char *between, struct text b,
                     const char *after)
{
    size_t room = HEAD_BYTES_MAX - *len;
    int n = snprintf(head + *len, room, "%.*s%s%.*s%s", (int)a.len, a.at, between, (int)b.len, b.at,
                     after);

    if ((size_t)n >= room)
        load_fail("a request's head is too long for the floor");
    *len += (size_t)n;
}

/* Turns method, target, headers and version into an HTTP/1.1 head; returns its length. */
static size_t take_head(struct reader *r, char *head)
{
    size_t len = 0;
    struct text method = take_text(r), target = take_text(r);

    head_add(head, &len, method, " ", target, " HTTP/1.1\r\n");
    for (uint64_t names = take_number(r); names && !r->more; names--) {
        struct text name = take_text(r);

        for (uint64_t values = take_number(r); values && !r->more; values--)
            head_add(head, &len, name, ": ", take_text(r), "\r\n");
    }
    take_text(r);
    head_add(head, &len, (struct text){"", 0}, "", (struct text){"\r\n", 2}, "");
    return len;
}

/* No frame, or one of data. */
static struct text take_frame(struct reader *r)
{
    if (take_number(r) == 0)
        return (struct text){"", 0};
    if (take_number(r) != FRAME_DATA)
        load_fail("trailers are beyond the floor");
    return take_text(r);
}

static void skip_address(struct reader *r)
{
    take_number(r);
    take_bytes(r, 4);
}

static void on_start(struct floor *f, struct reader *r)
{
    char head[HEAD_BYTES_MAX];
    uint64_t id = take_number(r);
    size_t head_len;
    struct text body;
    struct lane *lane;
    bool last;

    take_number(r);
    head_len = take_head(r, head);
    body = take_frame(r);
    last = take_byte(r);
    take_number(r);
    skip_address(r);
    take_number(r);
    skip_address(r);
    take_number(r);
    take_number(r);
    if (r->more)
        return;
    lane = lane_take(f, id);
    if (!last)
        f->by_id[id % IDS] = lane;
    lane_write_request(lane, (struct text){head, head_len}, body);
}

static void on_body(struct floor *f, struct reader *r)
{
    struct text data = take_frame(r);
    struct lane *lane;
    uint64_t id;

    take_byte(r);
    id = take_number(r);
    take_number(r);
    if (r->more)
        return;
    lane = f->by_id[id % IDS];
    if (!lane)
        load_fail("a body without a head");
    lane_write(lane, data.at, data.len);
}

static void on_request(struct floor *f, struct reader *r)
{
    uint64_t kind = take_number(r);

    if (kind == CHUNKED_START_V2 && !r->more)
        on_start(f, r);
    else if (kind == CHUNKED_BODY)
        on_body(f, r);
    else if (!r->more)
        load_fail("a request in a form that the floor does not know");
}

static void on_connection(struct floor *f, struct reader *r)
{
    uint64_t id = take_number(r);
    struct lane *lane;

    skip_address(r);
    take_number(r);
    take_number(r);
    skip_address(r);
    take_number(r);
    if (r->more)
        return;
    lane = lane_take(f, id);
    lane->raw = true;
    f->by_id[id % IDS] = lane;
}

static void on_data(struct floor *f, struct reader *r)
{
    uint64_t id = take_number(r);
    struct text data = take_text(r);
    struct lane *lane = f->by_id[id % IDS];

    if (r->more)
        return;
    if (!lane)
        load_fail("data without a connection");
    lane_write(lane, data.at, data.len);
}

static void on_steal(struct floor *f, struct reader *r)
{
    switch (take_number(r)) {
    case AGENT_REQUEST_CHUNKED: on_request(f, r); break;
    case AGENT_CONNECTION_V2: on_connection(f, r); break;
    case AGENT_DATA: on_data(f, r); break;
    case AGENT_SUBSCRIBED:
        take_byte(r);
        take_number(r);
        break;
    default:
        if (!r->more)
            load_fail("a message that the floor does not know");
    }
}

static bool on_message(struct floor *f)
{
    struct reader r = reader_of(&f->in);

    switch (take_number(&r)) {
    case FROM_AGENT_STEAL: on_steal(f, &r); break;
    case FROM_AGENT_VERSION: take_text(&r); break;
    default:
        if (!r.more)
            load_fail("a message that the floor does not know");
    }
    if (!r.more)
        f->in.at = (size_t)(r.at - f->in.bytes);
    return !r.more;
}

/* ---- from the application ---- */

static void on_lane(struct floor *f, struct lane *lane)
{
    ssize_t n = read(lane->fd, lane->bytes + lane->len, LANE_BYTES - 1 - lane->len);

    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0)
        load_fail("the application has closed a connection");
    if (lane->raw) {
        put_kind(&f->out, FROM_PROXY_STEAL, PROXY_DATA);
        put_number(&f->out, lane->id);
        put_text(&f->out, lane->bytes, (size_t)n);
        return;
    }
    lane->len += (size_t)n;
    floor_pass_answer(f, lane);
}

/* ---- the loop ---- */

static void on_agent(struct floor *f)
{
    if (!buffer_fill(&f->in, f->agent_fd))
        exit(0);
    while (on_message(f))
        continue;
}

static void write_agent(struct floor *f)
{
    for (;;) {
        if (!buffer_drain(&f->out, f->agent_fd))
            exit(0);
        if (buffer_empty(&f->out))
            return;
        load_wait_writable(f->agent_fd);
    }
}

static void begin(struct floor *f)
{
    put_byte(&f->out, FROM_PROXY_VERSION);
    put_string(&f->out, "1.29.0");
    put_kind(&f->out, FROM_PROXY_STEAL, PROXY_SUBSCRIBE);
    put_byte(&f->out, 0); /* everything that comes to the port */
    put_number(&f->out, SUBSCRIBED_PORT);
}

noreturn void load_floor(uint16_t agent_port, uint16_t app_port)
{
    static struct floor f;
    struct epoll_event events[EVENTS];

    f.app_port = app_port;
    f.epoll = epoll_create1(EPOLL_CLOEXEC);
    f.agent_fd = load_connect(agent_port);
    watch(&f, f.agent_fd, NULL);
    begin(&f);
    for (;;) {
        int n;

        write_agent(&f);
        n = epoll_wait(f.epoll, events, EVENTS, -1);
        for (int i = 0; i < n; i++) {
            struct lane *lane = events[i].data.ptr;

            if (lane)
                on_lane(&f, lane);
            else
                on_agent(&f);
        }
    }
}
