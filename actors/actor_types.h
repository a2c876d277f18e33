/* actors/actor_types.h -- every type of actor that a program here is made of, by name.
 *
 * Purpose  a trace names the type of each actor; a replay makes the actor anew from that name.
 * Thread   constant.
 */
#ifndef ACTORS_ACTOR_TYPES_H
#define ACTORS_ACTOR_TYPES_H

#include "runtime/actor.h"

/* NULL ends the list. The tap's are not among them: intproxy-wire makes no traces. */
extern const struct actor_type *const actor_types[];
/* NULL: there is none of that name. */
const struct actor_type *actor_type_named(const char *name);

#endif
