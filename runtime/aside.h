/* runtime/aside.h -- one thread beside the workers, that waits and is woken.
 *
 * Purpose  what must not hold up a worker, and is no actor: the recorder's writing. It hears no signals but those
 *          that it is told to let through, so that signals go to the workers as if it were not there.
 * Owner    whoever calls aside_start, until aside_join.
 * Thread   aside_wake: any, and signal handlers. aside_wait: its own. The rest: the owner's.
 * Errors   an errno.
 */
#ifndef RUNTIME_ASIDE_H
#define RUNTIME_ASIDE_H

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>

struct aside {
    pthread_t thread;
    sem_t wakes;
    void (*run)(void *context);
    void *context;
};

/* The name is for ps and top. `signals` are let through; 0 ends them. */
int aside_start(struct aside *a, const char *name, void (*run)(void *context), void *context,
                const int *signals);
void aside_wake(struct aside *a);
/* Until it is woken, or so long. */
void aside_wait(struct aside *a, unsigned ms);
/* This is it. */
bool aside_is_here(const struct aside *a);
void aside_join(struct aside *a);

#endif
