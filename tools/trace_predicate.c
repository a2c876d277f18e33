/* tools/trace_predicate.c -- see trace_predicate.h */
#include "tools/trace_predicate.h"
#include "actors/exit_codes.h"
#include "runtime/heap.h"
#include "runtime/ticks.h"
#include "tools/trace_two.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CANNOT_RUN = 126, NOT_FOUND = 127, POLL_NS = 1000000 };

static volatile sig_atomic_t asked_to_end;

static void on_signal(int number)
{
    (void)number;
    asked_to_end = 1;
}

bool trace_predicate_late(const struct trace_predicate *p)
{
    return asked_to_end || monotonic_ns() >= p->deadline_ns;
}

/* ---- the file that is tried ------------------------------------------------------------------ */

static bool say(const char *name)
{
    fprintf(stderr, "intproxy-trace: %s: %s\n", name, strerror(errno));
    return false;
}

bool trace_predicate_begin(struct trace_predicate *p)
{
    const char *directory = getenv("TMPDIR");
    int n = snprintf(p->path, sizeof p->path, "%s/intproxy-trace-XXXXXX",
                     directory && *directory && strlen(directory) < 32 ? directory : P_tmpdir);
    int fd = n > 0 ? mkstemp(p->path) : -1;
    if (fd < 0)
        return say(p->path);
    close(fd);
    p->status = EXIT_IO;
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    return true;
}

void trace_predicate_end(struct trace_predicate *p)
{
    unlink(p->path);
    free(p->signature);
}

