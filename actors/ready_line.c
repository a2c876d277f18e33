/* actors/ready_line.c -- see ready_line.h */
#include "actors/ready_line.h"
#include "actors/destinations.h"
#include "actors/settings.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct line {
    char *out;
    size_t room, used;
};

static void add(struct line *l, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct line *l, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    int n = vsnprintf(l->out + l->used, l->room - l->used, format, list);
    va_end(list);
    l->used += (size_t)n < l->room - l->used ? (size_t)n : l->room - l->used - 1;
}

static void add_filters(struct line *l)
{
    static const char *const names[] = {"header ~", "path ~", "method"};
    for (uint16_t i = 0; i < settings->filter_count; i++)
        add(l, "%s%s \"%s\"",
            i == 0             ? " if "
            : settings->any_of ? " or "
                               : " and ",
            names[settings->filters[i].kind], settings->filters[i].text);
}

static void add_ports(struct line *l)
{
    char to[ADDRESS_TEXT_MAX];
    for (uint16_t i = 0; i < settings->subscription_count; i++)
        add(l, "%sport %u to %s", i ? ", " : "", settings->subscriptions[i].port,
            address_print(destination(settings->subscriptions[i].destination), to));
}

/* What this agent cannot do, of what matters to somebody who waits for requests. */
static void add_lacks(struct line *l, struct version v)
{
    if (!version_allows(v, GATE_HTTP_FRAMED))
        add(l, "; trailers are lost");
    if (!version_allows(v, GATE_HTTP_UPGRADE))
        add(l, "; no upgrades (WebSocket)");
    if (!version_allows(v, GATE_HTTP_CHUNKED_RESPONSE))
        add(l, "; answers go out in one piece, not streamed");
    if (settings->filter_count == 0 && !version_allows(v, GATE_MODE_AGNOSTIC_HTTP))
        add(l, "; a new agent passes unfiltered HTTP by, an old one sends it as raw TCP");
}

void ready_line(char *out, size_t room, struct version agent, bool negotiated)
{
    struct line l = {out, room, 0};
    char to[ADDRESS_TEXT_MAX], version[VERSION_TEXT_MAX];
    add(&l, "ready: %s ", settings->mirror ? "mirroring" : "stealing");
    add_ports(&l);
    add_filters(&l);
    version_format(agent, version);
    if (settings->standalone)
        add(&l, "; the stand-in agent inside ");
    else
        add(&l, "; agent %s ", address_print(&settings->agent, to));
    if (negotiated)
        add(&l, "says %s", version);
    else
        add(&l, "is taken for %s, not negotiated", version);
    add_lacks(&l, agent);
}
