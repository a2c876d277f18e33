/* messages/redact_search.c -- see redact_search.h
 *
 * Nodes are numbers from 0, the root. Edges stand in one hash table, (node, byte) -> node, but for the root's, which
 * are looked for most: they have a table of their own.
 */
#include "messages/redact_search.h"
#include "runtime/heap.h"
#include <stdlib.h>
#include <string.h>

enum { FIRST_EDGES = 1 << 10, FIRST_NODES = 256 };

struct node {
    uint32_t parent, fail;
    uint32_t depth;
    uint32_t text;  /* that ends here; 0: none */
    uint32_t hit;   /* the nearest node on the way of fail where one ends, or itself; 0: none */
    uint32_t begun; /* a text that goes through here */
    uint8_t byte;   /* on the edge from parent */
};

struct edge {
    uint64_t key; /* node << 8 | byte, and 1 << 63 so that it is not 0 */
    uint32_t node;
};

struct redact_search {
    struct node *nodes;
    uint32_t count, room;
    struct edge *edges;
    size_t edge_room; /* a power of two */
    uint32_t root[256];
};

static void *zeroed(size_t count, size_t size)
{
    void *p = calloc(count, size);
    if (!p)
        heap_exhausted("a search", count * size);
    return p;
}

/* ---- edges ---- */

static uint64_t key_of(uint32_t node, uint8_t byte)
{
    return UINT64_C(1) << 63 | (uint64_t)node << 8 | byte;
}

static size_t place_of(const struct redact_search *s, uint64_t key)
{
    size_t at = (size_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 20) & (s->edge_room - 1);
    while (s->edges[at].key && s->edges[at].key != key)
        at = (at + 1) & (s->edge_room - 1);
    return at;
}

static uint32_t edge(const struct redact_search *s, uint32_t node, uint8_t byte)
{
    return node ? s->edges[place_of(s, key_of(node, byte))].node : s->root[byte];
}

static void edges_grow(struct redact_search *s)
{
    struct edge *old = s->edges;
    size_t room = s->edge_room;
    s->edge_room *= 2;
    s->edges = zeroed(s->edge_room, sizeof *s->edges);
    for (size_t i = 0; i < room; i++)
        if (old[i].key)
            s->edges[place_of(s, old[i].key)] = old[i];
    free(old);
}

static void put_edge(struct redact_search *s, uint32_t node, uint8_t byte, uint32_t to)
{
    if (!node) {
        s->root[byte] = to;
        return;
    }
    if (s->count > s->edge_room / 2)
        edges_grow(s);
    uint64_t key = key_of(node, byte);
    s->edges[place_of(s, key)] = (struct edge){key, to};
}

/* ---- texts ---- */

static uint32_t new_node(struct redact_search *s, uint32_t parent, uint8_t byte, uint32_t text)
{
    if (s->count == s->room) {
        s->room *= 2;
        s->nodes = realloc(s->nodes, s->room * sizeof *s->nodes);
        if (!s->nodes)
            heap_exhausted("a search", s->room * sizeof *s->nodes);
    }
    uint32_t node = s->count++;
    s->nodes[node] = (struct node){
        .parent = parent, .depth = s->nodes[parent].depth + 1, .begun = text, .byte = byte};
    put_edge(s, parent, byte, node);
    return node;
}

void redact_search_add(struct redact_search *s, const uint8_t *bytes, size_t length, uint32_t text)
{
    uint32_t node = 0;
    for (size_t i = 0; i < length; i++) {
        uint32_t next = edge(s, node, bytes[i]);
        node = next ? next : new_node(s, node, bytes[i], text);
    }
    if (!s->nodes[node].text)
        s->nodes[node].text = text;
}

/* The nodes by depth, so that each comes behind those that it fails to. */
static uint32_t *by_depth(const struct redact_search *s)
{
    uint32_t most = 0;
    for (uint32_t i = 0; i < s->count; i++)
        most = s->nodes[i].depth > most ? s->nodes[i].depth : most;
    uint32_t *starts = zeroed(most + 2, sizeof *starts);
    uint32_t *order = zeroed(s->count, sizeof *order);
    for (uint32_t i = 0; i < s->count; i++)
        starts[s->nodes[i].depth + 1]++;
    for (uint32_t i = 0; i <= most; i++)
        starts[i + 1] += starts[i];
    for (uint32_t i = 0; i < s->count; i++)
        order[starts[s->nodes[i].depth]++] = i;
    free(starts);
    return order;
}

uint32_t redact_search_step(const struct redact_search *s, uint32_t node, uint8_t byte)
{
    uint32_t next;
    while (!(next = edge(s, node, byte)) && node)
        node = s->nodes[node].fail;
    return next;
}

size_t redact_search_run(const struct redact_search *s, uint32_t *node, const uint8_t *bytes,
                         size_t length)
{
    uint32_t at = *node;
    for (size_t i = 0; i < length; i++) {
        at = at ? redact_search_step(s, at, bytes[i]) : s->root[bytes[i]];
        if (at && s->nodes[at].hit) {
            *node = at;
            return i + 1;
        }
    }
    *node = at;
    return length;
}

void redact_search_close(struct redact_search *s)
{
    uint32_t *order = by_depth(s);
    for (uint32_t i = 1; i < s->count; i++) {
        struct node *n = &s->nodes[order[i]];
        n->fail = n->depth == 1 ? 0 : redact_search_step(s, s->nodes[n->parent].fail, n->byte);
        n->hit = n->text ? order[i] : s->nodes[n->fail].hit;
    }
    free(order);
}

uint32_t redact_search_hit(const struct redact_search *s, uint32_t *at)
{
    uint32_t hit = s->nodes[*at].hit;
    if (!hit)
        return 0;
    *at = s->nodes[hit].fail;
    return s->nodes[hit].text;
}

uint32_t redact_search_depth(const struct redact_search *s, uint32_t node)
{
    return s->nodes[node].depth;
}

uint32_t redact_search_begun(const struct redact_search *s, uint32_t node)
{
    return s->nodes[node].begun;
}

/* ---- begin and end ---- */

struct redact_search *redact_search_new(void)
{
    struct redact_search *s = zeroed(1, sizeof *s);
    s->room = FIRST_NODES;
    s->nodes = zeroed(s->room, sizeof *s->nodes);
    s->count = 1; /* the root */
    s->edge_room = FIRST_EDGES;
    s->edges = zeroed(s->edge_room, sizeof *s->edges);
    return s;
}

void redact_search_free(struct redact_search *s)
{
    if (!s)
        return;
    free(s->nodes);
    free(s->edges);
    free(s);
}