/* Made anew: a command may have moved or changed the last one. */
static bool put(const struct trace_predicate *p, const void *bytes, size_t length)
{
    unlink(p->path);
    int fd = open(p->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return say(p->path);
    for (const char *at = bytes; length;) {
        ssize_t n = write(fd, at, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            say(p->path);
            close(fd);
            return false;
        }
        at += n;
        length -= (size_t)n;
    }
    close(fd);
    return true;
}

/* ---- programs -------------------------------------------------------------------------------- */

/* What it says goes to `out`, which is kept small: a pipe must hold it. */
static void become_child(int out)
{
    int null = open("/dev/null", O_RDWR);
    setpgid(0, 0);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    if (null < 0)
        _exit(CANNOT_RUN);
    dup2(null, STDIN_FILENO);
    dup2(out < 0 ? null : out, STDOUT_FILENO);
    dup2(null, STDERR_FILENO);
}

/* Its whole group, as a shell has children. */
static int wait_for(const struct trace_predicate *p, pid_t child, enum predicate_answer *late)
{
    int status;
    pid_t ended;
    while ((ended = waitpid(child, &status, WNOHANG)) == 0) {
        if (trace_predicate_late(p)) {
            *late = PREDICATE_LATE;
            kill(-child, SIGKILL);
            waitpid(child, &status, 0);
            return -1;
        }
        nanosleep(&(struct timespec){0, POLL_NS}, NULL);
    }
    return ended == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Its exit status; -1: it was killed. out -1: what it says is of no interest, its end is. */
static int run(const struct trace_predicate *p, const char *file, char *const *arguments, int out,
               enum predicate_answer *answer)
{
    pid_t child = fork();
    if (child < 0) {
        say("fork");
        *answer = PREDICATE_ERROR;
        return -1;
    }
    if (child == 0) {
        become_child(out);
        execv(file, arguments);
        _exit(errno == ENOENT ? NOT_FOUND : CANNOT_RUN);
    }
    setpgid(child, child);
    return wait_for(p, child, answer);
}

/* {} is the file's name; if there is none, it comes last. */
static char *command_of(const struct trace_predicate *p)
{
    size_t room = strlen(p->text) + 2, length = 0;
    for (const char *at = p->text; (at = strstr(at, "{}")); at += 2)
        room += strlen(p->path);
    char *out = malloc(room + strlen(p->path) + 1);
    if (!out)
        heap_exhausted("a command", room);
    const char *from = p->text, *mark = strstr(from, "{}");
    if (!mark)
        sprintf(out, "%s %s", p->text, p->path);
    for (; mark; from = mark + 2, mark = strstr(from, "{}"))
        length += (size_t)sprintf(out + length, "%.*s%s", (int)(mark - from), from, p->path);
    if (length)
        strcpy(out + length, from);
    return out;
}

static enum predicate_answer ask_command(const struct trace_predicate *p)
{
    enum predicate_answer answer = PREDICATE_FINE;
    char *command = command_of(p), shell[] = "sh", option[] = "-c";
    int status = run(p, "/bin/sh", (char *[]){shell, option, command, NULL}, -1, &answer);
    free(command);
    if (status == NOT_FOUND || status == CANNOT_RUN) {
        fprintf(stderr, "intproxy-trace: --while: the command cannot be run: %s\n", p->text);
        return PREDICATE_ERROR;
    }
    return status == 0 ? PREDICATE_FAILS_STILL : answer;
}

/* ---- replay ---------------------------------------------------------------------------------- */

/* Runs it, and keeps what it says. */
static int run_replay(struct trace_predicate *p, enum predicate_answer *answer)
{
    char name[] = "intproxy-trace", command[] = "replay";
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
        say("pipe");
        *answer = PREDICATE_ERROR;
        return -1;
    }
    int status =
        run(p, "/proc/self/exe", (char *[]){name, command, p->path, NULL}, ends[1], answer);
    ssize_t n = read(ends[0], p->said, sizeof p->said - 1);
    p->said[n > 0 ? n : 0] = '\0';
    close(ends[0]);
    close(ends[1]);
    return status;
}

/* "diverged: TYPE/REF ..., at record N, its message M: WHAT", without the number of the record, which changes when
 * others are left out. NULL: it did not diverge. */
static char *divergence(char *said)
{
    char *line = strstr(said, "diverged: "), *record, *rest;
    if (!line || (line != said && line[-1] != '\n'))
        return NULL;
    line[strcspn(line, "\n")] = '\0';
    record = strstr(line, ", at record ");
    rest = record ? strchr(record + 1, ',') : NULL;
    if (rest)
        memmove(record, rest, strlen(rest) + 1);
    return line;
}

static enum predicate_answer ask_replay(struct trace_predicate *p)
{
    enum predicate_answer answer = PREDICATE_FINE;
    int status = run_replay(p, &answer);
    char *line = status == 1 ? divergence(p->said) : NULL;
    if (status == EXIT_USAGE) {
        fprintf(stderr, "intproxy-trace: --replay: `intproxy-trace replay FILE` cannot be run\n");
        return PREDICATE_ERROR;
    }
    if (!line)
        return answer;
    if (!p->signature && !(p->signature = strdup(line)))
        heap_exhausted("a divergence", strlen(line));
    return strcmp(p->signature, line) == 0 ? PREDICATE_FAILS_STILL : answer;
}

/* ---- another trace --------------------------------------------------------------------------- */

static const char *text(const char *t)
{
    return t ? t : "-";
}

/* What makes a difference this one: not where it stands, but what it is about. */
static char *signature_of(const struct unit_result *u, const struct trace_difference *d)
{
    const struct trace_unit *x = u->a;
    char *out;
    int n =
        d ? asprintf(&out, "%d %s %s %s %s>%s %s %s %s %s", (int)d->kind, text(x->actor),
                     text(x->method), text(x->target), d->pair.from, d->pair.to, text(d->item),
                     text(d->name), text(d->a), text(d->b))
          : asprintf(&out, "only in A %s %s %s", text(x->actor), text(x->method), text(x->target));
    if (n < 0)
        heap_exhausted("a difference", 0);
    return out;
}

static bool has_signature(const struct unit_result *u, const struct trace_difference *d,
                          const char *wanted)
{
    char *signature = signature_of(u, d);
    bool same = strcmp(signature, wanted) == 0;
    free(signature);
    return same;
}

/* That something is in the other trace alone is no difference of this one: taking away makes more of them. */
static bool counts(const struct unit_result *u, const struct trace_difference *d)
{
    if (!d)
        return u->verdict == UNIT_ONLY_A;
    return d->weight == UNIT_DIFFERENT && d->kind != DIFFERENCE_EXTRA;
}

/* The first difference at first; from then on, whether it is there. */
static bool find(struct trace_predicate *p, const struct unit_result *u,
                 const struct trace_difference *d)
{
    if (!counts(u, d))
        return false;
    if (!p->signature)
        p->signature = signature_of(u, d);
    return has_signature(u, d, p->signature);
}

static bool differs(struct trace_predicate *p, const struct trace_comparison *c)
{
    for (size_t i = 0; i < c->count; i++) {
        const struct unit_result *u = &c->units[i];
        if (u->a && find(p, u, NULL))
            return true;
        for (size_t n = 0; u->a && n < u->count; n++)
            if (find(p, u, &u->differences[n]))
                return true;
    }
    return false;
}

/* There is something in it to compare with; else it is said why not. */
static bool can_compare(struct trace_predicate *p, const struct trace_two *two)
{
    int status = two->damage[1].status;
    if (status != EXIT_IO && two->units[1]->records)
        return true;
    if (!status)
        fprintf(stderr, "intproxy-trace: %s: a trace without records\n", p->text);
    p->status = status ? status : EXIT_DATA;
    return false;
}

/* What is wrong with the other trace is said once. */
static enum predicate_answer ask_diff(struct trace_predicate *p)
{
    enum predicate_answer answer = PREDICATE_ERROR;
    struct trace_two two;
    if (trace_predicate_late(p))
        return PREDICATE_LATE;
    trace_two_read(&two, p->path, p->text, 0, p->signature != NULL);
    if (can_compare(p, &two))
        answer =
            two.comparison && differs(p, two.comparison) ? PREDICATE_FAILS_STILL : PREDICATE_FINE;
    trace_two_free(&two);
    return answer;
}

enum predicate_answer trace_predicate_ask(struct trace_predicate *p, const void *bytes,
                                          size_t length)
{
    if (!put(p, bytes, length))
        return PREDICATE_ERROR;
    switch (p->kind) {
    case PREDICATE_COMMAND: return ask_command(p);
    case PREDICATE_DIFF: return ask_diff(p);
    default: return ask_replay(p);
    }
}
