/* actors/settings_text.c -- see settings_text.h
 *
 * Names are those of the structs' fields, with a dot before what is of the stand-in agent's.
 */
#include "actors/settings_text.h"
#include "actors/destinations.h"
#include "runtime/heap.h"
#include "runtime/limits.h"
#include "runtime/log.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- to texts ---- */

struct texts {
    struct trace_setting *list;
    size_t count;
};

static void add(struct texts *t, const char *name, const char *value)
{
    struct trace_setting s = {name, strdup(value)};
    t->list = realloc(t->list, (t->count + 2) * sizeof *t->list);
    if (!t->list || !s.value)
        heap_exhausted("settings", sizeof s);
    t->list[t->count++] = s;
    t->list[t->count] = (struct trace_setting){NULL, NULL};
}

static void add_number(struct texts *t, const char *name, uint64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, value);
    add(t, name, text);
}

static void add_address(struct texts *t, const char *name, const struct address *a)
{
    char text[ADDRESS_TEXT_MAX];
    if (a->family != ADDRESS_NONE)
        add(t, name, address_print(a, text));
}

static void add_destinations(struct texts *t)
{
    for (uint16_t i = 0; i < destination_count(); i++)
        add_address(t, "destination", destination(i));
}

/* The fields that are numbers. */
#define NUMBERS(X)                                                                                 \
    X(mirror)                                                                                      \
    X(any_of)                                                                                      \
    X(no_retry)                                                                                    \
    X(standalone)                                                                                  \
    X(workers)                                                                                     \
    X(seed)                                                                                        \
    X(agent_message_max)                                                                           \
    X(collect_max)                                                                                 \
    X(spool_max)                                                                                   \
    X(spool_total_max)                                                                             \
    X(local_connections_max)
#define AGENT_NUMBERS(X)                                                                           \
    X(answer)                                                                                      \
    X(lose_body_end)                                                                               \
    X(message_max)

static void add_settings(struct texts *t, const struct settings *s)
{
    char text[64];
    add_address(t, "agent", &s->agent);
    for (uint16_t i = 0; i < s->subscription_count; i++) {
        snprintf(text, sizeof text, "%u %u", s->subscriptions[i].port,
                 s->subscriptions[i].destination);
        add(t, "subscription", text);
    }
    for (uint16_t i = 0; i < s->filter_count; i++) {
        static const char *const names[] = {"header_filter", "path_filter", "method_filter"};
        add(t, names[s->filters[i].kind], s->filters[i].text);
    }
    add_number(t, "announce", s->announce.ordinal);
    add(t, "spool_dir", s->spool_dir);
#define X(field) add_number(t, #field, s->field);
    NUMBERS(X)
#undef X
}

static void add_agent_settings(struct texts *t, const struct agent_settings *a)
{
    char text[2 * ADDRESS_TEXT_MAX];
    add_address(t, ".listen", &a->listen);
    for (uint16_t i = 0; i < a->port_count; i++) {
        char at[ADDRESS_TEXT_MAX];
        snprintf(text, sizeof text, "%u %s", a->ports[i].upstream,
                 address_print(&a->ports[i].listen, at));
        add(t, ".port", text);
    }
    add_number(t, ".version", a->version.ordinal);
    add(t, ".version_text", a->version_text);
#define X(field) add_number(t, "." #field, a->field);
    AGENT_NUMBERS(X)
#undef X
}

struct trace_setting *settings_texts(const struct settings *s, const struct agent_settings *a)
{
    struct texts t = {NULL, 0};
    add_number(&t, "log_level", log_settings.level);
    add_destinations(&t);
    if (s)
        add_settings(&t, s);
    if (a)
        add_agent_settings(&t, a);
    return t.list;
}

void settings_texts_free(struct trace_setting *texts)
{
    for (struct trace_setting *t = texts; t && t->name; t++)
        free((void *)(uintptr_t)t->value);
    free(texts);
}

/* ---- from texts ---- */

static struct settings taken;
static struct agent_settings agent_taken;

/* Digits at *at, and nothing else that strtoull would take; *at is behind them. */
static bool take_digits(const char **at, uint64_t most, uint64_t *n)
{
    const char *begin = *at;
    for (*n = 0; **at >= '0' && **at <= '9'; ++*at) {
        uint64_t digit = (uint64_t)(**at - '0');
        if (*n > (most - digit) / 10)
            return false;
        *n = *n * 10 + digit;
    }
    return *at != begin && *n <= most;
}

static bool number(const char *text, uint64_t most, uint64_t *n)
{
    return take_digits(&text, most, n) && *text == '\0';
}

/* A number of an address that stands before this text. */
static bool take_number_of_destination(const char **at, uint64_t *n)
{
    return destination_count() && take_digits(at, destination_count() - 1u, n);
}

static bool take_destination(const char *value)
{
    struct address a;
    char error[160];
    uint16_t number = destination_count();
    return number < DESTINATIONS_MAX && address_parse(&a, value, error) &&
           destination_add(&a) == number; /* else it was there already */
}

