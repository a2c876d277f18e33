/* actors/heard_bounds.h -- what an actor takes for granted in what it hears: places in the settings, sizes.
 *
 * Purpose  in the program, whoever says it keeps to these, and nobody looks again. A replay gives actors what stands in
 *          a file, and its sender may not be there to be compared with: so each message is looked at before that.
 * Thread   as settings.h.
 * Errors   false: `why` says which number is out of which bounds.
 */
#ifndef ACTORS_HEARD_BOUNDS_H
#define ACTORS_HEARD_BOUNDS_H

#include "runtime/actor.h"
#include <stdbool.h>

/* The settings are those of the recorded program (settings_take). A replay_bounds of runtime/replay.h. */
bool heard_within_bounds(const struct actor_type *type, const struct message *m, char why[200]);

#endif
