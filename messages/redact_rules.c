/* messages/redact_rules.c -- see redact_rules.h */
#include "messages/redact_rules.h"
#include "messages/http_text.h"
#include "runtime/heap.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

enum {
    NAME_MAX_BYTES = 128, /* of a name, more do not count */
    REMEMBERED_MAX = 4096,
    PATH_NAMES_MAX = 16,
};

struct rule {
    enum redact_place place;
    bool keep, from_top, is_default;
    unsigned names;                /* of a PATH; 1 for the others */
    char *name[PATH_NAMES_MAX];    /* as fold() leaves them; `value`: as it was written */
    size_t length[PATH_NAMES_MAX]; /* of `value` */
};

/* What was found out about a name. */
struct remembered {
    bool wanted;
    UT_hash_handle hh;
    uint8_t key[]; /* the place, and the name */
};

struct redact_rules {
    struct rule *rules;
    size_t count;
    bool has_paths;
    struct remembered *remembered;
    unsigned remembered_count;
};

static const char defaults[] =
    "header authorization\nheader proxyauthorization\nheader cookie\nheader setcookie\n"
    "header *apikey*\nheader *token*\nheader *secret*\nheader *password*\nheader *passwd*\n"
    "header *session*\nheader *credential*\nheader *auth*\nheader *signature*\nheader *jwt*\n"
    "header *accesskey*\nheader *privatekey*\n"
    "keep header wwwauthenticate\nkeep header proxyauthenticate\nkeep header *authority*\n"
    "keep header *author\nkeep header authenticationinfo\n"
    "cookie *\n"
    "query *token*\nquery key\nquery *password*\nquery *passwd*\nquery pwd\nquery pass\n"
    "query sig\nquery *signature*\nquery code\nquery *secret*\nquery *apikey*\n"
    "query *accesskey*\nquery *privatekey*\nquery *session*\nquery sid\nquery *credential*\n"
    "query *auth*\nquery *jwt*\nquery otp\nquery ticket\nquery hmac\nquery samlresponse\n"
    "query nextnonce\nkeep query *author\nkeep query *authority*\n"
    "json *token*\njson *password*\njson *passwd*\njson pwd\njson passphrase\njson *secret*\n"
    "json *apikey*\njson *accesskey*\njson *privatekey*\njson *session*\njson *credential*\n"
    "json auth\njson *authorization*\njson authkey\njson *cookie*\njson *jwt*\n"
    "keep json tokentype\nkeep number *tokens\nkeep query tokentype\n"
    "url userinfo\n";

static const char *const place_names[REDACT_PLACES] = {"header", "cookie", "query", "json",
                                                       "number", "url",    "value"};

const char *redact_place_name(enum redact_place place)
{
    return place_names[place];
}

static void *grown(void *old, size_t bytes)
{
    void *p = realloc(old, bytes);
    if (!p)
        heap_exhausted("rules of redaction", bytes);
    return p;
}

/* ---- names ---- */

/* Letters, digits and the bytes given are all that counts. */
static size_t fold(const char *name, size_t length, char other, char out[NAME_MAX_BYTES])
{
    size_t n = 0;
    for (size_t i = 0; i < length && n < NAME_MAX_BYTES - 1; i++) {
        char c = (char)http_lower((uint8_t)name[i]);
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c == other && other))
            out[n++] = c;
    }
    out[n] = '\0';
    return n;
}

