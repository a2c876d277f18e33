/* messages/wire_text_leaf.c -- wide integers and addresses as text; see wire_text.h */
#include "messages/wire_text.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__extension__ typedef unsigned __int128 u128;

const char *wire_u128_text(struct wire_u128 n, char out[WIRE_U128_TEXT_MAX])
{
    u128 rest = (u128)n.high << 64 | n.low;
    char *at = out + WIRE_U128_TEXT_MAX;
    *--at = 0;
    do {
        *--at = (char)('0' + (int)(rest % 10));
        rest /= 10;
    } while (rest);
    return at;
}

bool wire_u128_parse(const char *text, size_t length, struct wire_u128 *out)
{
    u128 n = 0;
    const u128 most = ~(u128)0;
    if (length == 0)
        return false;
    for (size_t i = 0; i < length; i++) {
        unsigned digit = (unsigned)(text[i] - '0');
        if (digit > 9 || n > (most - digit) / 10)
            return false;
        n = n * 10 + digit;
    }
    *out = (struct wire_u128){(uint64_t)n, (uint64_t)(n >> 64)};
    return true;
}

const char *wire_address_text(const struct wire_address *a, bool has_port,
                              char out[WIRE_ADDRESS_TEXT_MAX])
{
    char ip[INET6_ADDRSTRLEN];
    inet_ntop(a->family == 6 ? AF_INET6 : AF_INET, a->octets, ip, sizeof ip);
    const char *form = !has_port ? "%s" : a->family == 6 ? "[%s]:%u" : "%s:%u";
    snprintf(out, WIRE_ADDRESS_TEXT_MAX, form, ip, a->port);
    return out;
}

static bool parse_port(const char *text, uint16_t *out)
{
    struct wire_u128 n;
    if (!wire_u128_parse(text, strlen(text), &n) || n.high || n.low > UINT16_MAX)
        return false;
    *out = (uint16_t)n.low;
    return true;
}

static bool parse_ip(const char *text, struct wire_address *out)
{
    out->family = strchr(text, ':') ? 6 : 4;
    return inet_pton(out->family == 6 ? AF_INET6 : AF_INET, text, out->octets) == 1;
}

bool wire_address_parse(const char *text, size_t length, bool has_port, struct wire_address *out)
{
    char copy[WIRE_ADDRESS_TEXT_MAX];
    *out = (struct wire_address){.port = 0};
    if (length >= sizeof copy || memchr(text, 0, length))
        return false;
    memcpy(copy, text, length);
    copy[length] = 0;
    if (!has_port)
        return parse_ip(copy, out);
    char *colon = strrchr(copy, ':');
    if (!colon || !parse_port(colon + 1, &out->port))
        return false;
    *colon = 0;
    if (copy[0] != '[')
        return parse_ip(copy, out) && out->family == 4;
    size_t n = strlen(copy);
    if (copy[n - 1] != ']')
        return false;
    copy[n - 1] = 0;
    return parse_ip(copy + 1, out) && out->family == 6;
}
