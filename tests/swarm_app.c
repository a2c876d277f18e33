/* tests/swarm_app.c -- see swarm_app.h */
#include "tests/swarm_app.h"
#include <stdlib.h>

char swarm_byte(uint32_t place)
{
    return (char)('a' + (place + place / 97) % 26);
}

static void say(struct swarm_app *a, const char *text)
{
    sim_peer_write(a->peer, text, strlen(text));
}

static void say_body(struct swarm_app *a, uint32_t bytes)
{
    char *part = malloc(bytes + 1);
    if (!part)
        abort();
    for (uint32_t i = 0; i < bytes; i++)
        part[i] = swarm_byte(a->said + i);
    sim_peer_write(a->peer, part, bytes);
    a->said += bytes;
    free(part);
}

static void say_head(struct swarm_app *a, const char *framing)
{
    char head[200];
    snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\n%s\r\n", framing);
    say(a, head);
}

static void end(struct swarm_app *a, bool reset)
{
    a->over = true;
    if (reset)
        sim_peer_reset(a->peer);
    else
        sim_peer_close(a->peer);
}

/* The answer's beginning: what comes with the request's head. */
static void begin_answer(struct swarm_app *a)
{
    char framing[100];
    snprintf(framing, sizeof framing, "%scontent-length: %u\r\n",
             a->manner == 'f' ? "connection: close\r\n" : "", a->size);
    a->said = 0;
    switch (a->manner) {
    case 'k': say_head(a, "transfer-encoding: chunked\r\n"); break;
    case 'c': say_head(a, "connection: close\r\n"); break;
    case 'l':
    case 'b': say_head(a, framing); break;
    case 'w':
    case 'f':
        say_head(a, framing);
        say_body(a, a->size);
        a->manner = 0;
        break;
    case 'x': end(a, false); break;
    case 'g': say(a, "220 mail.test\r\n"); break;
    case 'u':
        say(a, "HTTP/1.1 101 x\r\nconnection: upgrade\r\nupgrade: x\r\n\r\nwelcome");
        a->raw = true;
        break;
    default: break;
    }
    if (a->manner == 'l' && a->size == 0)
        a->manner = 0;
}

/* A request line is the only place where "T /" is followed by a number. */
static void look_for_request(struct swarm_app *a)
{
    a->text[a->length] = '\0';
    char *path = strstr(a->text, " /");
    if (!path || !strstr(path, "\r\n\r\n"))
        return;
    unsigned size = 0;
    char manner = 'w';
    if (sscanf(path, " /%u/%c", &size, &manner) >= 1) {
        a->size = size;
        a->manner = manner;
    }
    a->length = 0;
    begin_answer(a);
}

static void keep_text(struct swarm_app *a, const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (a->length == sizeof a->text - 1) { /* a body: only its end may hold a request */
            memmove(a->text, a->text + 256, a->length - 256);
            a->length -= 256;
        }
        a->text[a->length++] = (char)bytes[i];
        if (bytes[i] == '\n' && a->manner == 0 && !a->over)
            look_for_request(a);
    }
}

static void on_bytes(struct sim_peer *peer, void *context)
{
    struct swarm_app *a = context;
    size_t length;
    const uint8_t *bytes = sim_peer_received(peer, &length);
    if (length && !a->raw && a->length == 0 && a->manner == 0 && bytes[0] == 'r')
        a->raw = true;
    if (a->raw && length && !a->over)
        sim_peer_write(peer, bytes, length < 1000 ? length : 1000);
    else if (length)
        keep_text(a, bytes, length);
    sim_peer_drop(peer, length);
    if (sim_peer_ended(peer) && !a->over)
        end(a, false);
}

static void on_connection(struct sim_peer *peer, void *context)
{
    struct swarm_apps *apps = context;
    if (apps->count == SWARM_APPS_MAX) {
        sim_peer_reset(peer);
        return;
    }
    struct swarm_app *a = &apps->list[apps->count++];
    *a = (struct swarm_app){.peer = peer};
    sim_peer_on_bytes(peer, on_bytes, a);
}

void swarm_apps_listen(struct swarm_apps *apps, struct world *w)
{
    apps->world = w;
    apps->count = 0;
    sim_peer_unlisten(&w->sim, APP);
    sim_peer_listen(&w->sim, APP, on_connection, apps);
}

static void say_piece(struct swarm_app *a, uint32_t most)
{
    uint32_t left = a->size - a->said, n = left < most ? left : most;
    char size[20];
    if (a->manner == 'k' && n) {
        snprintf(size, sizeof size, "%x\r\n", n);
        say(a, size);
    }
    say_body(a, n);
    if (a->manner == 'k' && n)
        say(a, "\r\n");
    if (a->said < a->size)
        return;
    if (a->manner == 'k')
        say(a, "0\r\n\r\n");
    if (a->manner == 'c')
        end(a, false);
    a->manner = 0;
}

static bool has_more(const struct swarm_app *a)
{
    return !a->over && !a->raw && a->manner && strchr("lkcb", a->manner);
}

static void go_on(struct swarm_app *a, uint32_t most)
{
    if (a->manner == 'b')
        end(a, a->size % 2);
    else
        say_piece(a, most);
}

void swarm_app_go_on(struct swarm_apps *apps, unsigned which)
{
    struct swarm_app *a = &apps->list[which];
    if (has_more(a))
        go_on(a, 1 + sim_random(&apps->world->sim, 20000));
    else if (a->raw && !a->over && sim_random(&apps->world->sim, 3) == 0)
        sim_peer_shutdown(a->peer);
}

void swarm_apps_finish(struct swarm_apps *apps)
{
    for (unsigned i = 0; i < apps->count; i++) {
        struct swarm_app *a = &apps->list[i];
        sim_peer_reads(a->peer, true);
        while (has_more(a))
            go_on(a, UINT32_MAX);
        if (!a->over && a->manner)
            end(a, false);
    }
}
