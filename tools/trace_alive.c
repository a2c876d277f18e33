/* tools/trace_alive.c -- see trace_alive.h */
#include "tools/trace_alive.h"
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A process began before its trace; its beginning is known to a hundredth of a second. */
#define SLACK_NS UINT64_C(1000000000)

static uint64_t clock_of(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* Of /proc/PID/stat: the state, and the ticks between the machine's start and the process's. False: not known. */
static bool read_stat(uint32_t process, char *state, uint64_t *ticks)
{
    char name[40], line[1024];
    snprintf(name, sizeof name, "/proc/%" PRIu32 "/stat", process);
    FILE *f = fopen(name, "re");
    const char *read = f ? fgets(line, sizeof line, f) : NULL;
    if (f)
        fclose(f);
    const char *behind_name = read ? strrchr(line, ')') : NULL;
    return behind_name && sscanf(behind_name,
                                 ") %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d "
                                 "%*d %*d %*d %" SCNu64,
                                 state, ticks) == 2;
}

/* As the trace's clock would have said it, which stands still while the machine sleeps; or earlier. */
static uint64_t began_ns(uint64_t ticks)
{
    uint64_t awake = clock_of(CLOCK_MONOTONIC); /* first: the other is never behind it */
    uint64_t slept = clock_of(CLOCK_BOOTTIME) - awake;
    uint64_t began = ticks * (1000000000 / (uint64_t)sysconf(_SC_CLK_TCK));
    return began > slept ? began - slept : 0;
}

bool trace_program_is_gone(const struct trace_about *a)
{
    char state;
    uint64_t ticks;
    if (a->process == 0 || a->process > INT_MAX)
        return false;
    if (kill((pid_t)a->process, 0) != 0 && errno == ESRCH)
        return true;
    if (!read_stat(a->process, &state, &ticks))
        return false;
    return state == 'Z' || state == 'X' || began_ns(ticks) > a->clock_ns + SLACK_NS;
}
