/* actors/destinations.h -- the addresses that local connections go to, by number.
 *
 * Messages are too small for an address and carry its number. Filled before the runtime starts,
 * read-only afterwards.
 */
#ifndef ACTORS_DESTINATIONS_H
#define ACTORS_DESTINATIONS_H

#include "runtime/address.h"
#include <stdint.h>

enum { DESTINATIONS_MAX = 512 };

/* The number of this address; the same one for the same address. Wildcards become loopback (DEL-9). */
uint16_t destination_add(const struct address *a);
const struct address *destination(uint16_t number);
/* How many there are. */
uint16_t destination_count(void);
/* Forgets all: for tests and replays, which bring others. */
void destinations_clear(void);

#endif
