/* messages/redact_rules.h -- by which names a secret is known.
 *
 * Purpose  what --rules, --header, --query, --json of `intproxy-trace redact` say, and what is secret by default.
 * Owner    whoever called redact_rules_new.
 * Thread   one at a time: asking remembers.
 * Errors   redact_rules_read says each, with its line.
 *
 * A file of rules, one a line; a word that begins with # begins a comment, but for "value":
 *
 *   header NAME       the values of header lines
 *   cookie NAME       of what Cookie and Set-Cookie bring, the values of these
 *   query NAME        parameters in URLs, and fields of forms of either type (form NAME says the same)
 *   json PATH         fields in JSON, wherever it comes; all that is within, if it is an object or a list
 *   number PATH       the same, but of what these fields are only numbers: "keep number *tokens", as is so by default,
 *                     keeps max_tokens, which is a count, and no strings of a list "tokens"
 *   url userinfo      user:password@ in URLs
 *   value TEXT        this very text (to the end of the line), wherever it is
 *   keep PLACE NAME   and the places above: not these
 *   no-defaults       what is secret by default is not
 *
 * The last rule that fits decides; what is secret by default stands before them all. Of names only letters and
 * digits count, in either case: api-key, API_KEY and apiKey are one. A * stands for any characters. A PATH is names
 * with dots between: user.password is a field "password" in a "user", at any depth; $.user.password only at the
 * top. Lists are passed through: users.name is that of each of them.
 */
#ifndef MESSAGES_REDACT_RULES_H
#define MESSAGES_REDACT_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum redact_place {
    REDACT_HEADER,
    REDACT_COOKIE,
    REDACT_QUERY,
    REDACT_JSON,
    REDACT_NUMBER, /* in JSON; what is said of JSON is said of it, too */
    REDACT_URL,
    REDACT_VALUE, /* of a rule "value" */
    REDACT_PLACES
};

struct redact_rules;

/* With what is secret by default. */
struct redact_rules *redact_rules_new(void);
void redact_rules_free(struct redact_rules *r);

enum { REDACT_ERROR_MAX = 200 };
/* A line as above. False: error says why. */
bool redact_rules_add(struct redact_rules *r, const char *line, size_t length,
                      char error[REDACT_ERROR_MAX]);
/* A whole file. What is wrong is said, line by line; the rest is taken. Returns how many were wrong. */
unsigned redact_rules_read(struct redact_rules *r, const char *text, size_t length,
                           void (*say)(void *context, unsigned line, const char *error),
                           void *context);

/* Is what has this name secret? Not for JSON. */
bool redact_rules_want(struct redact_rules *r, enum redact_place place, const char *name,
                       size_t length);

/* The names on the way to a field, the outermost first. place: REDACT_JSON or REDACT_NUMBER. */
struct redact_name {
    const char *at;
    size_t length;
};
bool redact_rules_want_json(struct redact_rules *r, enum redact_place place,
                            const struct redact_name *path, size_t count);

/* The texts of "value" rules; NULL: no more. */
const char *redact_rules_value(const struct redact_rules *r, unsigned index, size_t *length);
/* "header", ... */
const char *redact_place_name(enum redact_place place);

#endif
