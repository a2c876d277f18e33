/* tools/trace_rules_ask.c -- what rules say of a kind, a field, a record; see trace_rules.h */
#include "tools/trace_rules_inside.h"
#include "messages/http_text.h"
#include <math.h>

/* * stands for any characters, also none, ? for one. */
static bool matches(const char *pattern, const char *text, size_t length)
{
    const char *end = text + length, *star = NULL, *tried = NULL;
    while (text < end) {
        if (*pattern == '*') {
            star = pattern++;
            tried = text;
        } else if (*pattern && (*pattern == '?' || *pattern == *text)) {
            pattern++;
            text++;
        } else if (star) {
            pattern = star + 1;
            text = ++tried;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return !*pattern;
}

static bool fits(const char *pattern, const char *text)
{
    return !pattern || (text && matches(pattern, text, strlen(text)));
}

static bool says(const struct trace_rules *r, enum rule_verb verb, enum rule_noun noun,
                 const char *name, const char *of)
{
    for (size_t i = 0; i < r->count; i++) {
        const struct rule *rule = &r->rules[i];
        if (rule->verb == verb && rule->noun == noun && fits(rule->name, name) &&
            fits(rule->of, of))
            return true;
    }
    return false;
}

bool rules_ignore_kind(const struct trace_rules *r, const char *kind, const char *of)
{
    return says(r, RULE_IGNORE, RULE_KIND, kind, of);
}

bool rules_ignore_effect(const struct trace_rules *r, const char *effect, const char *of)
{
    return says(r, RULE_IGNORE, RULE_EFFECT, effect, of);
}

bool rules_ignore_field(const struct trace_rules *r, const char *field, const char *of)
{
    return says(r, RULE_IGNORE, RULE_FIELD, field, of);
}

bool rules_ignore_header(const struct trace_rules *r, const void *name, size_t length)
{
    char lower[256];
    if (length >= sizeof lower)
        return false;
    for (size_t i = 0; i < length; i++)
        lower[i] = (char)http_lower(((const uint8_t *)name)[i]);
    for (size_t i = 0; i < r->count; i++)
        if (r->rules[i].noun == RULE_HEADER && matches(r->rules[i].name, lower, length))
            return true;
    return false;
}

bool rules_ignore_outside(const struct trace_rules *r, const char *type)
{
    return says(r, RULE_IGNORE, RULE_OUTSIDE, type, NULL);
}

bool rules_ignore_undelivered(const struct trace_rules *r)
{
    return says(r, RULE_IGNORE, RULE_UNDELIVERED, NULL, NULL);
}

bool rules_unordered_headers(const struct trace_rules *r)
{
    return says(r, RULE_UNORDERED, RULE_HEADERS, NULL, NULL);
}

bool rules_unordered_kind(const struct trace_rules *r, const char *kind, const char *of)
{
    return says(r, RULE_UNORDERED, RULE_KIND, kind, of);
}

bool rules_once_kind(const struct trace_rules *r, const char *kind, const char *of)
{
    return says(r, RULE_ONCE, RULE_KIND, kind, of);
}

bool rules_once_effect(const struct trace_rules *r, const char *effect, const char *of)
{
    return says(r, RULE_ONCE, RULE_EFFECT, effect, of);
}

bool rules_once_actor(const struct trace_rules *r, const char *type)
{
    return says(r, RULE_ONCE, RULE_ACTOR, type, NULL);
}

/* ---- expressions ----------------------------------------------------------------------------- */

/* All of them are asked: a filter remembers what it has seen. */
bool rules_judge_record(struct trace_rules *r, const struct trace_reader *reader,
                        const struct trace_record *record, const struct trace_exchange *exchange,
                        bool *unordered)
{
    bool ignore = false;
    for (size_t i = 0; i < r->count; i++) {
        struct rule *rule = &r->rules[i];
        if (!rule->filter)
            continue;
        trace_filter_reader(rule->filter, reader);
        if (!trace_filter_wants(rule->filter, record, exchange))
            continue;
        if (rule->verb == RULE_IGNORE)
            ignore = true;
        else
            *unordered = true;
    }
    return ignore;
}

bool rules_ignore_request(const struct trace_rules *r, const char *method, const char *target)
{
    for (size_t i = 0; i < r->count; i++) {
        const struct rule *rule = &r->rules[i];
        if (rule->filter && rule->verb == RULE_IGNORE && trace_filter_is_of_request(rule->filter) &&
            trace_filter_wants_request(rule->filter, method, target))
            return true;
    }
    return false;
}

/* What the filters remember is of the trace before. */
void rules_begin_trace(struct trace_rules *r)
{
    char error[FILTER_ERROR_MAX];
    for (size_t i = 0; i < r->count; i++)
        if (r->rules[i].filter) {
            trace_filter_free(r->rules[i].filter);
            r->rules[i].filter = trace_filter_new(r->rules[i].expression, error);
        }
}

/* ---- tolerances ------------------------------------------------------------------------------ */

static bool near_enough(const struct rule *rule, double a, double b)
{
    double most = rule->percent ? fmax(fabs(a), fabs(b)) * rule->amount / 100 : rule->amount;
    return rule->any || fabs(a - b) <= most;
}

/* The last one that speaks of it. */
static const struct rule *tolerance(const struct trace_rules *r, const char *field, const char *of)
{
    for (size_t i = r->count; i-- > 0;) {
        const struct rule *rule = &r->rules[i];
        if (rule->verb == RULE_TOLERATE && fits(rule->name, field) && fits(rule->of, of))
            return rule;
    }
    return NULL;
}

bool rules_tolerate(const struct trace_rules *r, const char *field, const char *of, double a,
                    double b)
{
    const struct rule *rule = tolerance(r, field, of);
    return rule && near_enough(rule, a, b);
}

bool rules_tolerate_some(const struct trace_rules *r, const char *field, const char *of)
{
    return tolerance(r, field, of) != NULL;
}

bool rules_tolerance_of(const struct trace_rules *r, const char *field, const char *of)
{
    const struct rule *rule = tolerance(r, field, of);
    return rule && !rule->any;
}
