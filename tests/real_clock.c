/* tests/real_clock.c -- the C library's clocks, guarded: reading them while a sim steps ends the test.
 *
 * These stand in front of the library's functions, for the program and for the libraries that it uses.
 * An actor that reads the real clock would make a run that no seed can repeat.
 */
#include "runtime/sim.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static void refuse(const char *name)
{
    if (!sim_is_running())
        return;
    fprintf(stderr, "%s: the real clock was read in deterministic mode\n", name);
    abort();
}

int clock_gettime(clockid_t id, struct timespec *into)
{
    refuse("clock_gettime");
    return (int)syscall(SYS_clock_gettime, id, into);
}

int gettimeofday(struct timeval *restrict into, void *restrict zone)
{
    refuse("gettimeofday");
    return (int)syscall(SYS_gettimeofday, into, zone);
}

time_t time(time_t *into)
{
    struct timeval now;
    refuse("time");
    (void)syscall(SYS_gettimeofday, &now, NULL);
    if (into)
        *into = now.tv_sec;
    return now.tv_sec;
}
