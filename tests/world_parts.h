/* tests/world_parts.h -- what world.c and world_agent.c have of each other. */
#ifndef TESTS_WORLD_PARTS_H
#define TESTS_WORLD_PARTS_H

#include "tests/world.h"

/* world.c */
void *world_grown(void *list, size_t count, size_t *room, size_t each);
/* The agent's version as the n-th link knew it when it wrote its byte number `offset`. */
struct version world_version_at(const struct world *w, unsigned link, uint64_t offset);

/* world_agent.c */
void world_listen(struct world *w);
void world_agent_free(struct world *w);

#endif
