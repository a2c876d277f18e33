/* tools/trace_packets_names.c -- addresses of connections, those that are and those that are made up; see
 * trace_packets_state.h
 */
#include "messages/pcapng.h"
#include "tools/trace_packets_state.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_PORT = 49152, PORTS = 16384, NAMED_MAX = 250, MADE_UP_PORT = 1 };

uint16_t streams_next_port(struct trace_packets *s)
{
    return (uint16_t)(FIRST_PORT + s->ports++ % PORTS);
}

void streams_name_address(struct trace_packets *s, const char *name, struct address *a)
{
    struct named *n;
    *a = (struct address){.family = ADDRESS_V4, .port = a->port, .ip = {198, 51, 100, 1}};
    if (!a->port)
        a->port = MADE_UP_PORT;
    HASH_FIND_STR(s->named, name, n);
    if (!n && HASH_COUNT(s->named) < NAMED_MAX) {
        n = streams_must(calloc(1, sizeof *n));
        snprintf(n->name, sizeof n->name, "%s", name);
        n->last = (uint8_t)(HASH_COUNT(s->named) + 2);
        HASH_ADD_STR(s->named, name, n);
        a->ip[3] = n->last;
        pcapng_name(s->out, a->ip, 4, name);
    }
    if (n)
        a->ip[3] = n->last;
}

bool streams_is_ip(const struct address *a)
{
    return a->family == ADDRESS_V4 || a->family == ADDRESS_V6;
}

static bool is_loopback(const struct address *a)
{
    static const uint8_t six[16] = {[15] = 1};
    return a->family == ADDRESS_V6 ? !memcmp(a->ip, six, 16) : a->ip[0] == 127;
}

void streams_own_address(struct trace_packets *s, const struct address *peer, struct address *own)
{
    *own = (struct address){.family = peer->family};
    if (is_loopback(peer))
        memcpy(own->ip, peer->ip, 16);
    else if (peer->family == ADDRESS_V6)
        memcpy(own->ip, (const uint8_t[16]){0x20, 0x01, 0x0d, 0xb8, [15] = 1}, 16);
    else
        streams_name_address(s, "this program", own);
    own->port = streams_next_port(s);
}

void streams_forget_names(struct trace_packets *s)
{
    struct named *n, *next;
    HASH_ITER(hh, s->named, n, next)
    {
        HASH_DEL(s->named, n);
        free(n);
    }
}
