/* runtime/replay_said.c -- see replay_said.h */
#include "runtime/replay_said.h"
#include <stdlib.h>
#include <uthash.h>

struct pair_key {
    struct actor_ref from, to;
};

struct said_pair {
    struct pair_key key;
    struct message *oldest, *newest;
    UT_hash_handle hh;
};

static struct said_pair *find(const struct said *s, struct actor_ref from, struct actor_ref to)
{
    struct said_pair *p;
    struct pair_key key = {from, to};
    HASH_FIND(hh, s->pairs, &key, sizeof key, p);
    return p;
}

static struct said_pair *add(struct said *s, struct actor_ref from, struct actor_ref to)
{
    struct said_pair *p = calloc(1, sizeof *p);
    if (!p)
        heap_exhausted("a replay", sizeof *p);
    p->key = (struct pair_key){from, to};
    HASH_ADD(hh, s->pairs, key, sizeof p->key, p);
    return p;
}

void said_put(struct said *s, struct message *m)
{
    struct said_pair *p = find(s, m->from, m->to);
    if (!p)
        p = add(s, m->from, m->to);
    m->node.next = NULL;
    if (p->newest)
        p->newest->node.next = &m->node;
    else
        p->oldest = m;
    p->newest = m;
    s->waiting++;
}

static void remove_pair(struct said *s, struct said_pair *p)
{
    HASH_DEL(s->pairs, p);
    free(p);
}

struct message *said_take(struct said *s, struct actor_ref from, struct actor_ref to)
{
    struct said_pair *p = find(s, from, to);
    if (!p)
        return NULL;
    struct message *m = p->oldest;
    p->oldest = message_next(m);
    if (!p->oldest)
        remove_pair(s, p);
    s->waiting--;
    return m;
}

void said_free(struct said *s)
{
    struct said_pair *p, *next;
    HASH_ITER(hh, s->pairs, p, next)
    {
        while (p->oldest) {
            struct message *m = p->oldest;
            p->oldest = message_next(m);
            message_free(m);
        }
        remove_pair(s, p);
    }
    s->waiting = 0;
}
