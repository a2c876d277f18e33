/* actors/exchange_map.h -- the live exchanges of incoming_proxy, by id and by number.
 *
 * Purpose  (mode, connection, request) -> exchange for what the agent says, number -> exchange for DOWN.
 *          Ids of a lost link are forgotten at once, their exchanges stay until their DOWN: ids of
 *          an old link never meet those of a new one.
 * Owner    incoming_proxy. Pure: no effects, no clock. Iteration is in order of creation.
 */
#ifndef ACTORS_EXCHANGE_MAP_H
#define ACTORS_EXCHANGE_MAP_H

#include "runtime/message.h"
#include <uthash.h>

struct connection_entry;

struct exchange {
    uint32_t number; /* 1 and up; never 0 */
    uint16_t request;
    bool raw, asked_slow; /* asked_slow: SLOW was said */
    uint64_t began_us;
    struct actor_ref interceptor;
    struct connection_entry *connection; /* NULL: the agent closed it, or its link is gone */
    struct exchange *older;              /* of the same connection */
    UT_hash_handle hh;
};

struct connection_key {
    uint64_t connection;
    uint64_t mode; /* as wide as the id: no padding in a key that is hashed as bytes */
};

struct connection_entry {
    struct connection_key key;
    struct exchange *newest;
    UT_hash_handle hh;
};

struct exchange_map {
    struct exchange *exchanges;
    struct connection_entry *connections;
    uint32_t last_number;
};

/* A number for the next exchange, of those that are the proxy's (exchange_number.h). */
uint32_t exchange_map_number(struct exchange_map *map);
/* Adds it; the connection's entry is made when it is the first. */
struct exchange *exchange_map_add(struct exchange_map *map, uint32_t number, uint8_t mode,
                                  uint64_t connection, uint16_t request);
struct exchange *exchange_map_by_number(struct exchange_map *map, uint32_t number);
/* The exchange of this request. NULL: none. */
struct exchange *exchange_map_request(struct exchange_map *map, uint8_t mode, uint64_t connection,
                                      uint16_t request);
/* The newest exchange of the connection: raw bytes are for it. NULL: none. */
struct exchange *exchange_map_newest(struct exchange_map *map, uint8_t mode, uint64_t connection);
void exchange_map_remove(struct exchange_map *map, struct exchange *x);
/* The agent closed the id: it may use it again at once, for something else. */
void exchange_map_forget_connection(struct exchange_map *map, uint8_t mode, uint64_t connection);
/* The link is gone: no id finds anything any more. */
void exchange_map_forget_ids(struct exchange_map *map);
uint32_t exchange_map_count(const struct exchange_map *map);
void exchange_map_destroy(struct exchange_map *map);

#endif
