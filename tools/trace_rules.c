/* tools/trace_rules.c -- see trace_rules.h: reading rules. What they answer is in trace_rules_ask.c. */
#include "tools/trace_rules_inside.h"
#include "actors/actor_types.h"
#include "messages/escape.h"
#include "messages/http_text.h"
#include "messages/kinds.h"
#include "messages/protocol.h"
#include "tools/trace_strings.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- what can be said ------------------------------------------------------------------------ */

enum argument { NO_ARGUMENT, NAME_ARGUMENT, MAYBE_NAME, EXPRESSION };

static const char *const verbs[] = {"ignore", "unordered", "once", "tolerate"};
enum { VERBS = sizeof verbs / sizeof verbs[0] };

/* `tolerate` has no noun: what follows is the name of a field. */
static const struct form {
    enum rule_verb verb;
    enum rule_noun noun;
    const char *word;
    enum argument argument;
    bool has_of; /* "of X" may follow */
} forms[] = {
    {RULE_IGNORE, RULE_KIND, "kind", NAME_ARGUMENT, true},
    {RULE_IGNORE, RULE_EFFECT, "effect", NAME_ARGUMENT, true},
    {RULE_IGNORE, RULE_FIELD, "field", NAME_ARGUMENT, true},
    {RULE_IGNORE, RULE_HEADER, "header", NAME_ARGUMENT, false},
    {RULE_IGNORE, RULE_OUTSIDE, "outside", MAYBE_NAME, false},
    {RULE_IGNORE, RULE_UNDELIVERED, "undelivered", NO_ARGUMENT, false},
    {RULE_IGNORE, RULE_WHERE, "where", EXPRESSION, false},
    {RULE_UNORDERED, RULE_HEADERS, "headers", NO_ARGUMENT, false},
    {RULE_UNORDERED, RULE_KIND, "kind", NAME_ARGUMENT, true},
    {RULE_UNORDERED, RULE_WHERE, "where", EXPRESSION, false},
    {RULE_ONCE, RULE_KIND, "kind", NAME_ARGUMENT, true},
    {RULE_ONCE, RULE_EFFECT, "effect", NAME_ARGUMENT, true},
    {RULE_ONCE, RULE_ACTOR, "actor", NAME_ARGUMENT, false},
    {RULE_TOLERATE, RULE_FIELD, "", NAME_ARGUMENT, true},
};
enum { FORMS = sizeof forms / sizeof forms[0] };

/* ---- one line -------------------------------------------------------------------------------- */

enum { WORD_MAX = 200 };

struct line {
    const char *name; /* of the text */
    unsigned number;
    const char *at, *end;
    struct rule_errors *errors;
    bool bad;
};

static void put_error(struct rule_errors *e, const char *format, va_list list)
{
    size_t room = sizeof e->text - e->length;
    int n = vsnprintf(e->text + e->length, room, format, list);
    e->length += n < 0 ? 0 : (size_t)n < room ? (size_t)n : room - 1;
}

