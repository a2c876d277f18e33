/* tests/toys.c -- see toys.h */
#include "tests/toys.h"
#include <string.h>

void toy_sim(struct sim *sim, uint64_t seed)
{
    messages_init();
    sim_create(sim, seed, 2, NULL);
}

struct message *resume(uint32_t n)
{
    return msg_resume_new((struct msg_resume){n});
}

/* ---- pinger ---- */

static void pinger_say(struct toy_pinger *self, uint32_t length)
{
    uint8_t bytes[TOY_PINGS];
    for (uint32_t i = 0; i < length; i++)
        bytes[i] = (uint8_t)('a' + i % 26);
    SAY(self, self->partner, data, .bytes = span_copy(bytes, length), .connection = length);
}

static void pinger_begin(struct toy_pinger *self, unsigned worker)
{
    self->is_first = true;
    self->partner = actor_spawn(&self->actor, &toy_pinger_type, worker,
                                msg_data_new((struct msg_data){.connection = 0}));
}

static void pinger_on_data(struct toy_pinger *self, struct message *m)
{
    uint32_t length = msg_data(m)->bytes.length;
    self->partner = m->from;
    self->seen++;
    if (length < TOY_PINGS)
        pinger_say(self, length + 1);
    if (length + 1 >= TOY_PINGS)
        actor_stop(&self->actor, STOP_DONE);
}

static void pinger_on_message(struct actor *actor, struct message *m)
{
    struct toy_pinger *self = (struct toy_pinger *)actor;
    switch (m->kind) {
    case MSG_CONTINUE: pinger_begin(self, msg_resume(m)->n); break;
    case MSG_DATA: pinger_on_data(self, m); break;
    default: actor_unexpected(actor, m); break;
    }
}

const struct actor_type toy_pinger_type = {"toy_pinger", sizeof(struct toy_pinger),
                                           pinger_on_message, NULL};

/* ---- ticker ---- */

static void ticker_begin(struct toy_ticker *self)
{
    timer_start(&self->actor, 1, 10000);
    timer_start(&self->actor, 2, 25000);
    timer_start(&self->actor, 3, 5000);
    timer_stop(&self->actor, 3);
}

static void ticker_on_timer(struct toy_ticker *self, uint32_t n)
{
    self->rang[self->count] = n;
    self->at_us[self->count++] = actor_now(&self->actor);
    SAY(self, self->actor.ref, idle, .keep_us = actor_now(&self->actor));
    if (self->count == TOY_TICKS)
        actor_log(&self->actor, LOG_INFO, "the ticker has ticked", "ticks=%u", self->count);
    else if (n == 1)
        timer_start(&self->actor, 1, 10000);
}

static void ticker_on_message(struct actor *actor, struct message *m)
{
    struct toy_ticker *self = (struct toy_ticker *)actor;
    switch (m->kind) {
    case MSG_CONTINUE: ticker_begin(self); break;
    case MSG_TIMER: ticker_on_timer(self, msg_timer(m)->n); break;
    case MSG_IDLE: break; /* what it told itself, so that its time is seen outside */
    default: actor_unexpected(actor, m); break;
    }
}

const struct actor_type toy_ticker_type = {"toy_ticker", sizeof(struct toy_ticker),
                                           ticker_on_message, NULL};

/* ---- echo server ---- */

enum { ECHO_HIGH = 4096, ECHO_LOW = 1024 };

struct toy_echo {
    struct actor actor;
    uint64_t written;
    bool paused, ending;
};

static void echo_on_data(struct toy_echo *self, struct message *m)
{
    struct msg_socket_data *d = msg_socket_data(m);
    self->written += d->bytes.length;
    socket_write(&self->actor, 0, span_take(&d->bytes));
    if (self->written > ECHO_HIGH && !self->paused) {
        self->paused = true;
        socket_pause(&self->actor, 0);
        socket_notify(&self->actor, 0, ECHO_LOW);
    }
}

