/* tests/bench/load.c -- main() of the bench yardstick, and the sockets of its roles.
 *
 * The yardstick stands on both sides of a proxy that speaks mirrord-protocol: an agent that
 * drives it, an application that answers it. The fourth role, the floor, takes the proxy's own
 * place with the least work that still moves the bytes; a proxy's CPU time is read as a multiple
 * of the floor's, because only such ratios survive a noisy machine.
 */
#include "tests/bench/load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static const char usage[] =
    "usage: load app PORT                     HTTP/1.1: /N answers with N bytes of known length,\n"
    "                                         /chunked/N with N bytes in chunks, /hang never\n"
    "       load echo PORT                    TCP: every byte comes back\n"
    "       load agent PORT VERSION MODE PATH CONCURRENT COUNT [BODY]\n"
    "                                         waits for a proxy at PORT, then drives it\n"
    "           MODE http    COUNT requests, each with a body of BODY bytes (0) in one message\n"
    "           MODE upload  the same, the bodies in frames of 64 KiB\n"
    "           MODE tcp     CONCURRENT connections, COUNT bytes each way over all of them\n"
    "           CONCURRENT 0 only subscribes\n"
    "       load floor AGENT_PORT APP_PORT    the proxy that does no more than it must\n";

noreturn void load_die(const char *sentence)
{
    if (errno)
        fprintf(stderr, "load: %s: %s\n", sentence, strerror(errno));
    else
        fprintf(stderr, "load: %s\n", sentence);
    exit(1);
}

noreturn void load_fail(const char *sentence)
{
    errno = 0;
    load_die(sentence);
}

uint64_t load_now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static struct sockaddr_in loopback(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

int load_listen(uint16_t port)
{
    struct sockaddr_in address = loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) ||
        bind(fd, (const struct sockaddr *)&address, sizeof address) || listen(fd, SOMAXCONN))
        load_die("cannot listen");
    return fd;
}

int load_connect(uint16_t port)
{
    struct sockaddr_in address = loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof address))
        load_die("cannot connect");
    load_prepare(fd);
    return fd;
}

void load_prepare(int fd)
{
    int one = 1;

    if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) ||
        fcntl(fd, F_SETFL, O_NONBLOCK))
        load_die("cannot prepare a socket");
}

void load_wait_writable(int fd)
{
    struct pollfd one = {.fd = fd, .events = POLLOUT};

    poll(&one, 1, -1);
}

/* A thousand waiting requests are a thousand sockets: take what the hard limit gives. */
static void raise_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* Decimal digits up to a limit, or the end of the process. */
static uint64_t number(const char *text, uint64_t max)
{
    char *end;
    uint64_t value;

    errno = 0;
    value = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || errno || value > max) {
        fprintf(stderr, "load: %s is not a number from 0 to %ju\n", text, (uintmax_t)max);
        exit(2);
    }
    return value;
}

static uint16_t port_of(const char *text)
{
    return (uint16_t)number(text, UINT16_MAX);
}

static void run_agent(int words, char **word)
{
    struct load_plan plan = {
        .port = port_of(word[2]),
        .version = word[3],
        .path = word[5],
        .concurrent = number(word[6], UINT32_MAX),
        .count = number(word[7], UINT64_MAX),
        .body_bytes = words > 8 ? number(word[8], UINT64_MAX) : 0,
    };

    if (strcmp(word[4], "tcp") == 0)
        plan.mode = LOAD_TCP;
    else if (strcmp(word[4], "upload") == 0)
        plan.mode = LOAD_UPLOAD;
    else if (strcmp(word[4], "http") != 0)
        return;
    load_agent(&plan);
}

/* Every role ends the process: what returns was not spelled as any of them is. */
int main(int words, char **word)
{
    const char *role = words > 2 ? word[1] : "";

    signal(SIGPIPE, SIG_IGN);
    raise_descriptors();
    if (strcmp(role, "app") == 0 && words == 3)
        load_app(port_of(word[2]));
    if (strcmp(role, "echo") == 0 && words == 3)
        load_echo(port_of(word[2]));
    if (strcmp(role, "floor") == 0 && words == 4)
        load_floor(port_of(word[2]), port_of(word[3]));
    if (strcmp(role, "agent") == 0 && (words == 8 || words == 9))
        run_agent(words, word);
    fputs(usage, stderr);
    return 2;
}
