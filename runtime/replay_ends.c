/* runtime/replay_ends.c -- see replay_ends.h */
#include "runtime/replay_ends.h"
#include "runtime/actor.h"
#include <stdio.h>
#include <stdlib.h>
#include <uthash.h>

struct watch_key {
    struct actor_ref watcher, whom;
};

/* A watcher may watch twice, and hears it twice. */
struct watch {
    struct watch_key key;
    uint32_t times;
    UT_hash_handle hh;
};

struct watched {
    struct actor_ref who;
    uint32_t watchers;
    bool ended;
    uint8_t reason;
    uint32_t exchange;
    UT_hash_handle hh;
};

static void *zeroed(size_t bytes)
{
    void *p = calloc(1, bytes);
    if (!p)
        heap_exhausted("a replay", bytes);
    return p;
}

static struct watch *find_watch(struct replay_ends *e, struct actor_ref watcher,
                                struct actor_ref whom)
{
    struct watch *w;
    struct watch_key key = {watcher, whom};
    HASH_FIND(hh, e->watches, &key, sizeof key, w);
    return w;
}

static struct watched *find_watched(struct replay_ends *e, struct actor_ref who)
{
    struct watched *x;
    HASH_FIND(hh, e->watched, &who, sizeof who, x);
    return x;
}

void ends_watch(struct replay_ends *e, struct actor_ref watcher, struct actor_ref whom)
{
    struct watch *w = find_watch(e, watcher, whom);
    struct watched *x = find_watched(e, whom);
    if (!w) {
        w = zeroed(sizeof *w);
        w->key = (struct watch_key){watcher, whom};
        HASH_ADD(hh, e->watches, key, sizeof w->key, w);
    }
    if (!x) {
        x = zeroed(sizeof *x);
        x->who = whom;
        HASH_ADD(hh, e->watched, who, sizeof x->who, x);
    }
    w->times++;
    x->watchers++;
}

static void forget_one(struct replay_ends *e, struct watch *w, struct watched *x)
{
    if (--w->times == 0) {
        HASH_DEL(e->watches, w);
        free(w);
    }
    if (--x->watchers == 0) {
        HASH_DEL(e->watched, x);
        free(x);
    }
}

void ends_unwatch(struct replay_ends *e, struct actor_ref watcher, struct actor_ref whom)
{
    struct watch *w = find_watch(e, watcher, whom);
    struct watched *x = find_watched(e, whom);
    if (w && x && !x->ended) /* else the DOWN is on its way */
        forget_one(e, w, x);
}

void ends_end(struct replay_ends *e, struct actor_ref who, uint32_t exchange, uint8_t reason)
{
    struct watched *x = find_watched(e, who);
    if (!x)
        return;
    x->ended = true;
    x->reason = reason;
    x->exchange = exchange;
}

/* Of an actor that had ended when the watch began nothing is known any more. */
static bool says_how(const struct watched *x, const struct message *m, const struct msg_down *d)
{
    if (x->ended)
        return d->reason == x->reason && m->exchange == x->exchange;
    return d->reason != STOP_NOBODY || m->exchange == 0;
}

bool ends_heard(struct replay_ends *e, const struct message *m, char why[200])
{
    const struct msg_down *d = msg_down((struct message *)(uintptr_t)m);
    struct watch *w = find_watch(e, m->to, d->who);
    struct watched *x = find_watched(e, d->who);
    if (!w || !x || !ref_equal(m->from, d->who))
        snprintf(why, 200, "it hears that somebody ended whom it does not watch");
    else if (!says_how(x, m, d))
        snprintf(why, 200, "it hears that an actor ended otherwise than it did");
    else {
        forget_one(e, w, x);
        return true;
    }
    return false;
}

void ends_free(struct replay_ends *e)
{
    struct watch *w, *next;
    struct watched *x, *then;
    HASH_ITER(hh, e->watches, w, next)
    {
        HASH_DEL(e->watches, w);
        free(w);
    }
    HASH_ITER(hh, e->watched, x, then)
    {
        HASH_DEL(e->watched, x);
        free(x);
    }
}