static void echo_on_drained(struct toy_echo *self, struct message *m)
{
    self->written = msg_socket_drained(m)->unsent;
    if (self->ending) {
        actor_stop(&self->actor, STOP_DONE);
    } else if (self->paused) {
        self->paused = false;
        socket_resume(&self->actor, 0);
    }
}

static void echo_on_end(struct toy_echo *self)
{
    self->ending = true;
    socket_shutdown(&self->actor, 0);
    socket_notify(&self->actor, 0, 0);
}

static void echo_on_message(struct actor *actor, struct message *m)
{
    struct toy_echo *self = (struct toy_echo *)actor;
    switch (m->kind) {
    case MSG_SOCKET_ACCEPTED: break;
    case MSG_SOCKET_DATA: echo_on_data(self, m); break;
    case MSG_SOCKET_DRAINED: echo_on_drained(self, m); break;
    case MSG_SOCKET_END: echo_on_end(self); break;
    case MSG_SOCKET_FAILED: actor_stop(actor, STOP_FAILED); break;
    default: actor_unexpected(actor, m); break;
    }
}

const struct actor_type toy_echo_type = {"toy_echo", sizeof(struct toy_echo), echo_on_message,
                                         NULL};

static bool address_of(struct message *m, struct address *a)
{
    char error[160];
    return address_parse(a, (const char *)span_bytes(msg_data(m)->bytes), error);
}

static void server_on_message(struct actor *actor, struct message *m)
{
    struct toy_server *self = (struct toy_server *)actor;
    struct address at;
    switch (m->kind) {
    case MSG_DATA:
        if (address_of(m, &at))
            socket_listen(actor, 0, &at, &toy_echo_type, 42);
        break;
    case MSG_SOCKET_LISTENING:
        self->error = msg_socket_listening(m)->error;
        self->port = msg_socket_listening(m)->port;
        break;
    case MSG_STOP: actor_stop(actor, STOP_ASKED); break;
    default: actor_unexpected(actor, m); break;
    }
}

const struct actor_type toy_server_type = {"toy_server", sizeof(struct toy_server),
                                           server_on_message, NULL};

/* ---- parent and children ---- */

struct toy_child {
    struct actor actor;
    struct actor_ref parent;
};

static void child_on_message(struct actor *actor, struct message *m)
{
    struct toy_child *self = (struct toy_child *)actor;
    switch (m->kind) {
    case MSG_CONTINUE:
        self->parent = m->from;
        SAY(self, m->from, credit, .bytes = msg_resume(m)->n);
        break;
    case MSG_STOP: actor_stop(actor, STOP_ASKED); break;
    default: actor_unexpected(actor, m); break;
    }
}

static void child_on_stop(struct actor *actor)
{
    struct toy_child *self = (struct toy_child *)actor;
    SAY(self, self->parent, credit, .bytes = UINT64_MAX - actor_now(actor));
}

const struct actor_type toy_child_type = {"toy_child", sizeof(struct toy_child), child_on_message,
                                          child_on_stop};

static void parent_begin(struct toy_parent *self, uint32_t children)
{
    self->children = children;
    for (uint32_t i = 0; i < children; i++) {
        struct message *first = msg_resume_new((struct msg_resume){i});
        first->exchange = i + 1;
        struct actor_ref child = actor_spawn(&self->actor, &toy_child_type, i % 2, first);
        actor_monitor(&self->actor, child);
    }
}

static void parent_on_down(struct toy_parent *self)
{
    if (++self->downs == self->children && self->ends_program)
        actor_end_program(&self->actor, 7);
}

static void parent_on_message(struct actor *actor, struct message *m)
{
    struct toy_parent *self = (struct toy_parent *)actor;
    switch (m->kind) {
    case MSG_CONTINUE: parent_begin(self, msg_resume(m)->n); break;
    case MSG_CREDIT:
        self->answers++;
        if (msg_credit(m)->bytes < UINT64_MAX / 2) /* else last words */
            SAY(self, m->from, stop, .reason = STOP_ASKED);
        break;
    case MSG_DOWN: parent_on_down(self); break;
    case MSG_STOP: self->ends_program = true; break;
    default: actor_unexpected(actor, m); break;
    }
}