static bool take_subscription(const char *value)
{
    uint64_t port, to;
    if (taken.subscription_count == SUBSCRIPTIONS_MAX || !take_digits(&value, UINT16_MAX, &port) ||
        *value++ != ' ' || !take_number_of_destination(&value, &to) || *value)
        return false;
    taken.subscriptions[taken.subscription_count++] =
        (struct subscription){(uint16_t)port, (uint16_t)to};
    return true;
}

static bool take_filter(enum filter_kind kind, const char *value)
{
    if (taken.filter_count == FILTERS_MAX)
        return false;
    taken.filters[taken.filter_count++] = (struct filter){(uint8_t)kind, value};
    return true;
}

static bool take_port(const char *value)
{
    char error[160];
    uint64_t to;
    if (agent_taken.port_count == AGENT_PORTS_MAX || !take_number_of_destination(&value, &to) ||
        *value++ != ' ')
        return false;
    struct agent_port_setting *p = &agent_taken.ports[agent_taken.port_count++];
    p->upstream = (uint16_t)to;
    return address_parse(&p->listen, value, error);
}

static bool take_address(struct address *a, const char *value)
{
    char error[160];
    return address_parse(a, value, error);
}

static bool take_version_text(const char *value)
{
    snprintf(agent_taken.version_text, sizeof agent_taken.version_text, "%s", value);
    return strlen(value) < sizeof agent_taken.version_text;
}

#define IS(text) (strcmp(name, (text)) == 0)
/* The most that fits into the field. */
#define MOST(field)                                                                                \
    _Generic((field), bool : 1u, uint8_t : UINT8_MAX, uint32_t : UINT32_MAX, default : UINT64_MAX)
#define TAKE(s, field)                                                                             \
    (number(value, MOST((s).field), &n) && ((s).field = (__typeof__((s).field))n, true))

static bool take_workers(const char *value)
{
    uint64_t n;
    enum { OTHERS = 2 }; /* what blocks, and names */
    taken.workers = number(value, WORKERS_MAX - OTHERS, &n) ? (unsigned)n : 0;
    return taken.workers > 0;
}

static bool take_number(const char *name, const char *value)
{
    uint64_t n;
    if (IS("workers"))
        return take_workers(value);
#define X(f)                                                                                       \
    if (IS(#f))                                                                                    \
        return TAKE(taken, f);
    NUMBERS(X)
#undef X
#define X(f)                                                                                       \
    if (IS("." #f))                                                                                \
        return TAKE(agent_taken, f);
    AGENT_NUMBERS(X)
#undef X
    return true; /* of a newer build: nobody here reads it */
}

static bool take_level(const char *value)
{
    uint64_t n;
    if (!number(value, LOG_TRACE, &n))
        return false;
    log_settings.level = (enum log_level)n;
    return true;
}

static bool take_answer(const char *value)
{
    uint64_t n;
    if (!number(value, AGENT_ANSWER_NONE, &n))
        return false;
    agent_taken.answer = (uint8_t)n;
    return true;
}

static bool take(const char *name, const char *value)
{
    if (IS("log_level"))
        return take_level(value);
    if (IS("destination"))
        return take_destination(value);
    if (IS("agent"))
        return take_address(&taken.agent, value);
    if (IS("subscription"))
        return take_subscription(value);
    if (IS("header_filter"))
        return take_filter(FILTER_HEADER, value);
    if (IS("path_filter"))
        return take_filter(FILTER_PATH, value);
    if (IS("method_filter"))
        return take_filter(FILTER_METHOD, value);
    if (IS("announce"))
        return number(value, UINT64_MAX, &taken.announce.ordinal);
    if (IS("spool_dir")) {
        taken.spool_dir = value;
        return true;
    }
    if (IS(".listen"))
        return take_address(&agent_taken.listen, value);
    if (IS(".port"))
        return take_port(value);
    if (IS(".version"))
        return number(value, UINT64_MAX, &agent_taken.version.ordinal);
    if (IS(".version_text"))
        return take_version_text(value);
    if (IS(".answer"))
        return take_answer(value);
    return take_number(name, value);
}

/* What the settings point into: a reader forgets its own with the next part of a trace. */
static struct trace_setting *kept;

static void forget_kept(void)
{
    for (struct trace_setting *t = kept; t && t->name; t++) {
        free((void *)(uintptr_t)t->name);
        t->name = "";
    }
    settings_texts_free(kept);
}

static struct trace_setting *copy(const struct trace_setting *texts)
{
    struct texts t = {NULL, 0};
    for (const struct trace_setting *s = texts; s->name; s++)
        add(&t, strdup(s->name), s->value);
    return t.list ? t.list : calloc(1, sizeof *t.list);
}

bool settings_take(const struct trace_setting *texts, char error[SETTINGS_ERROR_MAX])
{
    forget_kept();
    kept = copy(texts);
    destinations_clear();
    settings_default(&taken);
    agent_taken = (struct agent_settings){0};
    for (const struct trace_setting *t = kept; t->name; t++)
        if (!take(t->name, t->value)) {
            snprintf(error, SETTINGS_ERROR_MAX, "the setting %s cannot be \"%s\"", t->name,
                     t->value);
            return false;
        }
    settings = &taken;
    agent_settings = &agent_taken;
    return true;
}
