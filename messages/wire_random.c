/* messages/wire_random.c -- see wire_random.h */
#include "messages/wire_random.h"
#include "messages/wire_syntax.h"
#include <stdio.h>
#include <string.h>

/* What nests without end (a filter in a filter) stops to do so beyond this depth. */
enum { DEEP = 24, LIST_MOST = 6 };

static struct wire_random_source *source(struct wire_transcode *t)
{
    return t->source_state;
}

void wire_random_source_begin(struct wire_random_source *s, uint64_t seed, struct version limit)
{
    memset(s, 0, sizeof *s);
    s->state = seed;
    s->limit = limit;
}

/* SplitMix64 (Steele, Lea, Flood 2014). */
static uint64_t dice(struct wire_random_source *s)
{
    uint64_t z = s->state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

uint64_t wire_random_below(struct wire_random_source *s, uint64_t n)
{
    return dice(s) % n;
}

static bool one_in(struct wire_random_source *s, uint64_t n)
{
    return wire_random_below(s, n) == 0;
}

/* ---- numbers --------------------------------------------------------------------------------- */

/* At most `most`; often where the length of the encoding changes. */
static uint64_t number(struct wire_random_source *s, uint64_t most)
{
    static const uint64_t edges[] = {0,         1,         250,   251,        255,
                                     256,       65535,     65536, UINT32_MAX, UINT64_C(1) << 32,
                                     INT64_MAX, UINT64_MAX};
    uint64_t n = one_in(s, 2)   ? wire_random_below(s, 300)
                 : one_in(s, 2) ? edges[wire_random_below(s, sizeof edges / sizeof edges[0])]
                                : dice(s) >> wire_random_below(s, 64);
    return n > most ? most - n % 2 : n;
}

static uint64_t signed_number(struct wire_random_source *s, unsigned bits)
{
    uint64_t most = bits == 32 ? INT32_MAX : INT64_MAX;
    uint64_t n = number(s, most);
    return one_in(s, 2) ? n : ~n; /* -1 - n */
}

/* ---- strings --------------------------------------------------------------------------------- */

static size_t length(struct wire_random_source *s)
{
    return (size_t)(one_in(s, 20) ? 240 + wire_random_below(s, 20) : wire_random_below(s, 24));
}

static size_t from_set(struct wire_random_source *s, const char *set, size_t n)
{
    size_t kinds = strlen(set);
    for (size_t i = 0; i < n; i++)
        s->string[i] = (uint8_t)set[wire_random_below(s, kinds)];
    return n;
}

static size_t any_bytes(struct wire_random_source *s)
{
    size_t n = length(s);
    bool ascii = one_in(s, 2);
    for (size_t i = 0; i < n; i++)
        s->string[i] =
            (uint8_t)(ascii ? ' ' + wire_random_below(s, 95) : wire_random_below(s, 256));
    return n;
}

/* UTF-8 of one to four bytes a character. */
static size_t utf8(struct wire_random_source *s)
{
    static const char *const characters[] = {"a", "Z", " ", "\"", "\\", "\n",       "\x01",
                                             "é", "ß", "→", "日", "𝄞",  "\xc2\x80", "'"};
    size_t characters_wanted = length(s), n = 0;
    for (size_t i = 0; i < characters_wanted && n + 4 < sizeof s->string; i++) {
        const char *c = characters[wire_random_below(s, sizeof characters / sizeof characters[0])];
        memcpy(s->string + n, c, strlen(c));
        n += strlen(c);
    }
    return n;
}

static const char token_characters[] = "abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~";

/* Different from every other of this message, as the names of a map are. */
static size_t header_name(struct wire_random_source *s)
{
    size_t n = from_set(s, token_characters, 1 + (size_t)wire_random_below(s, 12));
    return n + (size_t)snprintf((char *)s->string + n, 16, "-%u", s->serial++);
}

static size_t header_value(struct wire_random_source *s)
{
    size_t n = length(s);
    for (size_t i = 0; i < n; i++) {
        uint8_t c = (uint8_t)wire_random_below(s, 256);
        s->string[i] = c == 0x7F || (c < ' ' && c != '\t') ? 'v' : c;
    }
    return n;
}

static size_t method(struct wire_random_source *s)
{
    static const char *const known[] = {"GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"};
    if (one_in(s, 4))
        return from_set(s, token_characters, 1 + (size_t)wire_random_below(s, 10));
    const char *m = known[wire_random_below(s, sizeof known / sizeof known[0])];
    memcpy(s->string, m, strlen(m));
    return strlen(m);
}

static size_t uri(struct wire_random_source *s)
{
    static const char *const beginnings[] = {
        "/", "/api/v1/", "http://a.example/", "https://b:8443/x", "*", "/?q="};
    const char *b = beginnings[wire_random_below(s, sizeof beginnings / sizeof beginnings[0])];
    size_t n = strlen(b);
    memcpy(s->string, b, n);
    if (*b == '*')
        return n;
    static const char path[] = "abcxyz0189-._~/%2f=&";
    size_t more = length(s);
    for (size_t i = 0; i < more; i++)
        s->string[n++] = (uint8_t)path[wire_random_below(s, sizeof path - 1)];
    return n;
}

static size_t semver(struct wire_random_source *s)
{
    unsigned minor = (unsigned)wire_random_below(s, 40), patch = (unsigned)wire_random_below(s, 12);
    const char *tail = one_in(s, 6) ? "-rc.1" : one_in(s, 6) ? "+build.7" : "";
    return (size_t)snprintf((char *)s->string, sizeof s->string, "1.%u.%u%s", minor, patch, tail);
}

static size_t httpver(struct wire_random_source *s)
{
    memcpy(s->string, wire_httpver_texts[wire_random_below(s, WIRE_HTTPVERS)], WIRE_HTTPVER_LENGTH);
    return WIRE_HTTPVER_LENGTH;
}

static size_t string(struct wire_random_source *s, unsigned op)
{
    switch (op) {
    case WIRE_OP_BYTES: return any_bytes(s);
    case WIRE_OP_SEMVER: return semver(s);
    case WIRE_OP_METHOD: return method(s);
    case WIRE_OP_URI: return uri(s);
    case WIRE_OP_HTTPVER: return httpver(s);
    case WIRE_OP_HEADER_NAME: return header_name(s);
    case WIRE_OP_HEADER_VALUE: return header_value(s);
    default: return utf8(s);
    }
}

/* ---- leaves ---------------------------------------------------------------------------------- */

static struct wire_address address(struct wire_random_source *s, bool has_port)
{
    struct wire_address a = {.family = one_in(s, 2) ? 6 : 4};
    for (unsigned i = 0; i < (a.family == 6 ? 16 : 4); i++)
        a.octets[i] = (uint8_t)(one_in(s, 2) ? 0 : wire_random_below(s, 256));
    a.port = has_port ? (uint16_t)number(s, UINT16_MAX) : 0;
    return a;
}

static bool leaf(struct wire_transcode *t, unsigned op, struct wire_leaf *out)
{
    struct wire_random_source *s = source(t);
    switch (op) {
    case WIRE_OP_U8: out->number.low = number(s, UINT8_MAX); break;
    case WIRE_OP_BOOLEAN: out->number.low = number(s, 1); break;
    case WIRE_OP_U16: out->number.low = number(s, UINT16_MAX); break;
    case WIRE_OP_U32: out->number.low = number(s, UINT32_MAX); break;
    case WIRE_OP_U64: out->number.low = number(s, UINT64_MAX); break;
    case WIRE_OP_U128:
        out->number = (struct wire_u128){number(s, UINT64_MAX), number(s, UINT64_MAX)};
        break;
    case WIRE_OP_I32: out->number.low = signed_number(s, 32); break;
    case WIRE_OP_I64: out->number.low = signed_number(s, 64); break;
    case WIRE_OP_STATUS: out->number.low = 100 + wire_random_below(s, 900); break;
    case WIRE_OP_IP: out->address = address(s, false); break;
    case WIRE_OP_SOCKADDR: out->address = address(s, true); break;
    default:
        out->length = string(s, op);
        out->bytes = s->string;
        break;
    }
    return true;
}

/* ---- what is made of rows -------------------------------------------------------------------- */

/* A filter of filters, deep enough, becomes one of the others. */
static bool allowed(struct wire_transcode *t, unsigned type, unsigned n)
{
    const struct wire_variant_row *v = &wire_variants[wire_types[type].first + n];
    if (v->since > source(t)->limit.ordinal)
        return false;
    return t->depth < DEEP || type != WIRE_TYPE_HttpFilter || v->count < 2;
}

static bool variant(struct wire_transcode *t, unsigned type, unsigned *out)
{
    do {
        *out = (unsigned)wire_random_below(source(t), wire_types[type].count);
    } while (!allowed(t, type, *out));
    return true;
}

static bool some(struct wire_transcode *t, bool *out)
{
    *out = one_in(source(t), 2);
    return true;
}

/* A set or a map of two would be written in any order: one at most. A header has a value. */
static bool next(struct wire_transcode *t, unsigned type, uint64_t done, bool *more)
{
    struct wire_random_source *s = source(t);
    unsigned op = type < WIRE_TYPE_COUNT ? wire_types[type].op : 0;
    if (op == WIRE_OP_ARRAY)
        *more = done < wire_types[type].times;
    else if (type == WIRE_TYPE_header_values && done == 0)
        *more = true;
    else if (op == WIRE_OP_BAG)
        *more = done == 0 && one_in(s, 2);
    else
        *more = done < LIST_MOST && !one_in(s, t->depth < DEEP ? 3 : 2);
    return true;
}

const struct wire_source wire_random_source = {
    .variant = variant,
    .some = some,
    .next = next,
    .leaf = leaf,
};
