/* tests/bench/bench_tap.c -- what a tap between two processes costs them: throughput, CPU, and is all there?
 *
 * usage: bench_tap --tap PROGRAM [--mib=N] [--rounds=N] [--only=WORD]
 *
 * A sender says Data messages to a receiver: directly, through the least that a relay can be (a loop
 * of read and write), and through the tap, in turn; each is a process. The receiver counts and hashes.
 * Figures are medians of the rounds; ratios are within one round, for the machine has others to serve.
 * Ends with 1 if a byte was lost or changed.
 */
#include "messages/wire_encoder.h"
#include "tests/bench/bench_clock.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <fcntl.h>

enum { BUFFER = 8 << 20, READ = 256 << 10, ROUNDS_MAX = 50, WORD = 8 };

static const char *tap_program, *only = "";
static unsigned long mib = 2048, rounds = 7;

struct way {
    const char *name;
    size_t payload;
    double rate; /* bytes a second that the sender aims at; 0: as fast as it goes */
    const char *output;
    const char *arguments[6]; /* for the tap */
};

/* What stands between the two. */
enum between { NOTHING, RELAY, TAP, BETWEENS };

struct result {
    double seconds;
    double cpu; /* seconds of what stands between, all its threads */
    bool same;
};

static _Noreturn void die(const char *what)
{
    perror(what);
    exit(2);
}

/* ---- a hash that is faster than the wire ------------------------------------------------------ */

struct hash {
    uint64_t value, bytes;
    uint8_t part[WORD];
};

static void hash_word(struct hash *h, const uint8_t *at)
{
    uint64_t word;
    memcpy(&word, at, WORD);
    h->value = (h->value ^ word) * UINT64_C(0x9E3779B97F4A7C15);
    h->value ^= h->value >> 29;
}

static void hash_put(struct hash *h, const uint8_t *at, size_t n)
{
    for (; n && h->bytes % WORD; at++, n--) {
        h->part[h->bytes++ % WORD] = *at;
        if (h->bytes % WORD == 0)
            hash_word(h, h->part);
    }
    for (; n >= WORD; at += WORD, n -= WORD, h->bytes += WORD)
        hash_word(h, at);
    for (; n; at++, n--)
        h->part[h->bytes++ % WORD] = *at;
}

/* ---- sockets --------------------------------------------------------------------------------- */

static int listener(uint16_t *port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof at;
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) || listen(fd, 8) ||
        getsockname(fd, (struct sockaddr *)&at, &length))
        die("listen");
    *port = ntohs(at.sin_port);
    return fd;
}

static int dial(uint16_t port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to))
        die("connect");
    return fd;
}

static void write_all(int fd, const uint8_t *at, size_t n)
{
    while (n) {
        ssize_t written = write(fd, at, n);
        if (written < 0)
            die("write");
        at += written;
        n -= (size_t)written;
    }
}

/* ---- sender and receiver ---------------------------------------------------------------------- */

static uint8_t messages[BUFFER];

/* Whole messages; returns their bytes. */
static size_t fill(size_t payload)
{
    uint64_t random = 88172645463325252u;
    struct wire_writer w = wire_writer_over(messages, sizeof messages);
    while ((size_t)(w.end - w.at) >= payload + WIRE_DATA_MAX) {
        wire_put_data(&w, WIRE_FROM_CLIENT, WIRE_STEAL, 7, payload);
        for (size_t i = 0; i < payload; i++) {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            *w.at++ = (uint8_t)random;
        }
    }
    return (size_t)(w.at - messages);
}

/* Its child process: reads one connection to its end, and says what it was. */
static pid_t receiver(int listening, int *tell)
{
    int pipe_fds[2];
    if (pipe2(pipe_fds, O_CLOEXEC))
        die("pipe");
    pid_t pid = fork();
    *tell = pipe_fds[0];
    if (pid) {
        close(pipe_fds[1]);
        return pid;
    }
    static uint8_t room[READ];
    struct hash h = {0};
    int fd = accept(listening, NULL, NULL);
    ssize_t n;
    while ((n = read(fd, room, sizeof room)) > 0)
        hash_put(&h, room, (size_t)n);
    write_all(pipe_fds[1], (const uint8_t *)&h, sizeof h);
    _exit(0);
}

