/* messages/exchange_number.h -- the numbers of exchanges, as messages and traces carry them.
 *
 * Purpose  incoming_proxy and the stand-in agent each count their own exchanges, and one request is an exchange of
 *          both. With --standalone they are in one program and one trace, so they count in ranges of their own: the
 *          proxy from 1, the agent from 1 with the highest bit set. 0 is none.
 *          People write and read the agent's as a1, a2 ...; JSON has the number as it is.
 * Thread   any.
 */
#ifndef MESSAGES_EXCHANGE_NUMBER_H
#define MESSAGES_EXCHANGE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EXCHANGE_OF_AGENT UINT32_C(0x80000000)
#define EXCHANGE_NUMBER_MAX                                                                        \
    (EXCHANGE_OF_AGENT - 1) /* the largest of each range, without that bit */

enum { EXCHANGE_TEXT_MAX = 12 };

static inline bool exchange_is_agents(uint32_t number)
{
    return number & EXCHANGE_OF_AGENT;
}

/* The number, 0 if it is the agent's: for those who ask only about the proxy's. */
static inline uint32_t exchange_of_proxy(uint32_t number)
{
    return exchange_is_agents(number) ? 0 : number;
}

/* Both of one range: a was numbered after b. The proxy's begin again with 1 behind the largest. */
static inline bool exchange_is_after(uint32_t a, uint32_t b)
{
    return (int32_t)((a - b) << 1) > 0;
}

/* "7" or "a7". Returns out. */
const char *exchange_number_print(uint32_t number, char out[EXCHANGE_TEXT_MAX]);
/* That, or any number up to 2^32 - 1 in decimal. False: it is none. */
bool exchange_number_read(const char *text, size_t length, uint32_t *number);

#endif
