/* messages/exchange_number.c -- see exchange_number.h */
#include "messages/exchange_number.h"
#include <inttypes.h>
#include <stdio.h>

const char *exchange_number_print(uint32_t number, char out[EXCHANGE_TEXT_MAX])
{
    snprintf(out, EXCHANGE_TEXT_MAX, "%s%" PRIu32, exchange_is_agents(number) ? "a" : "",
             number & EXCHANGE_NUMBER_MAX);
    return out;
}

static bool digits(const char *text, size_t length, uint32_t most, uint32_t *number)
{
    uint64_t n = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        n = n * 10 + (uint64_t)(text[i] - '0');
        if (n > most)
            return false;
    }
    *number = (uint32_t)n;
    return length > 0;
}

bool exchange_number_read(const char *text, size_t length, uint32_t *number)
{
    if (length == 0 || text[0] != 'a')
        return digits(text, length, UINT32_MAX, number);
    if (!digits(text + 1, length - 1, EXCHANGE_NUMBER_MAX, number))
        return false;
    *number |= EXCHANGE_OF_AGENT;
    return true;
}
