/* tests/purity/purity_app.c -- an application; the path of a request says how it is answered:
 * /SIZE/w whole, l in two parts, k chunked, x not at all and closed, b broken off, n never. Others are raw
 * and echoed.
 */
#include "tests/purity/purity.h"
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PEERS_MAX = 200, HEAD_MAX = 2048 };

struct peer {
    int fd; /* -1: none */
    char text[HEAD_MAX];
    uint32_t length, later; /* later: bytes of a body that are still to be said */
    int raw;
};

struct application {
    struct outside *outside;
    struct peer peers[PEERS_MAX];
    char bytes[200000];
};

static void drop(struct peer *p)
{
    close(p->fd);
    p->fd = -1;
}

static void say(struct peer *p, const char *text)
{
    if (!purity_write(p->fd, text, (uint32_t)strlen(text)))
        drop(p);
}

static void answer(struct application *a, struct peer *p, uint32_t size, char manner)
{
    char head[200];
    a->outside->served++;
    if (manner == 'n')
        return;
    if (manner == 'x') {
        drop(p);
        return;
    }
    if (manner == 'k')
        snprintf(head, sizeof head,
                 "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: t\r\n\r\n"
                 "5\r\nhello\r\n5\r\nthere\r\n0\r\nt: 1\r\n\r\n");
    else
        snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\ncontent-length: %u\r\n\r\n", size);
    say(p, head);
    if (p->fd < 0 || manner == 'k')
        return;
    uint32_t now = manner == 'w' ? size : size / 2;
    if (!purity_write(p->fd, a->bytes, now) || manner == 'b')
        drop(p);
    else
        p->later = size - now;
}

static void on_text(struct application *a, struct peer *p, const char *bytes, uint32_t n)
{
    for (uint32_t i = 0; i < n && p->fd >= 0; i++) {
        if (p->length == HEAD_MAX - 1)
            p->length = 0; /* a body */
        p->text[p->length++] = bytes[i];
        p->text[p->length] = '\0';
        char *path = bytes[i] == '\n' ? strstr(p->text, " /") : NULL;
        if (!path || !strstr(path, "\r\n\r\n"))
            continue;
        unsigned size = 0;
        char manner = 'w';
        p->length = 0;
        if (sscanf(path, " /%u/%c", &size, &manner) >= 1)
            answer(a, p, size, manner);
    }
}

static void on_input(struct application *a, struct peer *p)
{
    static char bytes[65536];
    ssize_t n = recv(p->fd, bytes, sizeof bytes, 0);
    if (n <= 0) {
        drop(p);
        return;
    }
    if (p->length == 0 && bytes[0] == 0 && !p->later)
        p->raw = 1;
    if (p->raw && !purity_write(p->fd, bytes, (uint32_t)n))
        drop(p);
    else if (!p->raw)
        on_text(a, p, bytes, (uint32_t)n);
}

static void go_on(struct application *a, struct peer *p)
{
    if (p->fd < 0 || !p->later || purity_chance(&a->outside->random, 3))
        return;
    uint32_t n = p->later;
    p->later = 0;
    if (!purity_write(p->fd, a->bytes, n))
        drop(p);
}

static void welcome(struct application *a)
{
    int fd = accept(a->outside->listener, NULL, NULL);
    for (unsigned i = 0; i < PEERS_MAX && fd >= 0; i++)
        if (a->peers[i].fd < 0) {
            a->peers[i] = (struct peer){.fd = fd};
            return;
        }
    if (fd >= 0)
        close(fd);
}

void *purity_application(void *argument)
{
    struct application *a = calloc(1, sizeof *a);
    if (!a)
        abort();
    a->outside = argument;
    for (unsigned i = 0; i < PEERS_MAX; i++)
        a->peers[i].fd = -1;
    while (!atomic_load(a->outside->stop)) {
        struct pollfd list[PEERS_MAX + 1];
        for (unsigned i = 0; i < PEERS_MAX; i++)
            list[i] = (struct pollfd){.fd = a->peers[i].fd, .events = POLLIN};
        list[PEERS_MAX] = (struct pollfd){.fd = a->outside->listener, .events = POLLIN};
        poll(list, PEERS_MAX + 1, 1);
        for (unsigned i = 0; i < PEERS_MAX; i++) {
            if (list[i].revents && a->peers[i].fd >= 0)
                on_input(a, &a->peers[i]);
            go_on(a, &a->peers[i]);
        }
        if (list[PEERS_MAX].revents)
            welcome(a);
    }
    for (unsigned i = 0; i < PEERS_MAX; i++)
        if (a->peers[i].fd >= 0)
            close(a->peers[i].fd);
    free(a);
    return NULL;
}