static void wait_until(double ns)
{
    while (bench_now_ns() < ns)
        usleep(200);
}

static void send_all(int fd, size_t length, unsigned long times, double rate)
{
    double began = bench_now_ns();
    for (unsigned long i = 0; i < times; i++) {
        for (size_t at = 0; at < length; at += READ) {
            if (rate > 0)
                wait_until(began + (double)(i * length + at) / rate * 1e9);
            write_all(fd, messages + at, length - at < READ ? length - at : READ);
        }
    }
    shutdown(fd, SHUT_WR);
}

/* ---- the tap ---------------------------------------------------------------------------------- */

static void exec_tap(const struct way *w, uint16_t agent, int log)
{
    char to[16];
    const char *argv[16] = {tap_program, "tap", "--listen", "0", "--agent", to};
    unsigned n = 6;
    snprintf(to, sizeof to, "%u", agent);
    for (unsigned i = 0; w->arguments[i]; i++)
        argv[n++] = w->arguments[i];
    int out = open(w->output, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(out, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    execv(tap_program, (char *const *)(uintptr_t)argv);
    die(tap_program);
}

static pid_t start_tap(const struct way *w, uint16_t agent, uint16_t *port, int *log)
{
    int fds[2];
    char line[300];
    unsigned got;
    if (pipe2(fds, O_CLOEXEC))
        die("pipe");
    pid_t pid = fork();
    if (pid == 0)
        exec_tap(w, agent, fds[1]);
    close(fds[1]);
    ssize_t n = read(fds[0], line, sizeof line - 1);
    line[n > 0 ? n : 0] = 0;
    const char *at = strstr(line, "proxies at 127.0.0.1:");
    if (!at || sscanf(at, "proxies at 127.0.0.1:%u", &got) != 1) {
        fprintf(stderr, "bench_tap: the tap does not get ready: %s\n", line);
        exit(2);
    }
    *port = (uint16_t)got;
    *log = fds[0];
    return pid;
}

/* One direction is all that there is. */
static pid_t start_relay(uint16_t agent, uint16_t *port)
{
    static uint8_t room[READ];
    int listening = listener(port);
    pid_t pid = fork();
    if (pid) {
        close(listening);
        return pid;
    }
    int from = accept(listening, NULL, NULL), to = dial(agent);
    ssize_t n;
    while ((n = read(from, room, sizeof room)) > 0)
        write_all(to, room, (size_t)n);
    _exit(0);
}

static double end_between(pid_t pid, int log)
{
    static char rest[4096];
    struct rusage used;
    int status;
    if (log >= 0) {
        kill(pid, SIGINT);
        while (read(log, rest, sizeof rest) > 0)
            ;
        close(log);
    }
    wait4(pid, &status, 0, &used);
    if (status)
        fprintf(stderr, "bench_tap: what stands between ended with status %d\n", status);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

/* ---- one run ---------------------------------------------------------------------------------- */

static struct result run(const struct way *w, enum between between, size_t length,
                         unsigned long times, const struct hash *want)
{
    struct result r = {0};
    struct hash got = {0};
    uint16_t agent, port;
    int tell, log = -1, listening = listener(&agent);
    pid_t receives = receiver(listening, &tell), stands = -1;
    port = agent;
    if (between == TAP)
        stands = start_tap(w, agent, &port, &log);
    else if (between == RELAY)
        stands = start_relay(agent, &port);
    int fd = dial(port);
    double began = bench_now_ns();
    send_all(fd, length, times, w->rate);
    if (read(tell, &got, sizeof got) != sizeof got)
        die("receiver");
    r.seconds = (bench_now_ns() - began) / 1e9;
    close(fd);
    close(tell);
    close(listening);
    waitpid(receives, NULL, 0);
    if (stands > 0)
        r.cpu = end_between(stands, log);
    r.same = got.bytes == want->bytes && got.value == want->value;
    return r;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, unsigned long n)
{
    qsort(values, n, sizeof *values, by_value);
    return values[n / 2];
}

static bool compare(const struct way *w)
{
    double speed[BETWEENS][ROUNDS_MAX], cpu[BETWEENS][ROUNDS_MAX];
    double to_direct[ROUNDS_MAX], to_relay[ROUNDS_MAX], cpu_ratio[ROUNDS_MAX];
    struct hash want = {0};
    bool same = true;
    size_t length = fill(w->payload);
    unsigned long times = (mib << 20) / length;
    double bytes = (double)times * (double)length;
    for (unsigned long i = 0; i < times; i++)
        hash_put(&want, messages, length);
    for (unsigned long i = 0; i < rounds; i++) {
        for (unsigned b = 0; b < BETWEENS; b++) {
            struct result r = run(w, (enum between)b, length, times, &want);
            speed[b][i] = bytes / r.seconds / 1e6;
            cpu[b][i] = r.cpu / bytes * 1e9;
            same = same && r.same;
        }
        to_direct[i] = speed[TAP][i] / speed[NOTHING][i];
        to_relay[i] = speed[TAP][i] / speed[RELAY][i];
        cpu_ratio[i] = cpu[TAP][i] / cpu[RELAY][i];
    }
    printf("%-36s %7.0f %7.0f %7.0f %7.2f %7.2f %7.2f %7.2f %6.2f   %s\n", w->name,
           median(speed[NOTHING], rounds), median(speed[RELAY], rounds), median(speed[TAP], rounds),
           median(to_direct, rounds), median(to_relay, rounds), median(cpu[RELAY], rounds),
           median(cpu[TAP], rounds), median(cpu_ratio, rounds), same ? "same" : "NOT THE SAME");
    fflush(stdout);
    return same;
}

static void read_options(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--tap") == 0 && i + 1 < argc)
            tap_program = argv[++i];
        else if (strncmp(argv[i], "--mib=", 6) == 0)
            mib = strtoul(argv[i] + 6, NULL, 10);
        else if (strncmp(argv[i], "--only=", 7) == 0)
            only = argv[i] + 7;
        else if (strncmp(argv[i], "--rounds=", 9) == 0)
            rounds = strtoul(argv[i] + 9, NULL, 10);
    }
    if (!tap_program || mib < 8 || rounds < 1 || rounds > ROUNDS_MAX) {
        fprintf(stderr, "usage: bench_tap --tap PROGRAM [--mib=N] [--rounds=N] [--only=WORD]\n");
        exit(2);
    }
}

int main(int argc, char **argv)
{
    static const struct way ways[] = {
        {"64 KiB of Data", 65536, 0, "/dev/null", {NULL}},
        {"... at 1 GB/s", 65536, 1e9, "/dev/null", {NULL}},
        {"... as JSON", 65536, 0, "/dev/null", {"--json", NULL}},
        {"... filtered by kind", 65536, 0, "/dev/null", {"--filter", "kind != Data", NULL}},
        {"4 KiB of Data", 4096, 0, "/dev/null", {NULL}},
        {"100 bytes of Data", 100, 0, "/dev/null", {NULL}},
        {"... filtered by kind", 100, 0, "/dev/null", {"--filter", "kind != Data", NULL}},
    };
    bool same = true;
    read_options(argc, argv);
    signal(SIGPIPE, SIG_IGN);
    printf("%lu MiB a run, median of %lu\n", mib, rounds);
    printf("%-36s %7s %7s %7s %7s %7s %7s %7s %6s   %s\n", "", "direct", "relay", "tap", "tap to",
           "tap to", "CPU of", "CPU of", "ratio", "bytes");
    printf("%-36s %7s %7s %7s %7s %7s %7s %7s\n", "", "MB/s", "MB/s", "MB/s", "direct", "relay",
           "relay", "tap s/GB");
    for (unsigned i = 0; i < sizeof ways / sizeof ways[0]; i++)
        if (strstr(ways[i].name, only))
            same = compare(&ways[i]) && same;
    return same ? 0 : 1;
}
