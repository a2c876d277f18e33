/* runtime/aside.c -- see aside.h */
#include "runtime/aside.h"
#include <errno.h>
#include <signal.h>
#include <time.h>

static void *run(void *context)
{
    struct aside *a = context;
    a->run(a->context);
    return NULL;
}

int aside_start(struct aside *a, const char *name, void (*work)(void *context), void *context,
                const int *signals)
{
    sigset_t most, before;
    a->run = work;
    a->context = context;
    sem_init(&a->wakes, 0, 0);
    sigfillset(&most);
    for (; *signals; signals++)
        sigdelset(&most, *signals);
    pthread_sigmask(SIG_SETMASK, &most, &before);
    int error = pthread_create(&a->thread, NULL, run, a);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!error)
        (void)pthread_setname_np(a->thread, name);
    return error;
}

void aside_wake(struct aside *a)
{
    sem_post(&a->wakes);
}

void aside_wait(struct aside *a, unsigned ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += (long)(ms % 1000) * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    while (sem_clockwait(&a->wakes, CLOCK_MONOTONIC, &until) && errno == EINTR)
        ;
}

bool aside_is_here(const struct aside *a)
{
    return pthread_equal(pthread_self(), a->thread);
}

void aside_join(struct aside *a)
{
    pthread_join(a->thread, NULL);
    sem_destroy(&a->wakes);
}
