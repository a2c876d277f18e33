/* tools/trace_rules_inside.h -- what a rule is, for the files that are trace_rules: reading (trace_rules.c) and
 * answering (trace_rules_ask.c).
 */
#ifndef TOOLS_TRACE_RULES_INSIDE_H
#define TOOLS_TRACE_RULES_INSIDE_H

#include "tools/trace_filter.h"
#include "tools/trace_rules.h"

enum rule_verb { RULE_IGNORE, RULE_UNORDERED, RULE_ONCE, RULE_TOLERATE };
enum rule_noun {
    RULE_KIND,
    RULE_EFFECT,
    RULE_FIELD,
    RULE_HEADER,
    RULE_HEADERS,
    RULE_OUTSIDE,
    RULE_UNDELIVERED,
    RULE_ACTOR,
    RULE_WHERE,
};

struct rule {
    enum rule_verb verb;
    enum rule_noun noun;
    char *name, *of; /* patterns; NULL: any */
    char *expression;
    struct trace_filter *filter; /* of the expression */
    bool any, percent;           /* tolerances */
    double amount;
};

struct trace_rules {
    struct rule *rules;
    size_t count, room;
};

#endif