static bool fits(const char *pattern, const char *name)
{
    const char *star = NULL, *again = NULL;
    while (*name) {
        if (*pattern == '*') {
            star = pattern++;
            again = name;
        } else if (*pattern == *name) {
            pattern++;
            name++;
        } else if (star) {
            pattern = star + 1;
            name = ++again;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

/* ---- asking ---- */

static bool is_of(const struct rule *rule, enum redact_place place)
{
    return rule->place == place || (rule->place == REDACT_JSON && place == REDACT_NUMBER);
}

static bool decide(const struct redact_rules *r, enum redact_place place, const char *name)
{
    for (size_t i = r->count; i-- > 0;) {
        const struct rule *rule = &r->rules[i];
        if (is_of(rule, place) && rule->names == 1 && !rule->from_top && fits(rule->name[0], name))
            return !rule->keep;
    }
    return false;
}

static void forget(struct redact_rules *r)
{
    struct remembered *m, *next;
    HASH_ITER(hh, r->remembered, m, next)
    {
        HASH_DEL(r->remembered, m);
        free(m);
    }
    r->remembered_count = 0;
}

bool redact_rules_want(struct redact_rules *r, enum redact_place place, const char *name,
                       size_t length)
{
    char key[NAME_MAX_BYTES + 1];
    struct remembered *m;
    key[0] = (char)place;
    unsigned size = (unsigned)fold(name, length, 0, key + 1) + 1;
    HASH_FIND(hh, r->remembered, key, size, m);
    if (m)
        return m->wanted;
    if (r->remembered_count++ == REMEMBERED_MAX)
        forget(r);
    m = grown(NULL, sizeof *m + size);
    m->wanted = decide(r, place, key + 1);
    memcpy(m->key, key, size);
    HASH_ADD_KEYPTR(hh, r->remembered, m->key, size, m);
    return m->wanted;
}

/* The last names of the path are the rule's; all of them, if it begins at the top. */
static bool path_fits(const struct rule *rule, const struct redact_name *path, size_t count)
{
    char name[NAME_MAX_BYTES];
    if (rule->names > count || (rule->from_top && rule->names != count))
        return false;
    for (unsigned i = 0; i < rule->names; i++) {
        const struct redact_name *n = &path[count - rule->names + i];
        fold(n->at, n->length, 0, name);
        if (!fits(rule->name[i], name))
            return false;
    }
    return true;
}

bool redact_rules_want_json(struct redact_rules *r, enum redact_place place,
                            const struct redact_name *path, size_t count)
{
    if (!count)
        return false;
    if (!r->has_paths)
        return redact_rules_want(r, place, path[count - 1].at, path[count - 1].length);
    for (size_t i = r->count; i-- > 0;)
        if (is_of(&r->rules[i], place) && path_fits(&r->rules[i], path, count))
            return !r->rules[i].keep;
    return false;
}

const char *redact_rules_value(const struct redact_rules *r, unsigned index, size_t *length)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->rules[i].place == REDACT_VALUE && index-- == 0) {
            *length = r->rules[i].length[0];
            return r->rules[i].name[0];
        }
    return NULL;
}

/* ---- reading ---- */

struct words {
    const char *at, *end;
};

static struct redact_name next_word(struct words *w)
{
    while (w->at < w->end && (*w->at == ' ' || *w->at == '\t'))
        w->at++;
    struct redact_name word = {w->at, 0};
    while (w->at < w->end && *w->at != ' ' && *w->at != '\t')
        w->at++;
    word.length = (size_t)(w->at - word.at);
    return word;
}

/* The same, but for a comment. */
static struct redact_name next_rule_word(struct words *w)
{
    struct redact_name word = next_word(w);
    word.length = word.length && word.at[0] == '#' ? 0 : word.length;
    return word;
}

static bool word_is(struct redact_name word, const char *text)
{
    return word.length == strlen(text) && memcmp(word.at, text, word.length) == 0;
}

static bool wrong(char error[REDACT_ERROR_MAX], const char *what, struct redact_name word,
                  const char *advice)
{
    snprintf(error, REDACT_ERROR_MAX, "%s \"%.*s\": %s", what,
             (int)(word.length > 60 ? 60 : word.length), word.at, advice);
    return false;
}

static int place_of(struct redact_name word)
{
    if (word_is(word, "form"))
        return REDACT_QUERY;
    for (int i = 0; i < REDACT_PLACES; i++)
        if (word_is(word, place_names[i]))
            return i;
    return -1;
}

static void free_rule(struct rule *rule)
{
    for (unsigned i = 0; i < rule->names; i++)
        free(rule->name[i]);
    *rule = (struct rule){.names = 0};
}

static bool add_name(struct rule *rule, struct redact_name name, char error[REDACT_ERROR_MAX])
{
    char folded[NAME_MAX_BYTES];
    if (rule->names == PATH_NAMES_MAX)
        return wrong(error, "too many names in", name, "16 are the most");
    if (!fold(name.at, name.length, '*', folded))
        return wrong(error, "no name in", name, "write letters, digits and * for any characters");
    rule->name[rule->names] = grown(NULL, strlen(folded) + 1);
    memcpy(rule->name[rule->names++], folded, strlen(folded) + 1);
    return true;
}

static bool add_path(struct rule *rule, struct redact_name path, char error[REDACT_ERROR_MAX])
{
    const char *at = path.at, *end = path.at + path.length;
    if (path.length > 1 && at[0] == '$' && at[1] == '.') {
        rule->from_top = true;
        at += 2;
    }
    for (;;) {
        const char *dot = memchr(at, '.', (size_t)(end - at));
        struct redact_name name = {at, (size_t)((dot ? dot : end) - at)};
        if (!add_name(rule, name.length ? name : path, error))
            return false;
        if (!dot)
            return true;
        at = dot + 1;
    }
}

static bool has_path(enum redact_place place)
{
    return place == REDACT_JSON || place == REDACT_NUMBER;
}

static void take(struct redact_rules *r, const struct rule *rule)
{
    r->rules = grown(r->rules, (r->count + 1) * sizeof *r->rules);
    r->rules[r->count++] = *rule;
    r->has_paths |= has_path(rule->place) && (rule->names > 1 || rule->from_top);
    forget(r);
}

static void drop_defaults(struct redact_rules *r)
{
    size_t kept = 0;
    for (size_t i = 0; i < r->count; i++)
        if (r->rules[i].is_default)
            free_rule(&r->rules[i]);
        else
            r->rules[kept++] = r->rules[i];
    r->count = kept;
    forget(r);
}

/* `value` takes all that is left of the line. */
static bool add_value(struct redact_rules *r, struct rule *rule, struct words *w,
                      struct redact_name word, char error[REDACT_ERROR_MAX])
{
    while (w->at < w->end && (*w->at == ' ' || *w->at == '\t'))
        w->at++;
    size_t length = (size_t)(w->end - w->at);
    if (!length || rule->keep)
        return wrong(error, rule->keep ? "keep cannot stand before" : "nothing behind", word,
                     "write value and the text that is secret");
    rule->name[0] = grown(NULL, length);
    memcpy(rule->name[0], w->at, length);
    rule->length[0] = length;
    rule->names = 1;
    take(r, rule);
    return true;
}

static const char places_there_are[] =
    "write header, cookie, query, form, json, number, url, value, keep or no-defaults";

static bool add_rule(struct redact_rules *r, struct words *w, struct redact_name word,
                     char error[REDACT_ERROR_MAX])
{
    struct rule rule = {.keep = word_is(word, "keep")};
    if (rule.keep)
        word = next_word(w);
    int place = place_of(word);
    if (place < 0)
        return wrong(error, "there is no place", word, places_there_are);
    rule.place = (enum redact_place)place;
    if (rule.place == REDACT_VALUE)
        return add_value(r, &rule, w, word, error);
    struct redact_name name = next_rule_word(w), more = {0};
    if (name.length)
        more = next_rule_word(w);
    bool good = !name.length  ? wrong(error, "no name behind", word, "write one, or *")
                : more.length ? wrong(error, "too much in a rule:", more, "one rule a line")
                : has_path(rule.place) ? add_path(&rule, name, error)
                                       : add_name(&rule, name, error);
    if (good && rule.place == REDACT_URL && !fits(rule.name[0], "userinfo"))
        good = wrong(error, "a URL has no", name, "write url userinfo");
    if (good)
        take(r, &rule);
    else
        free_rule(&rule);
    return good;
}

bool redact_rules_add(struct redact_rules *r, const char *line, size_t length,
                      char error[REDACT_ERROR_MAX])
{
    struct words w = {line, line + length};
    while (w.end > w.at && (w.end[-1] == '\r' || w.end[-1] == ' ' || w.end[-1] == '\t'))
        w.end--;
    struct redact_name word = next_word(&w);
    if (!word.length || word.at[0] == '#')
        return true;
    if (!word_is(word, "no-defaults"))
        return add_rule(r, &w, word, error);
    struct redact_name more = next_rule_word(&w);
    if (more.length)
        return wrong(error, "too much in a rule:", more, "no-defaults stands alone");
    drop_defaults(r);
    return true;
}

unsigned redact_rules_read(struct redact_rules *r, const char *text, size_t length,
                           void (*say)(void *context, unsigned line, const char *error),
                           void *context)
{
    char error[REDACT_ERROR_MAX];
    const char *end = text + length;
    unsigned mistakes = 0;
    for (unsigned line = 1; text < end; line++) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        if (!stop)
            stop = end;
        if (!redact_rules_add(r, text, (size_t)(stop - text), error)) {
            say(context, line, error);
            mistakes++;
        }
        text = stop + (stop < end);
    }
    return mistakes;
}

/* ---- begin and end ---- */

static void cannot_be(void *context, unsigned line, const char *error)
{
    (void)context;
    (void)line;
    (void)error;
    abort(); /* tests/test_redact.c would have said so */
}

struct redact_rules *redact_rules_new(void)
{
    struct redact_rules *r = grown(NULL, sizeof *r);
    *r = (struct redact_rules){.rules = NULL};
    redact_rules_read(r, defaults, sizeof defaults - 1, cannot_be, NULL);
    for (size_t i = 0; i < r->count; i++)
        r->rules[i].is_default = true;
    return r;
}

void redact_rules_free(struct redact_rules *r)
{
    forget(r);
    for (size_t i = 0; i < r->count; i++)
        free_rule(&r->rules[i]);
    free(r->rules);
    free(r);
}
