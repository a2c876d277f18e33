/* messages/filter_literal.c -- numbers, sizes and times in a filter; see filter_words.h */
#include "messages/exchange_number.h"
#include "messages/filter_words.h"
#include "messages/hex.h"
#include <string.h>

struct rest {
    const char *at, *end;
};

static bool rest_is(const struct rest *r, const char *text)
{
    size_t n = strlen(text);
    return (size_t)(r->end - r->at) == n && memcmp(r->at, text, n) == 0;
}

/* Digits of this base, one at least. */
static bool digits(struct rest *r, unsigned base, uint64_t *out)
{
    const char *begin = r->at;
    uint64_t n = 0;
    for (; r->at < r->end; r->at++) {
        int digit = hex_digit(*r->at);
        if (digit < 0 || (unsigned)digit >= base)
            break;
        if (n > (UINT64_MAX - (unsigned)digit) / base)
            return false;
        n = n * base + (unsigned)digit;
    }
    *out = n;
    return r->at > begin;
}

static bool suffix_shift(const struct rest *r, unsigned *shift)
{
    static const char *const suffixes[][3] = {
        {"", "", ""}, {"k", "K", "KiB"}, {"M", "M", "MiB"}, {"G", "G", "GiB"}};
    for (unsigned i = 0; i < 4; i++)
        for (unsigned j = 0; j < 3; j++)
            if (rest_is(r, suffixes[i][j])) {
                *shift = 10 * i;
                return true;
            }
    return false;
}

bool filter_literal_number(const struct filter_word *w, uint64_t *out)
{
    struct rest r = {w->at, w->at + w->length};
    unsigned shift = 0;
    if (w->length > 2 && r.at[0] == '0' && (r.at[1] | 32) == 'x') {
        r.at += 2;
        return digits(&r, 16, out) && r.at == r.end;
    }
    if (!digits(&r, 10, out) || !suffix_shift(&r, &shift) || *out > UINT64_MAX >> shift)
        return false;
    *out <<= shift;
    return true;
}

static uint64_t unit_ns(const struct rest *r)
{
    static const struct {
        const char *name;
        uint64_t ns;
    } units[] = {
        {"ns", 1},          {"us", 1000},         {"ms", 1000000},    {"s", 1000000000},
        {"m", 60000000000}, {"h", 3600000000000}, {"\xC2\xB5s", 1000}}; /* and the sign for micro */
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (rest_is(r, units[i].name))
            return units[i].ns;
    return 0;
}

/* What stands behind the point, in billionths: digits beyond the ninth count for nothing. */
static bool fraction(struct rest *r, uint64_t *billionths)
{
    uint64_t weight = 100000000;
    const char *begin = ++r->at;
    for (*billionths = 0; r->at < r->end && *r->at >= '0' && *r->at <= '9'; r->at++) {
        *billionths += weight * (uint64_t)(*r->at - '0');
        weight /= 10;
    }
    return r->at > begin;
}

bool filter_literal_time(const struct filter_word *w, uint64_t *out)
{
    struct rest r = {w->at, w->at + w->length};
    uint64_t whole, billionths = 0;
    if (!digits(&r, 10, &whole) || (r.at < r.end && *r.at == '.' && !fraction(&r, &billionths)))
        return false;
    uint64_t unit = unit_ns(&r);
    if (unit == 0 && (r.at < r.end || whole || billionths))
        return false;
    if (unit && whole > (UINT64_MAX - unit) / unit)
        return false;
    *out = whole * unit + billionths * (unit / 1000) / 1000000; /* a nanosecond has no parts */
    return true;
}

bool filter_literal_exchange(const struct filter_word *w, uint64_t *out)
{
    uint32_t number;
    if (!exchange_number_read(w->at, w->length, &number))
        return filter_literal_number(w, out);
    *out = number;
    return true;
}
