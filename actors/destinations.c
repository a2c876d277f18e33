/* actors/destinations.c -- see destinations.h */
#include "actors/destinations.h"
#include <assert.h>

static struct address table[DESTINATIONS_MAX];
static uint16_t count;

uint16_t destination_add(const struct address *given)
{
    struct address a = *given;
    address_wildcard_to_loopback(&a);
    for (uint16_t i = 0; i < count; i++)
        if (address_equal(&table[i], &a))
            return i;
    assert(count < DESTINATIONS_MAX);
    table[count] = a;
    return count++;
}

const struct address *destination(uint16_t number)
{
    assert(number < count);
    return &table[number];
}

uint16_t destination_count(void)
{
    return count;
}

void destinations_clear(void)
{
    count = 0;
}
