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

/* The end of a line, too: the value goes on behind it. */
static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct http_text trimmed(struct http_text text)
{
    while (text.length && is_blank(text.at[text.length - 1]))
        text.length--;
    while (text.length && is_blank(*text.at))
        text = (struct http_text){text.at + 1, text.length - 1};
    return text;
}

/* A $ at the end stays what it is anyhow; it may be that of a filter, "^x-token: abc$", and no part of the value. */
static void give(struct header *h, struct http_text part, enum redact_coding coding)
{
    part = trimmed(part);
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
    struct http_text word = {value.at, 0};
    while (word.length < value.length && !is_blank(value.at[word.length]))
        word.length++;
    if (word.length == value.length)
        return 0;
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
    struct http_text rest = trimmed((struct http_text){value.at + word, value.length - word});
    give(h, rest, strcmp(scheme, "basic") == 0 ? REDACT_BASE64 : REDACT_PLAIN);
}

/* ---- cookies ---- */

/* name=value. Without a name it is secret, too. */
static void give_cookie(struct header *h, struct http_text cookie)
{
    cookie = trimmed(cookie);
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

/* ---- expressions ---- */

/* What is no text of an expression at `at`; 0: it stands for itself. A dot does, too: it mostly means one. The end of
 * a class or a count is not looked for farther than it may sensibly be: many of them may have none. */
static size_t operator_length(const uint8_t *at, const uint8_t *end)
{
    enum { CLASS_MAX = 256 };
    size_t left = (size_t)(end - at), near = left < CLASS_MAX ? left : CLASS_MAX;
    const uint8_t *close = *at == '['   ? memchr(at, ']', near)
                           : *at == '{' ? memchr(at, '}', near)
                                        : NULL;
    if (close)
        return (size_t)(close - at) + 1;
    if (*at == '.')
        return left > 1 && at[1] && strchr("*+?{", at[1]) ? 1 : 0;
    if (*at == '\\')
        return left > 1 && ((at[1] | 32) >= 'a' && (at[1] | 32) <= 'z') ? 2 : 0;
    return *at && strchr("[]{}()|*+?^$", *at) ? 1 : 0;
}

static bool is_letter_or_digit(uint8_t c)
{
    return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c >= 0x80;
}

static struct http_text without_marks(struct http_text text)
{
    while (text.length && !is_letter_or_digit(*text.at))
        text = (struct http_text){text.at + 1, text.length - 1};
    return text;
}

/* Bearer and a blank, or what stands for one. */
static struct http_text without_scheme(struct http_text text)
{
    for (unsigned i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        size_t n = strlen(schemes[i]);
        if (text.length > n && !is_letter_or_digit(text.at[n]) && text.at[n] != '-' &&
            http_text_is((struct http_text){text.at, n}, schemes[i], n))
            return without_marks((struct http_text){text.at + n, text.length - n});
    }
    return text;
}

static void give_text(struct header *h, struct http_text text)
{
    if (h->found.place == REDACT_COOKIE) {
        give_cookies(h, text, false);
        return;
    }
    if (h->found.place == REDACT_HEADER)
        text = without_scheme(without_marks(text));
    give(h, text, REDACT_PLAIN);
}

/* Each text in it may be a piece of a value: it becomes what that piece of the value does. */
static void give_expression(struct header *h, struct http_text value)
{
    const uint8_t *at = value.at, *end = at + value.length, *begin = at;
    h->found.partial = true;
    while (at < end) {
        size_t n = operator_length(at, end);
        if (n) {
            give_text(h, (struct http_text){begin, (size_t)(at - begin)});
            begin = at += n;
        } else {
            at += *at == '\\' && at + 1 < end ? 2 : 1;
        }
    }
    give_text(h, (struct http_text){begin, (size_t)(end - begin)});
}

/* It has operators, or may go on behind its end. */
static bool is_expression(struct http_text value)
{
    const uint8_t *end = value.at + value.length;
    if (value.length && *value.at == '.') /* a blank's */
        return true;
    for (const uint8_t *at = value.at; at < end; at++)
        if (operator_length(at, end))
            return *at != '$' || at + 1 != end;
    return true;
}

/* A parameter's ends where another begins, or the group or the alternative that it stands in ends. */
static size_t parameter_length(const uint8_t *value, const uint8_t *end)
{
    const uint8_t *at = value;
    size_t depth = 0, n;
    while (at < end) {
        n = operator_length(at, end);
        if ((n && !depth && (*at == ')' || *at == '|')) ||
            (!n && (*at <= ' ' || *at >= 0x7f || strchr("&#\"'<>;`", *at))))
            break;
        depth += *at == '(';
        depth -= *at == ')';
        at += n ? n : *at == '\\' && at + 1 < end ? 2 : 1;
    }
    return (size_t)(at - value);
}

size_t redact_expression(const char *name, size_t name_length, const uint8_t *value, size_t length,
                         uint64_t offset, redact_take *take, void *context)
{
    struct header h = {.found = {.place = REDACT_QUERY, .name = name, .name_length = name_length},
                       .value = value,
                       .offset = offset,
                       .take = take,
                       .context = context};
    struct http_text text = {value, parameter_length(value, value + length)};
    if (is_expression(text))
        give_expression(&h, text);
    else
        give(&h, text, REDACT_FORM);
    return text.length;
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
    struct http_text text = trimmed((struct http_text){value, length});
    if (!length || !redact_header_is_secret(rules, name, name_length))
        return;
    bool is_filter =
        name_length && name[0] == '^'; /* the expression of one, as a header line begins */
    bool is_cookie = name_is(name + is_filter, name_length - is_filter, "cookie");
    h.found.place = is_cookie ? REDACT_COOKIE : REDACT_HEADER;
    if (is_filter && is_expression(text))
        give_expression(&h, text);
    else if (is_cookie || name_is(name, name_length, "set-cookie"))
        give_cookies(&h, text, !is_cookie);
    else
        give_credentials(&h, text);
}
