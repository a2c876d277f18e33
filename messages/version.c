/* messages/version.c -- see version.h */
#include "messages/version.h"
#include <assert.h>
#include <stdio.h>
#include <string.h>

struct gate_row {
    uint64_t minimum;
    const char *name;
    const char *words;
};

static const struct gate_row gates[] = {
#define GATE(name, major, minor, patch, words) {VERSION_ORDINAL(major, minor, patch), #name, words},
#include "messages/gates.def"
#undef GATE
};

struct version version_newest(void)
{
    return (struct version){VERSION_ORDINAL(1, 29, 0)};
}

struct version version_unnegotiated(void)
{
    return (struct version){VERSION_ORDINAL(1, 2, 2)};
}

static uint64_t part(uint64_t n)
{
    return n < VERSION_PART_MAX ? n : VERSION_PART_MAX;
}

struct version version_of(uint64_t major, uint64_t minor, uint64_t patch)
{
    return (struct version){VERSION_RELEASE | part(major) << 2 * VERSION_PART_BITS |
                            part(minor) << VERSION_PART_BITS | part(patch)};
}

bool version_is_after(struct version a, struct version b)
{
    return a.ordinal > b.ordinal;
}

bool version_is_prerelease(struct version v)
{
    return !(v.ordinal & VERSION_RELEASE);
}

bool version_allows(struct version v, enum gate gate)
{
    assert(gate < GATE_COUNT);
    return v.ordinal >= gates[gate].minimum;
}

const char *gate_name(enum gate gate)
{
    assert(gate < GATE_COUNT);
    return gates[gate].name;
}

const char *gate_words(enum gate gate)
{
    assert(gate < GATE_COUNT);
    return gates[gate].words;
}

struct version gate_minimum(enum gate gate)
{
    assert(gate < GATE_COUNT);
    return (struct version){gates[gate].minimum};
}

/* A piece of a version text; what was parsed is cut off its front. */
struct text {
    const char *at;
    const char *end;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_identifier(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
}

static bool take_char(struct text *t, char c)
{
    if (t->at == t->end || *t->at != c)
        return false;
    t->at++;
    return true;
}

/* A decimal number that fits 64 bits and has no leading zero. */
static bool take_number(struct text *t, uint64_t *out)
{
    const char *begin = t->at;
    uint64_t n = 0;
    for (; t->at < t->end && is_digit(*t->at); t->at++) {
        uint64_t digit = (uint64_t)(*t->at - '0');
        if (n > (UINT64_MAX - digit) / 10)
            return false;
        n = n * 10 + digit;
    }
    *out = n;
    return t->at > begin && (*begin != '0' || t->at == begin + 1);
}

static bool all_digits(struct text t)
{
    while (t.at < t.end && is_digit(*t.at))
        t.at++;
    return t.at == t.end;
}

/* The next identifier up to a dot or the end, the dot cut off too; may be empty. */
static struct text take_identifier(struct text *t)
{
    struct text id = {t->at, t->at};
    while (id.end < t->end && *id.end != '.')
        id.end++;
    t->at = id.end < t->end ? id.end + 1 : id.end;
    return id;
}

/* Dotted identifiers, none empty; numeric ones without a leading zero, if `strict`. */
static bool take_identifiers(struct text *t, bool strict)
{
    do {
        struct text id = {t->at, t->at};
        while (id.end < t->end && is_identifier(*id.end))
            id.end++;
        if (id.end == id.at)
            return false;
        if (strict && *id.at == '0' && id.end > id.at + 1 && all_digits(id))
            return false;
        t->at = id.end;
    } while (take_char(t, '.'));
    return true;
}

bool version_parse(const void *text, size_t length, struct version *out)
{
    struct text t = {text, (const char *)text + length};
    uint64_t major, minor, patch;
    bool prerelease = false;

    if (!take_number(&t, &major) || !take_char(&t, '.') || !take_number(&t, &minor) ||
        !take_char(&t, '.') || !take_number(&t, &patch))
        return false;
    if (take_char(&t, '-')) {
        prerelease = true;
        if (!take_identifiers(&t, true))
            return false;
    }
    if (take_char(&t, '+') && !take_identifiers(&t, false))
        return false;
    if (t.at != t.end)
        return false;
    *out = version_of(major, minor, patch);
    if (prerelease)
        out->ordinal &= ~VERSION_RELEASE;
    return true;
}

size_t version_format(struct version v, char out[VERSION_TEXT_MAX])
{
    unsigned major = (unsigned)(v.ordinal >> 2 * VERSION_PART_BITS & VERSION_PART_MAX);
    unsigned minor = (unsigned)(v.ordinal >> VERSION_PART_BITS & VERSION_PART_MAX);
    unsigned patch = (unsigned)(v.ordinal & VERSION_PART_MAX);
    int n = snprintf(out, VERSION_TEXT_MAX, "%u.%u.%u%s", major, minor, patch,
                     version_is_prerelease(v) ? "-pre" : "");
    return (size_t)n;
}

static int compare_sizes(size_t a, size_t b)
{
    return (a > b) - (a < b);
}

static size_t length_of(struct text t)
{
    return (size_t)(t.end - t.at);
}

static int compare_bytes(struct text a, struct text b)
{
    size_t shorter = length_of(a) < length_of(b) ? length_of(a) : length_of(b);
    int order = shorter ? memcmp(a.at, b.at, shorter) : 0;
    return order ? order : compare_sizes(length_of(a), length_of(b));
}

/* By value; numbers of equal value (they differ in leading zeros: build metadata) by length. */
static int compare_numbers(struct text a, struct text b)
{
    size_t a_length = length_of(a), b_length = length_of(b);
    while (a.at < a.end && *a.at == '0')
        a.at++;
    while (b.at < b.end && *b.at == '0')
        b.at++;
    int order = compare_sizes(length_of(a), length_of(b));
    if (!order)
        order = compare_bytes(a, b);
    return order ? order : compare_sizes(a_length, b_length);
}

/* A numeric identifier sorts below any other; of equal beginnings the longer list is greater. */
static int compare_identifiers(struct text a, struct text b)
{
    for (;;) {
        struct text x = take_identifier(&a), y = take_identifier(&b);
        bool x_number = all_digits(x), y_number = all_digits(y);
        int order = x_number != y_number ? (int)y_number - (int)x_number
                    : x_number           ? compare_numbers(x, y)
                                         : compare_bytes(x, y);
        if (order)
            return order;
        if (a.at == a.end || b.at == b.end)
            return (a.at < a.end) - (b.at < b.end);
    }
}

/* Cuts the text at the first `separator`: what stands before it is returned, `*t` keeps the rest. */
static struct text cut(struct text *t, char separator)
{
    struct text front = *t;
    const char *found = front.at < front.end ? memchr(t->at, separator, length_of(*t)) : NULL;
    front.end = found ? found : t->end;
    t->at = found ? found + 1 : t->end;
    return front;
}

int version_compare_texts(const char *a, size_t a_length, const char *b, size_t b_length)
{
    struct text a_build = {a, a + a_length}, b_build = {b, b + b_length};
    struct text a_pre = cut(&a_build, '+'), b_pre = cut(&b_build, '+');
    struct text a_core = cut(&a_pre, '-'), b_core = cut(&b_pre, '-');

    int order = compare_identifiers(a_core, b_core);
    if (order)
        return order;
    if (!length_of(a_pre) || !length_of(b_pre))
        order = (length_of(b_pre) > 0) - (length_of(a_pre) > 0);
    else
        order = compare_identifiers(a_pre, b_pre);
    return order ? order : compare_identifiers(a_build, b_build);
}
