/* runtime/address.c -- see address.h */
#include "runtime/address.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ERROR_MAX = 160 };

static bool complain(char *error, const char *text, const char *what)
{
    snprintf(error, ERROR_MAX, "\"%.60s\": %s", text, what);
    return false;
}

static bool parse_port(const char *text, uint16_t *port)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || n > 65535)
        return false;
    *port = (uint16_t)n;
    return true;
}

static bool parse_named(struct address *a, uint8_t family, const char *text, const char *name,
                        char *error)
{
    if (!*name)
        return complain(error, text, "a path is missing after the colon, e.g. unix:/run/app.sock");
    if (strlen(name) >= sizeof a->name)
        return complain(error, text, "the path is longer than 107 bytes, use a shorter one");
    a->family = family;
    memcpy(a->name, name, strlen(name) + 1);
    return true;
}

static bool parse_host(struct address *a, const char *host, size_t length)
{
    if (length == 0 || length >= sizeof a->name)
        return false;
    memcpy(a->name, host, length);
    a->name[length] = '\0';
    if (inet_pton(AF_INET, a->name, a->ip) == 1)
        a->family = ADDRESS_V4;
    else
        a->family = ADDRESS_NAME;
    /* digits alone are a port that went astray (-R 99999:80), though some resolvers take them for an address */
    if (strspn(a->name, "0123456789") == length)
        return false;
    for (const char *c = a->name; a->family == ADDRESS_NAME && *c; c++)
        if ((unsigned char)*c <= ' ' || strchr("/:@[]", *c))
            return false;
    return true;
}

static bool parse_v6(struct address *a, const char *text, char *error)
{
    const char *close = strchr(text, ']');
    size_t length = close ? (size_t)(close - text - 1) : 0;
    if (!close || length >= sizeof a->name)
        return complain(error, text, "the address has no ']', write [::1]:8080");
    memcpy(a->name, text + 1, length);
    a->name[length] = '\0';
    if (inet_pton(AF_INET6, a->name, a->ip) != 1)
        return complain(error, text, "this is no IPv6 address, write e.g. [::1]:8080");
    a->name[0] = '\0';
    a->family = ADDRESS_V6;
    if (close[1] != ':' || !parse_port(close + 2, &a->port))
        return complain(error, text, "a port (at most 65535) must follow, e.g. [::1]:8080");
    return true;
}

bool address_parse(struct address *a, const char *text, char *error)
{
    memset(a, 0, sizeof *a);
    if (strncmp(text, "unix:", 5) == 0)
        return parse_named(a, ADDRESS_UNIX, text, text + 5, error);
    if (strncmp(text, "internal:", 9) == 0)
        return parse_named(a, ADDRESS_INTERNAL, text, text + 9, error);
    if (*text == '[')
        return parse_v6(a, text, error);
    const char *colon = strrchr(text, ':');
    if (!parse_port(colon ? colon + 1 : text, &a->port))
        return complain(
            error, text,
            "a port (at most 65535) is missing, write PORT, HOST:PORT, [V6]:PORT or unix:/PATH");
    if (!colon) {
        a->family = ADDRESS_V4;
        memcpy(a->ip, "\x7f\0\0\1", 4);
        return true;
    }
    if (!parse_host(a, text, (size_t)(colon - text)))
        return complain(error, text,
                        "this is no host, write PORT, HOST:PORT, [V6]:PORT or unix:/PATH");
    if (a->family == ADDRESS_V4)
        a->name[0] = '\0';
    return true;
}

const char *address_print(const struct address *a, char out[ADDRESS_TEXT_MAX])
{
    char ip[INET6_ADDRSTRLEN] = "?";
    switch (a->family) {
    case ADDRESS_V4:
        inet_ntop(AF_INET, a->ip, ip, sizeof ip);
        snprintf(out, ADDRESS_TEXT_MAX, "%s:%u", ip, a->port);
        break;
    case ADDRESS_V6:
        inet_ntop(AF_INET6, a->ip, ip, sizeof ip);
        snprintf(out, ADDRESS_TEXT_MAX, "[%s]:%u", ip, a->port);
        break;
    case ADDRESS_NAME: snprintf(out, ADDRESS_TEXT_MAX, "%s:%u", a->name, a->port); break;
    case ADDRESS_UNIX: snprintf(out, ADDRESS_TEXT_MAX, "unix:%s", a->name); break;
    case ADDRESS_INTERNAL: snprintf(out, ADDRESS_TEXT_MAX, "internal:%s", a->name); break;
    default: snprintf(out, ADDRESS_TEXT_MAX, "nowhere"); break;
    }
    return out;
}

bool address_equal(const struct address *a, const struct address *b)
{
    return a->family == b->family && a->port == b->port && !memcmp(a->ip, b->ip, sizeof a->ip) &&
           !strcmp(a->name, b->name);
}

void address_wildcard_to_loopback(struct address *a)
{
    static const uint8_t zero[16];
    if (a->family == ADDRESS_V4 && !memcmp(a->ip, zero, 4))
        memcpy(a->ip, "\x7f\0\0\1", 4);
    else if (a->family == ADDRESS_V6 && !memcmp(a->ip, zero, 16))
        a->ip[15] = 1;
}

void address_pack(const struct address *a, uint8_t out[ADDRESS_PACKED_BYTES])
{
    out[0] = a->family;
    memcpy(out + 1, a->ip, 16);
    out[17] = (uint8_t)a->port;
    out[18] = (uint8_t)(a->port >> 8);
}

void address_unpack(struct address *a, const uint8_t in[ADDRESS_PACKED_BYTES])
{
    memset(a, 0, sizeof *a);
    a->family = in[0];
    memcpy(a->ip, in + 1, 16);
    a->port = (uint16_t)(in[17] | in[18] << 8);
}
