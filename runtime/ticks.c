/* runtime/ticks.c -- see ticks.h */
#include "runtime/ticks.h"
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define STEADY_NS UINT64_C(10000000) /* 50 ns of doubt in so long are 5 in a million */

uint64_t monotonic_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* ---- the clock ---- */

#if defined __x86_64__
uint64_t ticks_counter(void)
{
    return __builtin_ia32_rdtsc();
}

/* The kernel uses the counter only if it is the same on all cores, and never stands still. */
static bool kernel_trusts_counter(void)
{
    static const char name[] = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
    char text[8] = "";
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    return n > 0 && strcmp(text, "tsc\n") == 0;
}

ticks_clock *ticks_choose(void)
{
    return kernel_trusts_counter() ? ticks_counter : monotonic_ns;
}
#else
ticks_clock *ticks_choose(void)
{
    return monotonic_ns;
}
#endif

/* ---- the scale ---- */

/* What both said at one moment: the best of a few tries, since between two readings a thread may lose its core. */
static void read_both(ticks_clock *ticks, uint64_t *at_ticks, uint64_t *at_ns)
{
    enum { TRIES = 5 };
    uint64_t best = UINT64_MAX;
    for (unsigned i = 0; i < TRIES; i++) {
        uint64_t before = ticks(), ns = monotonic_ns(), took = ticks() - before;
        if (took >= best)
            continue;
        best = took;
        *at_ticks = before + took / 2;
        *at_ns = ns;
    }
}

void tick_scale_begin(struct tick_scale *s, ticks_clock *ticks)
{
    *s = (struct tick_scale){.ticks = ticks == monotonic_ns ? NULL : ticks, .ns_a_tick = TICK_UNIT};
    if (s->ticks)
        read_both(ticks, &s->began_ticks, &s->began_ns);
    s->at_ticks = s->began_ticks;
    s->at_ns = s->began_ns;
}

void tick_scale_note(struct tick_scale *s, uint64_t ticks, uint64_t ns)
{
    bool is_far = ns - s->began_ns >= STEADY_NS;
    if ((s->is_steady && !is_far) || ticks <= s->began_ticks)
        return;
    s->ns_a_tick = (uint64_t)((double)TICK_UNIT * (double)(ns - s->began_ns) /
                              (double)(ticks - s->began_ticks));
    s->at_ticks = ticks;
    s->at_ns = ns;
    if (!is_far)
        return;
    s->is_steady = true;
    s->began_ticks = ticks;
    s->began_ns = ns;
}

void tick_scale_adjust(struct tick_scale *s)
{
    uint64_t ticks, ns;
    if (!s->ticks)
        return;
    read_both(s->ticks, &ticks, &ns);
    tick_scale_note(s, ticks, ns);
}
