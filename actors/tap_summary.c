/* actors/tap_summary.c -- see tap_summary.h */
#include "actors/tap_summary.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char arrows[] = {[WIRE_FROM_CLIENT] = '>', [WIRE_FROM_AGENT] = '<'};

static const char *plural(uint64_t n)
{
    return n == 1 ? "" : "s";
}

static void put_seconds(struct wire_buffer *out, uint64_t us)
{
    wire_buffer_format(out, "%" PRIu64 ".%06u s", us / 1000000, (unsigned)(us % 1000000));
}

static void put_way(struct wire_buffer *out, const struct tap_way *w, unsigned from)
{
    wire_buffer_format(out, "  %c %s %12" PRIu64 " message%s, %" PRIu64 " byte%s\n", arrows[from],
                       from == WIRE_FROM_AGENT ? "agent to proxy" : "proxy to agent", w->messages,
                       plural(w->messages), w->bytes, plural(w->bytes));
}

/* ---- messages by name ------------------------------------------------------------------------ */

struct name {
    char text[WIRE_NAME_MAX];
    uint64_t messages, bytes;
    uint8_t from;
};

static int by_side_and_name(const void *a, const void *b)
{
    const struct name *x = a, *y = b;
    return x->from != y->from ? x->from - y->from : strcmp(x->text, y->text);
}

/* Different walks may have one name (the first frame of a body is in the walk, not in the name). */
static void put_names(struct wire_buffer *out, const struct name *names, uint32_t count)
{
    for (uint32_t i = 0, next; i < count; i = next) {
        uint64_t messages = 0, bytes = 0;
        for (next = i; next < count && by_side_and_name(&names[i], &names[next]) == 0; next++) {
            messages += names[next].messages;
            bytes += names[next].bytes;
        }
        wire_buffer_format(out, "    %c %10" PRIu64 " %14" PRIu64 " B  %s\n", arrows[names[i].from],
                           messages, bytes, names[i].text);
    }
}

static void put_kinds(struct wire_buffer *out, const struct tap_totals *t)
{
    struct name *names = t->kind_count ? calloc(t->kind_count, sizeof *names) : NULL;
    if (!names)
        return;
    for (uint32_t i = 0; i < t->kind_count; i++) {
        const struct tap_kind *k = &t->kinds[i];
        struct wire_message m = {.path_length = k->path_length};
        memcpy(m.path, k->path, sizeof m.path);
        wire_message_name(&m, names[i].text);
        names[i].messages = k->messages;
        names[i].bytes = k->bytes;
        names[i].from = k->from;
    }
    qsort(names, t->kind_count, sizeof *names, by_side_and_name);
    wire_buffer_text(out, "  messages, bytes and names\n");
    put_names(out, names, t->kind_count);
    free(names);
}

/* ---- of one link ----------------------------------------------------------------------------- */

static void put_versions(struct wire_buffer *out, const struct tap_totals *t)
{
    const char *announced = t->ways[WIRE_FROM_CLIENT].version;
    const char *answered = t->ways[WIRE_FROM_AGENT].version;
    wire_buffer_text(out, "  versions: the proxy announced ");
    wire_buffer_text(out, *announced ? announced : "none");
    wire_buffer_text(out, ", the agent answered ");
    wire_buffer_text(out, *answered ? answered : "none");
    wire_buffer_text(out, "\n");
}

static void put_error(struct wire_buffer *out, const struct tap_way *w, unsigned from)
{
    if (*w->error)
        wire_buffer_format(out,
                           "  %c not decoded from byte %" PRIu64 " on, %" PRIu64
                           " byte%s passed on unread: %s\n",
                           arrows[from], w->error_at, w->undecoded, plural(w->undecoded), w->error);
}

static void put_open(struct wire_buffer *out, const struct tap_open *o, uint64_t now_us)
{
    wire_buffer_format(out, "    steal conn=%" PRIu64 " req=%u %s %s, ", o->connection, o->request,
                       *o->method ? o->method : "?", *o->target ? o->target : "?");
    wire_buffer_text(out, o->answering ? "answer begun, " : "no answer, ");
    put_seconds(out, now_us > o->began_us ? now_us - o->began_us : 0);
    wire_buffer_text(out, " old\n");
}

static int by_age(const void *a, const void *b)
{
    const struct tap_open *x = a, *y = b;
    if (x->began_us != y->began_us)
        return x->began_us < y->began_us ? -1 : 1;
    return (x->connection > y->connection) - (x->connection < y->connection);
}

/* The oldest first. */
static void put_oldest(struct wire_buffer *out, const struct tap_totals *t, uint32_t shown)
{
    struct tap_open *opens = calloc(t->open_count, sizeof *opens);
    if (!opens)
        return;
    memcpy(opens, t->opens, t->open_count * sizeof *opens);
    qsort(opens, t->open_count, sizeof *opens, by_age);
    for (uint32_t i = 0; i < shown; i++)
        put_open(out, &opens[i], t->ended_us);
    free(opens);
}

static void put_opens(struct wire_buffer *out, const struct tap_totals *t)
{
    uint32_t shown = t->open_count < TAP_OPENS_SHOWN ? t->open_count : TAP_OPENS_SHOWN;
    if (t->open_count) {
        wire_buffer_format(out, "  exchanges unfinished: %u\n", t->open_count);
        put_oldest(out, t, shown);
    }
    if (shown < t->open_count)
        wire_buffer_format(out, "    and %u more\n", t->open_count - shown);
    if (t->not_followed)
        wire_buffer_format(out, "  exchanges not followed, more than %u at a time: %" PRIu64 "\n",
                           TAP_EXCHANGES_MAX, t->not_followed);
}

static void put_not_shown(struct wire_buffer *out, uint64_t messages)
{
    if (messages)
        wire_buffer_format(out, "  %" PRIu64 " message%s not shown: the output was not read\n",
                           messages, plural(messages));
}

void tap_summary_link(struct wire_buffer *out, const struct tap_totals *t)
{
    wire_buffer_format(out, "link %u, proxy %s, ", t->link, t->peer);
    put_seconds(out, t->began_us);
    wire_buffer_text(out, " to ");
    put_seconds(out, t->ended_us);
    wire_buffer_text(out, t->reached ? "\n" : ", the agent was not reached\n");
    put_versions(out, t);
    for (unsigned from = 0; from < 2; from++)
        put_way(out, &t->ways[from], from);
    put_kinds(out, t);
    put_opens(out, t);
    for (unsigned from = 0; from < 2; from++)
        put_error(out, &t->ways[from], from);
    put_not_shown(out, t->not_shown);
}

void tap_summary_all(struct wire_buffer *out, const struct tap_totals *t, uint32_t links)
{
    wire_buffer_format(out, "all, %u link%s, ", links, plural(links));
    put_seconds(out, t->ended_us);
    wire_buffer_text(out, "\n");
    for (unsigned from = 0; from < 2; from++)
        put_way(out, &t->ways[from], from);
    if (links > 1)
        put_kinds(out, t);
    wire_buffer_format(out, "  exchanges unfinished: %u\n", t->open_count);
    put_not_shown(out, t->not_shown);
}
