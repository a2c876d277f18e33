/* runtime/replay_ends.h -- who watches whom, and how those that are watched ended: what a DOWN must say. */
#ifndef RUNTIME_REPLAY_ENDS_H
#define RUNTIME_REPLAY_ENDS_H

#include "runtime/kinds.h"

struct watch;
struct watched;
struct replay_ends {
    struct watch *watches;
    struct watched *watched;
};

void ends_watch(struct replay_ends *e, struct actor_ref watcher, struct actor_ref whom);
void ends_unwatch(struct replay_ends *e, struct actor_ref watcher, struct actor_ref whom);
/* The actor ended. */
void ends_end(struct replay_ends *e, struct actor_ref who, uint32_t exchange, uint8_t reason);
/* The watcher heard this DOWN. False: it cannot have; `why` says it. */
bool ends_heard(struct replay_ends *e, const struct message *down, char why[200]);
void ends_free(struct replay_ends *e);

#endif
