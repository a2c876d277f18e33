/* runtime/ticks.h -- a clock for those who ask it millions of times a second.
 *
 * Purpose  a call is timed by what costs less than the call: the processor's counter, where the kernel itself
 *          takes the time from it; else the monotonic clock. What it says are *ticks*; struct tick_scale makes
 *          nanoseconds of them, later and elsewhere.
 * Thread   the clock: any, and signal handlers. A scale: one at a time.
 * Units    ticks; nanoseconds of CLOCK_MONOTONIC.
 */
#ifndef RUNTIME_TICKS_H
#define RUNTIME_TICKS_H

#include <stdbool.h>
#include <stdint.h>

uint64_t monotonic_ns(void);

/* The cheapest clock of this machine that counts in step with monotonic_ns on all cores. */
typedef uint64_t ticks_clock(void);
ticks_clock *ticks_choose(void);
#if defined __x86_64__
ticks_clock ticks_counter; /* the processor's */
static inline uint64_t ticks_now(ticks_clock *clock)
{
    return clock == ticks_counter ? __builtin_ia32_rdtsc() : clock();
}
#else
static inline uint64_t ticks_now(ticks_clock *clock)
{
    return clock();
}
#endif

/* A fixed point: numbers of both kinds would be turned into each other twice a record, which takes longer. */
enum { TICK_BITS = 40 };
#define TICK_UNIT (UINT64_C(1) << TICK_BITS)

/* A line through what both clocks said at two moments. What lies between these is off by no more than it takes to
 * read a clock; what lies beyond, by that much for each stretch of the same length. */
struct tick_scale {
    ticks_clock *ticks; /* NULL: ticks are nanoseconds */
    uint64_t began_ticks, began_ns;
    uint64_t at_ticks, at_ns;
    uint64_t ns_a_tick; /* times TICK_UNIT */
    bool is_steady;     /* the two moments are far enough from each other */
};

void tick_scale_begin(struct tick_scale *s, ticks_clock *ticks);
/* Both clocks are read again. To be called every now and then, before what was timed meanwhile is converted. */
void tick_scale_adjust(struct tick_scale *s);
/* ... with what they said. */
void tick_scale_note(struct tick_scale *s, uint64_t ticks, uint64_t ns);
static inline uint64_t tick_scale_ns(const struct tick_scale *s, uint64_t ticks)
{
    if (!s->ticks)
        return ticks;
    __extension__ typedef __int128 wide;
    wide units = (wide)(int64_t)(ticks - s->at_ticks) * (wide)s->ns_a_tick;
    return s->at_ns + (uint64_t)(int64_t)(units >> TICK_BITS);
}

#endif
