/* messages/trace_clients.c -- see trace_clients.h */
#include "messages/trace_clients.h"
#include "messages/trace_grow.h"
#include "messages/trace_speech.h"
#include <uthash.h>

/* What a connection is known by; no byte of it is left unset. */
struct client_key {
    uint64_t connection; /* 0 if there is an address */
    struct wire_address address;
    uint32_t link;
    uint32_t mode;
};

struct client {
    struct client_key key;
    uint32_t number;
    UT_hash_handle hh;
};

struct asked {
    uint64_t connection, at_ns;
    uint32_t client;
    uint16_t request;
    uint8_t mode;
};

struct trace_clients {
    struct client *clients;
    struct asked *list; /* by ids and time */
    unsigned count;
    uint32_t link; /* that is being read */
};

static uint32_t number_of(struct trace_clients *c, const struct client_key *key)
{
    struct client *found;
    HASH_FIND(hh, c->clients, key, sizeof *key, found);
    if (found)
        return found->number;
    found = calloc(1, sizeof *found);
    if (!found)
        heap_exhausted("clients of a trace", sizeof *found);
    found->key = *key;
    found->number = HASH_COUNT(c->clients) + 1;
    HASH_ADD(hh, c->clients, key, sizeof found->key, found);
    return found->number;
}

static uint32_t client_of(struct trace_clients *c, const struct wire_message *m)
{
    struct client_key key;
    memset(&key, 0, sizeof key);
    key.link = c->link;
    key.mode = (uint32_t)m->mode;
    if (m->kind == WIRE_HTTP_REQUEST_START_V2 && m->remote.family && m->remote.port) {
        memcpy(key.address.octets, m->remote.octets, m->remote.family == 4 ? 4 : 16);
        key.address.family = m->remote.family;
        key.address.port = m->remote.port;
    } else {
        key.connection = m->connection;
    }
    return number_of(c, &key);
}

static bool is_request(enum wire_kind kind)
{
    return kind == WIRE_HTTP_REQUEST || kind == WIRE_HTTP_REQUEST_FRAMED ||
           kind == WIRE_HTTP_REQUEST_START_V1 || kind == WIRE_HTTP_REQUEST_START_V2;
}

static void hear(void *context, const struct trace_spoken *s)
{
    struct trace_clients *c = context;
    const struct wire_message *m = s->message;
    if (s->side != SIDE_FAR || !is_request(m->kind))
        return;
    c->list = trace_grow(c->list, c->count, sizeof *c->list);
    c->list[c->count++] = (struct asked){.connection = m->connection,
                                         .at_ns = s->at_ns,
                                         .client = client_of(c, m),
                                         .request = m->request,
                                         .mode = (uint8_t)m->mode};
}

static int by_ids(const void *a, const void *b)
{
    const struct asked *x = a, *y = b;
    if (x->mode != y->mode)
        return x->mode < y->mode ? -1 : 1;
    if (x->connection != y->connection)
        return x->connection < y->connection ? -1 : 1;
    if (x->request != y->request)
        return x->request < y->request ? -1 : 1;
    return x->at_ns < y->at_ns ? -1 : x->at_ns > y->at_ns;
}

static bool is_wanted(const struct trace_stream *s, bool by_agent)
{
    return s->kind == STREAM_LINK && s->by_agent == by_agent && s->count;
}

/* What lies behind a place where a link cannot be followed is not known, and that is no failure. */
static void read_links(struct trace_clients *c, const struct trace_stream *first, bool by_agent)
{
    char error[TRACE_SPEECH_ERROR_MAX];
    for (const struct trace_stream *s = first; s; s = s->next) {
        if (!is_wanted(s, by_agent))
            continue;
        c->link++;
        trace_speech_read(s, hear, c, error);
    }
}

struct trace_clients *trace_clients_new(const struct trace_stream *first)
{
    struct trace_clients *c = calloc(1, sizeof *c);
    if (!c)
        heap_exhausted("clients of a trace", sizeof *c);
    read_links(c, first, false);
    if (!c->link)
        read_links(c, first, true);
    if (c->count)
        qsort(c->list, c->count, sizeof *c->list, by_ids);
    return c;
}

void trace_clients_free(struct trace_clients *c)
{
    struct client *client, *next;
    if (!c)
        return;
    HASH_ITER(hh, c->clients, client, next)
    {
        HASH_DEL(c->clients, client);
        free(client);
    }
    free(c->list);
    free(c);
}

uint32_t trace_client_of(const struct trace_clients *c, uint8_t mode, uint64_t connection,
                         uint16_t request, uint64_t by_ns)
{
    struct asked key = {.connection = connection, .at_ns = by_ns, .request = request, .mode = mode};
    unsigned low = 0, high = c->count;
    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        if (by_ids(&c->list[middle], &key) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    const struct asked *found = low ? &c->list[low - 1] : NULL;
    bool same = found && found->mode == mode && found->connection == connection &&
                found->request == request;
    return same ? found->client : 0;
}
