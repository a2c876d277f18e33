/* messages/redact_header.c -- what of a header's value is secret; see redact_scan.h */
#include "messages/http_text.h"
#include "messages/redact_scan.h"

struct header {
    struct redact_rules *rules;
    struct redact_found found; /* name is set */
    const uint8_t *value;
    uint64_t offset;
    redact_take *take;
    void *context;
};

/* A $ at the end stays what it is anyhow; it may be that of a filter, "^x-token: abc$", and no part of the value. */
static void give(struct header *h, struct http_text part, enum redact_coding coding)
{
    part = http_text_trim(part);
    part.length -= part.length && part.at[part.length - 1] == '$';
    if (part.length >= 2 && part.at[0] == '"' && part.at[part.length - 1] == '"')
        part = (struct http_text){part.at + 1, part.length - 2};
    if (!part.length)
        return;
    h->found.bytes = part.at;
    h->found.length = part.length;
    h->found.coding = coding;
    h->found.offset = h->offset + (uint64_t)(part.at - h->value);
    h->take(h->context, &h->found);
}

/* ---- credentials ---- */

static const char *const schemes[] = {
    "bearer", "basic",  "digest",  "negotiate",        "ntlm", "token",     "mac",
    "hawk",   "apikey", "api-key", "aws4-hmac-sha256", "dpop", "signature", "scram-sha-256",
    "oauth"};

static size_t scheme_length(struct http_text value, const char **scheme)
{
    const uint8_t *blank = memchr(value.at, ' ', value.length);
    if (!blank)
        return 0;
    struct http_text word = {value.at, (size_t)(blank - value.at)};
    for (unsigned i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
        if (http_text_is(word, schemes[i], strlen(schemes[i]))) {
            *scheme = schemes[i];
            return word.length;
        }
    return 0;
}

static void give_credentials(struct header *h, struct http_text value)
{
    const char *scheme = "";
    size_t word = scheme_length(value, &scheme);
    struct http_text rest =
        http_text_trim((struct http_text){value.at + word, value.length - word});
    give(h, rest, strcmp(scheme, "basic") == 0 ? REDACT_BASE64 : REDACT_PLAIN);
}

/* ---- cookies ---- */

/* name=value. Without a name it is secret, too. */
static void give_cookie(struct header *h, struct http_text cookie)
{
    cookie = http_text_trim(cookie);
    const uint8_t *equals = cookie.length ? memchr(cookie.at, '=', cookie.length) : NULL;
    size_t name = equals ? (size_t)(equals - cookie.at) : 0;
    size_t skipped = equals ? name + 1 : 0;
    h->found.name = equals ? (const char *)cookie.at : "cookie";
    h->found.name_length = equals ? name : 6;
    if (redact_rules_want(h->rules, REDACT_COOKIE, h->found.name, h->found.name_length))
        give(h, (struct http_text){cookie.at + skipped, cookie.length - skipped}, REDACT_PLAIN);
}

static void give_cookies(struct header *h, struct http_text value, bool only_first)
{
    h->found.place = REDACT_COOKIE;
    while (value.length) {
        const uint8_t *stop = memchr(value.at, ';', value.length);
        size_t length = stop ? (size_t)(stop - value.at) : value.length;
        give_cookie(h, (struct http_text){value.at, length});
        if (!stop || only_first)
            return;
        value = (struct http_text){value.at + length + 1, value.length - length - 1};
    }
}

/* ---- */

static bool name_is(const char *name, size_t length, const char *is)
{
    return http_text_is((struct http_text){(const uint8_t *)name, length}, is, strlen(is));
}

bool redact_header_is_secret(struct redact_rules *rules, const char *name, size_t name_length)
{
    return redact_rules_want(rules, REDACT_HEADER, name, name_length);
}

void redact_header(struct redact_rules *rules, const char *name, size_t name_length,
                   const uint8_t *value, size_t length, uint64_t offset, redact_take *take,
                   void *context)
{
    struct header h = {.rules = rules,
                       .found = {.place = REDACT_HEADER, .name = name, .name_length = name_length},
                       .value = value,
                       .offset = offset,
                       .take = take,
                       .context = context};
    struct http_text text = http_text_trim((struct http_text){value, length});
    if (!length || !redact_header_is_secret(rules, name, name_length))
        return;
    if (name_is(name, name_length, "cookie") || name_is(name, name_length, "set-cookie"))
        give_cookies(&h, text, name_length == strlen("set-cookie"));
    else
        give_credentials(&h, text);
}