static void add_error(struct rule_errors *e, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void add_error(struct rule_errors *e, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    put_error(e, format, list);
    va_end(list);
}

/* A name in quotes may have anything in it; a mistake is one line all the same. */
static void make_one_line(struct rule_errors *e, size_t from)
{
    for (size_t i = from; i < e->length; i++)
        if ((uint8_t)e->text[i] < ' ' || e->text[i] == 0x7f)
            e->text[i] = '?';
}

/* The first mistake of the line; what follows it is not understood anyway. */
static void mistake(struct line *l, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void mistake(struct line *l, const char *format, ...)
{
    va_list list;
    if (l->bad)
        return;
    l->bad = true;
    l->errors->count++;
    size_t from = l->errors->length;
    add_error(l->errors, "%s:%u: ", l->name, l->number);
    va_start(list, format);
    put_error(l->errors, format, list);
    va_end(list);
    make_one_line(l->errors, from);
    add_error(l->errors, "\n");
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static void skip_blanks(struct line *l)
{
    while (l->at < l->end && is_blank(*l->at))
        l->at++;
}

static bool put(char *word, size_t *n, char c)
{
    if (*n + 1 >= WORD_MAX)
        return false;
    word[(*n)++] = c;
    word[*n] = '\0';
    return true;
}

static bool quoted(struct line *l, char word[WORD_MAX])
{
    size_t n = 0;
    char quote = *l->at;
    for (l->at++; l->at < l->end && *l->at != quote; l->at++) {
        uint8_t byte = (uint8_t)*l->at;
        if (*l->at == '\\') {
            size_t taken = escape_read(l->at + 1, l->end, &byte);
            l->at += taken;
            if (!taken)
                mistake(l, "a \\ in quotes must be followed by one of \" \\ n r t or xNN");
        }
        if (!byte || !put(word, &n, (char)byte))
            mistake(l, byte ? "a name of more than %d characters" : "a NUL in a name",
                    WORD_MAX - 1);
    }
    if (l->at == l->end)
        mistake(l, "the quotes are not closed");
    else
        l->at++;
    return !l->bad;
}

/* The next word. False: there is none, or it is bad. */
static bool take_word(struct line *l, char word[WORD_MAX])
{
    size_t n = 0;
    word[0] = '\0';
    skip_blanks(l);
    if (l->at == l->end || *l->at == '#')
        return false;
    if (*l->at == '"' || *l->at == '\'')
        return quoted(l, word);
    for (; l->at < l->end && !is_blank(*l->at); l->at++)
        if (!*l->at || !put(word, &n, *l->at)) {
            mistake(l, *l->at ? "a word of more than %d characters" : "a NUL", WORD_MAX - 1);
            return false;
        }
    return true;
}

/* ---- names that must exist ------------------------------------------------------------------- */

enum { NAMES_MAX = 2048 };

static const char *const own_kinds[] = {"END", "UNDELIVERED", "HttpResponse", "trailers"};

static unsigned kind_names(const char *names[NAMES_MAX])
{
    unsigned n = 0;
    for (unsigned i = 0; i < sizeof own_kinds / sizeof own_kinds[0]; i++)
        names[n++] = own_kinds[i];
    for (uint16_t k = 1; k < message_kinds_count() && n < NAMES_MAX; k++)
        if (message_kind_info(k)->name)
            names[n++] = message_kind_info(k)->name;
    for (unsigned v = 0; v < wire_variant_count && n < NAMES_MAX; v++)
        names[n++] = wire_variant_names[v];
    return n;
}

/* What gathering calls what it makes of heads, flags, effects and protocol messages (trace_gather_*.c), and what is
 * compared where it is tolerated. */
static const char *const own_fields[] = {
    "address", "bytes",  "error",   "filter",       "flags",  "flags of the cut",
    "form",    "head",   "headers", "http version", "kind",   "length",
    "level",   "method", "n",       "port",         "reason", "result",
    "status",  "target", "text",    "time",         "took",   "type",
    "value",   "who",
};

static unsigned field_names(const char *names[NAMES_MAX])
{
    unsigned n = 0;
    for (unsigned i = 0; i < sizeof own_fields / sizeof own_fields[0]; i++)
        names[n++] = own_fields[i];
    for (uint16_t k = 1; k < message_kinds_count(); k++)
        for (unsigned f = 0; f < FIELDS_MAX && n < NAMES_MAX; f++)
            if (message_kind_info(k)->fields[f].name)
                names[n++] = message_kind_info(k)->fields[f].name;
    return n;
}

static unsigned effect_names(const char *names[NAMES_MAX])
{
    unsigned n = 0;
    for (unsigned e = 0; e < EFFECT_KINDS; e++)
        names[n++] = effect_name((enum effect_kind)e);
    return n;
}

static unsigned type_names(const char *names[NAMES_MAX])
{
    unsigned n = 0;
    for (const struct actor_type *const *t = actor_types; *t; t++)
        names[n++] = (*t)->name;
    return n;
}

/* Patterns, and names within names as TcpSteal(Data), may be anything. */
static void must_be(struct line *l, const char *what, const char *word,
                    unsigned (*list)(const char *names[NAMES_MAX]))
{
    const char *names[NAMES_MAX];
    if (strpbrk(word, "*?("))
        return;
    unsigned count = list(names);
    for (unsigned i = 0; i < count; i++)
        if (strcmp(names[i], word) == 0)
            return;
    const char *near = filter_nearest(word, strlen(word), names, count);
    mistake(l, "there is no %s \"%s\"%s%s%s", what, word, near ? ", did you mean " : "",
            near ? near : "", near ? "?" : "");
}

/* "header NAME" and "header order": a header may be any. */
static bool is_header_field(const char *word)
{
    return strncmp(word, "header ", 7) == 0;
}

static void check_name(struct line *l, const struct form *f, const char *word)
{
    if (!*word)
        mistake(l, "an empty name");
    else if (f->noun == RULE_FIELD && !is_header_field(word))
        must_be(l, "field", word, field_names);
    else if (f->noun == RULE_KIND)
        must_be(l, "kind", word, kind_names);
    else if (f->noun == RULE_EFFECT)
        must_be(l, "effect", word, effect_names);
    else if (f->noun == RULE_OUTSIDE || f->noun == RULE_ACTOR)
        must_be(l, "type of actor", word, type_names);
}

/* A field is of a kind or an effect; all else is of a type of actor. */
static void check_of(struct line *l, const struct form *f, const char *word)
{
    if (f->noun != RULE_FIELD)
        must_be(l, "type of actor", word, type_names);
    else if (!strpbrk(word, "abcdefghijklmnopqrstuvwxyz"))
        must_be(l, "kind", word, kind_names);
}

/* ---- rules ----------------------------------------------------------------------------------- */

struct trace_rules *trace_rules_new(void)
{
    struct trace_rules *r = calloc(1, sizeof *r);
    if (!r)
        heap_exhausted("rules", sizeof *r);
    return r;
}

static void release(struct rule *rule)
{
    free(rule->name);
    free(rule->of);
    free(rule->expression);
    trace_filter_free(rule->filter);
}

void trace_rules_free(struct trace_rules *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->count; i++)
        release(&r->rules[i]);
    free(r->rules);
    free(r);
}

static char *copy(const char *text, size_t length)
{
    char *c = strndup(text, length);
    if (!c)
        heap_exhausted("rules", length);
    return c;
}

static void take_expression(struct line *l, struct rule *rule)
{
    char error[FILTER_ERROR_MAX];
    skip_blanks(l);
    if (l->at == l->end || memchr(l->at, 0, (size_t)(l->end - l->at))) {
        mistake(l, "an expression must follow `where`, e.g. kind == CREDIT && conn == 7");
        return;
    }
    rule->expression = copy(l->at, (size_t)(l->end - l->at));
    l->at = l->end;
    rule->filter = trace_filter_new(rule->expression, error);
    if (!rule->filter)
        mistake(l, "%s", error);
}

/* 10%, 5, 2.5, 20ms, any */
static bool amount_of(const char *word, struct rule *rule)
{
    uint64_t ns;
    char *end;
    rule->any = strcmp(word, "any") == 0;
    if (rule->any)
        return true;
    if (*word < '0' || *word > '9' || strlen(word) > 15)
        return false;
    rule->amount = strtod(word, &end);
    rule->percent = strcmp(end, "%") == 0;
    if (!*end || rule->percent)
        return true;
    if (!command_line_time(word, 0, &ns))
        return false;
    rule->amount = (double)ns / 1e3;
    return true;
}

static void take_amount(struct line *l, struct rule *rule)
{
    char word[WORD_MAX];
    if (!take_word(l, word))
        mistake(l, "how much of %s is tolerated? Write e.g. 10%%, 5, 20ms or any", rule->name);
    else if (!amount_of(word, rule))
        mistake(l, "\"%s\" is no tolerance: write e.g. 10%%, 5, 20ms or any", word);
}

static void take_of(struct line *l, const struct form *f, struct rule *rule)
{
    char word[WORD_MAX];
    if (!take_word(l, word))
        return;
    if (!f->has_of || strcmp(word, "of") != 0) {
        mistake(l, "\"%s\" is too much here%s", word,
                f->has_of ? ": `of NAME` or nothing may follow" : "");
        return;
    }
    if (!take_word(l, word) || !*word) {
        mistake(l, "a name must follow `of`");
        return;
    }
    check_of(l, f, word);
    rule->of = copy(word, strlen(word));
    if (take_word(l, word))
        mistake(l, "\"%s\" is too much here", word);
}

/* Headers are compared in lower case. */
static char *name_of(const struct form *f, const char *word)
{
    char *name = copy(word, strlen(word));
    bool header = f->noun == RULE_HEADER || (f->noun == RULE_FIELD && is_header_field(word));
    for (char *c = name; header && *c; c++)
        *c = (char)http_lower((uint8_t)*c);
    return name;
}

static void take_arguments(struct line *l, const struct form *f, struct rule *rule)
{
    char word[WORD_MAX];
    if (f->argument == EXPRESSION) {
        take_expression(l, rule);
        return;
    }
    if (f->argument != NO_ARGUMENT && take_word(l, word)) {
        check_name(l, f, word);
        rule->name = name_of(f, word);
    } else if (f->argument == NAME_ARGUMENT) {
        mistake(l, "a name must follow `%s`", *f->word ? f->word : verbs[f->verb]);
    }
    if (rule->verb == RULE_TOLERATE && !l->bad)
        take_amount(l, rule);
    if (!l->bad)
        take_of(l, f, rule);
}

static void add(struct trace_rules *r, const struct rule *rule)
{
    r->rules = trace_grow(r->rules, r->count, &r->room, sizeof *r->rules);
    r->rules[r->count++] = *rule;
}

/* The nouns of a verb, for a mistake. */
static const char *nouns_of(enum rule_verb verb, char text[WORD_MAX])
{
    size_t n = 0;
    for (unsigned i = 0; i < FORMS; i++)
        if (forms[i].verb == verb)
            n += (size_t)snprintf(text + n, WORD_MAX - n, "%s%s", n ? ", " : "", forms[i].word);
    return text;
}

static const struct form *form_of(struct line *l, enum rule_verb verb)
{
    char word[WORD_MAX] = "", nouns[WORD_MAX];
    if (verb != RULE_TOLERATE)
        take_word(l, word);
    for (unsigned i = 0; i < FORMS; i++)
        if (forms[i].verb == verb && strcmp(forms[i].word, word) == 0)
            return &forms[i];
    if (*word)
        mistake(l, "there is no \"%s %s\": one of %s must follow `%s`", verbs[verb], word,
                nouns_of(verb, nouns), verbs[verb]);
    else
        mistake(l, "%s what? One of %s must follow", verbs[verb], nouns_of(verb, nouns));
    return NULL;
}

static void read_line(struct trace_rules *r, struct line *l)
{
    char word[WORD_MAX];
    unsigned verb = 0;
    if (!take_word(l, word))
        return;
    while (verb < VERBS && strcmp(verbs[verb], word) != 0)
        verb++;
    if (verb == VERBS) {
        const char *near = filter_nearest(word, strlen(word), verbs, VERBS);
        mistake(l, "no rule begins with \"%s\"%s%s%s: ignore, unordered, once or tolerate do", word,
                near ? ", did you mean " : "", near ? near : "", near ? "?" : "");
        return;
    }
    const struct form *f = form_of(l, (enum rule_verb)verb);
    if (!f)
        return;
    struct rule rule = {.verb = f->verb, .noun = f->noun};
    take_arguments(l, f, &rule);
    if (l->bad)
        release(&rule);
    else
        add(r, &rule);
}

bool trace_rules_read(struct trace_rules *r, const char *name, const char *text, size_t length,
                      struct rule_errors *errors)
{
    unsigned before = errors->count, number = 0;
    const char *at = text, *end = text + length;
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        struct line l = {name, ++number, at, newline ? newline : end, errors, false};
        read_line(r, &l);
        at = newline ? newline + 1 : end;
    }
    return errors->count == before;
}
