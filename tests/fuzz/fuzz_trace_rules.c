/* tests/fuzz/fuzz_trace_rules.c -- libFuzzer over the language of rules: any text gives rules, or mistakes with
 * their lines; what was understood can be asked. The same text read once more says the same.
 */
#include "messages/kinds.h"
#include "tools/trace_rules.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* As many lines as mistakes, unless there was no room for them. */
static void check_errors(const struct rule_errors *e)
{
    unsigned lines = 0;
    for (size_t i = 0; i < e->length; i++)
        lines += e->text[i] == '\n';
    must(e->length < sizeof e->text && e->text[e->length] == '\0');
    must(lines == e->count || e->length == sizeof e->text - 1);
}

static unsigned ask(const struct trace_rules *r)
{
    unsigned said = rules_ignore_kind(r, "TIMER", "interceptor");
    said = said << 1 | rules_ignore_kind(r, "TcpSteal(Data)", NULL);
    said = said << 1 | rules_ignore_effect(r, "write", "agent");
    said = said << 1 | rules_ignore_field(r, "serial", "TIMER");
    said = said << 1 | rules_ignore_header(r, "X-Id", 4);
    said = said << 1 | rules_ignore_outside(r, "agent");
    said = said << 1 | rules_ignore_undelivered(r);
    said = said << 1 | rules_unordered_headers(r);
    said = said << 1 | rules_unordered_kind(r, "CREDIT", "agent");
    said = said << 1 | rules_once_kind(r, "Ping", "agent");
    said = said << 1 | rules_once_effect(r, "log", "agent");
    said = said << 1 | rules_once_actor(r, "local_pool");
    said = said << 1 | rules_tolerate(r, "window", "ASSIGN", 1000, 1100);
    return said << 1 | rules_tolerance_of(r, "time", "ASSIGN");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool prepared;
    struct rule_errors first = {0}, second = {0};
    struct trace_rules *r = trace_rules_new(), *again = trace_rules_new();
    if (!prepared)
        messages_init();
    prepared = true;
    must(trace_rules_read(r, "rules", (const char *)data, size, &first) == (first.count == 0));
    trace_rules_read(again, "rules", (const char *)data, size, &second);
    must(first.count == second.count && strcmp(first.text, second.text) == 0);
    check_errors(&first);
    must(ask(r) == ask(again));
    rules_begin_trace(r); /* filters are made anew: they were sound */
    trace_rules_free(r);
    trace_rules_free(again);
    return 0;
}
