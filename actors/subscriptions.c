/* actors/subscriptions.c -- see subscriptions.h */
#include "actors/subscriptions.h"
#include <stddef.h>

static bool has_method_filter(void)
{
    for (uint16_t i = 0; i < settings->filter_count; i++)
        if (settings->filters[i].kind == FILTER_METHOD)
            return true;
    return false;
}

const char *subscriptions_obstacle(struct version v)
{
    if (settings->filter_count > 1 && !version_allows(v, GATE_HTTP_COMPOSITE_FILTER))
        return "this agent knows no filters made of several filters (protocol 1.11.0), use one";
    if (has_method_filter() && !version_allows(v, GATE_HTTP_METHOD_FILTER))
        return "this agent knows no filters by method (protocol 1.20.0), filter by header or path";
    if (settings->mirror && settings->filter_count && !version_allows(v, GATE_MIRROR_HTTP_FILTER))
        return "this agent mirrors without filters only (protocol 1.21.1), leave them out or steal";
    return NULL;
}

void subscriptions_reset(struct subscriptions *s)
{
    *s = (struct subscriptions){.asked = 0};
}

void subscriptions_ask(struct subscriptions *s, uint16_t i)
{
    s->state[i] = SUBSCRIPTION_ASKED;
    s->asked_in_order[s->asked++] = i;
}

static int by_port(const struct subscriptions *s, uint16_t port)
{
    for (uint16_t i = 0; i < settings->subscription_count; i++)
        if (settings->subscriptions[i].port == port && s->state[i] == SUBSCRIPTION_ASKED)
            return i;
    return -1;
}

int subscriptions_answered(struct subscriptions *s, bool names_port, uint16_t port)
{
    if (names_port)
        return by_port(s, port);
    for (uint16_t k = 0; k < s->asked; k++)
        if (s->state[s->asked_in_order[k]] == SUBSCRIPTION_ASKED)
            return s->asked_in_order[k];
    return -1;
}

bool subscriptions_all_confirmed(const struct subscriptions *s)
{
    for (uint16_t i = 0; i < settings->subscription_count; i++)
        if (s->state[i] != SUBSCRIPTION_CONFIRMED)
            return false;
    return true;
}

bool subscriptions_any_asked(const struct subscriptions *s)
{
    for (uint16_t i = 0; i < settings->subscription_count; i++)
        if (s->state[i] == SUBSCRIPTION_ASKED)
            return true;
    return false;
}

int subscriptions_find(const struct subscriptions *s, uint16_t port, uint8_t mode)
{
    if ((mode == MODE_MIRROR) != settings->mirror)
        return -1;
    for (uint16_t i = 0; i < settings->subscription_count; i++)
        if (settings->subscriptions[i].port == port &&
            (s->state[i] == SUBSCRIPTION_ASKED || s->state[i] == SUBSCRIPTION_CONFIRMED))
            return i;
    return -1;
}
