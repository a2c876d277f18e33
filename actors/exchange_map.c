/* actors/exchange_map.c -- see exchange_map.h */
#include "actors/exchange_map.h"
#include "messages/exchange_number.h"
#include "runtime/heap.h"
#include <string.h>

uint32_t exchange_map_number(struct exchange_map *map)
{
    if (map->last_number == EXCHANGE_NUMBER_MAX)
        map->last_number = 0;
    return ++map->last_number;
}

static struct connection_entry *find_connection(struct exchange_map *map, uint8_t mode,
                                                uint64_t connection)
{
    struct connection_key key = {connection, mode};
    struct connection_entry *c;
    HASH_FIND(hh, map->connections, &key, sizeof key, c);
    return c;
}

static struct connection_entry *add_connection(struct exchange_map *map, uint8_t mode,
                                               uint64_t connection)
{
    struct connection_entry *c = heap_alloc(sizeof *c);
    memset(c, 0, sizeof *c);
    c->key = (struct connection_key){connection, mode};
    HASH_ADD(hh, map->connections, key, sizeof c->key, c);
    return c;
}

struct exchange *exchange_map_add(struct exchange_map *map, uint32_t number, uint8_t mode,
                                  uint64_t connection, uint16_t request)
{
    struct connection_entry *c = find_connection(map, mode, connection);
    if (!c)
        c = add_connection(map, mode, connection);
    struct exchange *x = heap_alloc(sizeof *x);
    memset(x, 0, sizeof *x);
    x->number = number;
    x->request = request;
    x->connection = c;
    x->older = c->newest;
    c->newest = x;
    HASH_ADD(hh, map->exchanges, number, sizeof x->number, x);
    return x;
}

struct exchange *exchange_map_by_number(struct exchange_map *map, uint32_t number)
{
    struct exchange *x;
    HASH_FIND(hh, map->exchanges, &number, sizeof number, x);
    return x;
}

struct exchange *exchange_map_newest(struct exchange_map *map, uint8_t mode, uint64_t connection)
{
    struct connection_entry *c = find_connection(map, mode, connection);
    return c ? c->newest : NULL;
}

struct exchange *exchange_map_request(struct exchange_map *map, uint8_t mode, uint64_t connection,
                                      uint16_t request)
{
    struct exchange *x = exchange_map_newest(map, mode, connection);
    while (x && (x->raw || x->request != request))
        x = x->older;
    return x;
}

static void forget_connection(struct exchange_map *map, struct connection_entry *c)
{
    HASH_DELETE(hh, map->connections, c);
    heap_free(c, sizeof *c);
}

static void leave_connection(struct exchange_map *map, struct exchange *x)
{
    struct connection_entry *c = x->connection;
    if (!c)
        return;
    struct exchange **at = &c->newest;
    while (*at != x)
        at = &(*at)->older;
    *at = x->older;
    x->connection = NULL;
    if (!c->newest)
        forget_connection(map, c);
}

void exchange_map_remove(struct exchange_map *map, struct exchange *x)
{
    leave_connection(map, x);
    HASH_DELETE(hh, map->exchanges, x);
    heap_free(x, sizeof *x);
}

void exchange_map_forget_connection(struct exchange_map *map, uint8_t mode, uint64_t connection)
{
    struct connection_entry *c = find_connection(map, mode, connection);
    if (!c)
        return;
    for (struct exchange *x = c->newest; x; x = x->older)
        x->connection = NULL;
    forget_connection(map, c);
}

void exchange_map_forget_ids(struct exchange_map *map)
{
    for (struct exchange *x = map->exchanges; x; x = x->hh.next)
        leave_connection(map, x);
}

uint32_t exchange_map_count(const struct exchange_map *map)
{
    return HASH_COUNT(map->exchanges);
}

void exchange_map_destroy(struct exchange_map *map)
{
    while (map->exchanges)
        exchange_map_remove(map, map->exchanges);
}