const struct actor_type toy_parent_type = {"toy_parent", sizeof(struct toy_parent),
                                           parent_on_message, NULL};

/* ---- client ---- */

static void client_begin(struct toy_client *self, struct message *m)
{
    struct address to;
    struct span text = msg_data(m)->bytes;
    uint32_t n = (uint32_t)strlen((const char *)span_bytes(text)) + 1;
    if (!address_of(m, &to))
        return;
    socket_connect(&self->actor, 5, &to);
    if (n < text.length)
        socket_write(&self->actor, 5, span_slice(text, n, text.length - n));
}

static void client_on_message(struct actor *actor, struct message *m)
{
    struct toy_client *self = (struct toy_client *)actor;
    switch (m->kind) {
    case MSG_DATA: client_begin(self, m); break;
    case MSG_SOCKET_CONNECTED:
        self->error = msg_socket_connected(m)->error;
        self->connected = self->error == 0;
        self->answered_us = actor_now(actor);
        break;
    case MSG_SOCKET_DATA: self->received += msg_socket_data(m)->bytes.length; break;
    case MSG_SOCKET_END: self->ended = true; break;
    case MSG_SOCKET_FAILED:
        self->failed = true;
        self->failed_error = msg_socket_failed(m)->error;
        break;
    case MSG_STOP: actor_stop(actor, STOP_ASKED); break;
    default: actor_unexpected(actor, m); break;
    }
}

const struct actor_type toy_client_type = {"toy_client", sizeof(struct toy_client),
                                           client_on_message, NULL};

/* ---- asker ---- */

static void keep(struct toy_asker *self, const struct message *m, int32_t error, uint64_t bytes)
{
    uint32_t i = self->heard++;
    self->kinds[i] = m->kind;
    self->errors[i] = error;
    self->bytes[i] = bytes;
    self->at_us[i] = actor_now(&self->actor);
}

static void asker_file(struct actor *actor, uint32_t command)
{
    switch (command) {
    case TOY_OPEN: file_open(actor, 1, span_copy("/var/tmp", 8)); break;
    case TOY_WRITE: file_write(actor, 1, span_copy("0123456789", 10)); break;
    case TOY_READ: file_read(actor, 1, 5, 20); break;
    default: file_close(actor, 1); break;
    }
}

static void asker_on_message(struct actor *actor, struct message *m)
{
    struct toy_asker *self = (struct toy_asker *)actor;
    switch (m->kind) {
    case MSG_DATA: name_resolve(actor, 1, span_take(&msg_data(m)->bytes), 80); break;
    case MSG_CONTINUE: asker_file(actor, msg_resume(m)->n); break;
    case MSG_RESOLVED: {
        struct span a = msg_resolved(m)->addresses;
        keep(self, m, msg_resolved(m)->error, a.length / ADDRESS_PACKED_BYTES);
        if (a.length)
            address_unpack(&self->first, span_bytes(a));
        break;
    }
    case MSG_FILE_OPENED: keep(self, m, (int32_t)msg_file_opened(m)->error, 0); break;
    case MSG_FILE_WRITTEN:
        keep(self, m, (int32_t)msg_file_written(m)->error, msg_file_written(m)->bytes);
        break;
    case MSG_FILE_READ: {
        struct span b = msg_file_read(m)->bytes;
        keep(self, m, (int32_t)msg_file_read(m)->error, b.length);
        if (b.length)
            memcpy(self->text, span_bytes(b), b.length < 31 ? b.length : 31);
        break;
    }
    default: break;
    }
}
const struct actor_type toy_asker_type = {"toy_asker", sizeof(struct toy_asker), asker_on_message,
                                          NULL};

struct message *toy_at(const char *address, const char *more)
{
    size_t n = strlen(address) + 1, rest = strlen(more);
    struct chunk *c = chunk_new((uint32_t)(n + rest));
    memcpy(c->bytes, address, n);
    memcpy(c->bytes + n, more, rest);
    return msg_data_new((struct msg_data){.bytes = {c, 0, (uint32_t)(n + rest)}});
}
