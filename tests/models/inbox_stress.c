/* tests/models/inbox_stress.c -- the inbox between real threads, under the thread sanitizer.
 *
 * usage: inbox_stress [--messages=N]
 *
 * Two producers and the consumer, three threads on the cores that there are, then all of them on
 * one core: a thread that loses its core in the middle of a push is what finds a half-linked state.
 * The consumer sleeps on an eventfd, as a worker does in its loop, and now and then is up for
 * another reason. Counted, not timed: N messages a producer and phase (400000).
 *
 *     windowed   1024 messages of a producer are on their way at most: the inbox is seldom empty
 *     parking    2 messages: nearly each one parks and wakes the consumer
 *     closing    many short lives: the inbox is closed under the producers, what they keep is
 *                counted against what arrived
 *
 * Checked: order and sum per producer, nodes reused as soon as they were handled, each park ended
 * by exactly one wake or by the consumer, and whatever the sanitizer says.
 */
#include "runtime/inbox.h"
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define PRODUCERS        2
#define WINDOW_MAX       1024
#define MESSAGES_DEFAULT 400000
#define STALL_S          120 /* a phase of MESSAGES_DEFAULT; of more, longer */

/* Not assert(): the check must stay when a build defines NDEBUG, and name what it saw. */
#define MUST(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "inbox_stress: %s:%d: %s\n", __FILE__, __LINE__, #condition);          \
            _exit(1);                                                                              \
        }                                                                                          \
    } while (0)

struct letter {
    struct inbox_node node; /* first: a node is a letter */
    uint64_t number;        /* written before the push, read after the take: the sanitizer's bait */
    unsigned sender;
};

struct producer {
    struct post *post;
    pthread_t thread;
    unsigned self;
    unsigned window;        /* letters that may be on their way */
    uint64_t count;         /* letters to send */
    uint64_t sent, bounced; /* the outcome, read after the join */
    uint64_t woke;
    struct letter letters[WINDOW_MAX];
    _Alignas(64) _Atomic uint64_t handled; /* by the consumer; frees the letters for use again */
};

struct post {
    struct inbox inbox;
    int bell; /* eventfd: its value is the number of wakes that were not heard yet */
    struct producer producers[PRODUCERS];
    uint64_t parks, undone, heard;
    uint64_t next[PRODUCERS]; /* the number that must come next */
    uint64_t seed;
};

static uint64_t random_next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void ring(struct producer *p)
{
    uint64_t one = 1;
    p->woke++;
    MUST(write(p->post->bell, &one, sizeof one) == sizeof one);
}

static void post_hear(struct post *post)
{
    uint64_t wakes;
    MUST(read(post->bell, &wakes, sizeof wakes) == sizeof wakes);
    MUST(wakes == 1); /* a park has one wake, and each is heard before the next park */
    post->heard++;
}

/* Links letters first .. first + n - 1 and pushes them at once. False: bounced. */
static bool send_chain(struct producer *p, uint64_t first, unsigned n)
{
    struct inbox_node *oldest = NULL, *newest = NULL;
    for (uint64_t number = first; number < first + n; number++) {
        struct letter *letter = &p->letters[number % p->window];
        letter->number = number;
        letter->sender = p->self;
        letter->node.next = newest;
        newest = &letter->node;
        if (!oldest)
            oldest = newest;
    }
    switch (inbox_push(&p->post->inbox, newest, oldest)) {
    case INBOX_WOKE: ring(p); return true;
    case INBOX_PUSHED: return true;
    case INBOX_CLOSED: MUST(oldest->next == NULL); return false;
    }
    return false;
}

static void *produce(void *argument)
{
    struct producer *p = argument;
    uint64_t seed = 0x9e3779b97f4a7c15u + p->self;
    while (p->sent < p->count) {
        uint64_t room = p->window - (p->sent - atomic_load_explicit(&p->handled, rt_acquire));
        unsigned n = 1 + (unsigned)(random_next(&seed) % 4);
        if (n > p->count - p->sent)
            n = (unsigned)(p->count - p->sent);
        if (n > p->window)
            n = p->window;
        if (room < n) {
            sched_yield();
            continue;
        }
        if (!send_chain(p, p->sent, n)) {
            p->bounced = p->count - p->sent; /* what was never sent counts as kept, too */
            break;
        }
        p->sent += n;
    }
    return NULL;
}

static uint64_t handle(struct post *post, struct inbox_node *list)
{
    uint64_t handled = 0;
    while (list) {
        struct letter *letter = (struct letter *)list;
        MUST(letter->sender < PRODUCERS);
        struct producer *from = &post->producers[letter->sender];
        list = list->next;
        MUST(letter->number == post->next[letter->sender]);
        post->next[letter->sender]++;
        handled++;
        /* from here on the producer writes this letter again */
        atomic_store_explicit(&from->handled, post->next[from->self], rt_release);
    }
    return handled;
}

/* One park of the consumer, however it ends; what could be taken after it. */
static struct inbox_node *park_and_take(struct post *post)
{
    struct inbox_node *list;
    if (!inbox_park(&post->inbox)) {
        list = inbox_take(&post->inbox);
        MUST(list);
        return list;
    }
    post->parks++;
    uint64_t why = random_next(&post->seed) % 8;
    if (why == 0 && inbox_unpark(&post->inbox)) {
        post->undone++;
        return inbox_take(&post->inbox);
    }
    if (why == 1) {
        list = inbox_take(&post->inbox);
        if (list)
            post_hear(post);
        else
            post->undone++;
        return list;
    }
    post_hear(post);
    list = inbox_take(&post->inbox);
    MUST(list);
    return list;
}

static void post_start(struct post *post, unsigned window, uint64_t count)
{
    memset(post, 0, sizeof *post);
    inbox_create(&post->inbox);
    post->seed = 88172645463325252u;
    post->bell = eventfd(0, 0);
    MUST(post->bell >= 0);
    for (unsigned i = 0; i < PRODUCERS; i++) {
        struct producer *p = &post->producers[i];
        p->post = post;
        p->self = i;
        p->window = window;
        p->count = count;
        MUST(pthread_create(&p->thread, NULL, produce, p) == 0);
    }
}

/* Joins, then checks that letters and wakes add up. Wakes that close left unheard are in the bell:
 * none, or the one of the last park. */
static void post_finish(struct post *post)
{
    uint64_t woke = 0;
    for (unsigned i = 0; i < PRODUCERS; i++) {
        struct producer *p = &post->producers[i];
        MUST(pthread_join(p->thread, NULL) == 0);
        MUST(p->sent == post->next[i]);
        MUST(p->sent + p->bounced == p->count);
        woke += p->woke;
    }
    MUST(post->parks == post->undone + woke);
    MUST(woke == post->heard || woke == post->heard + 1);
    close(post->bell);
}

static void run_flow(struct post *post, const char *name, unsigned window, uint64_t count)
{
    uint64_t handled = 0;
    post_start(post, window, count);
    while (handled < PRODUCERS * count)
        handled += handle(post, park_and_take(post));
    post_finish(post);
    MUST(post->heard + post->undone == post->parks);
    printf("  %-9s %9" PRIu64 " messages %8" PRIu64 " parks %8" PRIu64 " wakes\n", name, handled,
           post->parks, post->heard);
}

static uint64_t run_life(struct post *post, uint64_t lives)
{
    post_start(post, 64, 400);
    uint64_t turns = lives % 7;
    uint64_t handled = 0;
    while (turns-- && handled < PRODUCERS * 400)
        handled += handle(post, park_and_take(post));
    bool parked = lives % 3 == 0 && inbox_park(&post->inbox);
    struct inbox_node *left = inbox_close(&post->inbox);
    if (parked) {
        post->parks++;
        post->undone += left == NULL;
    }
    handle(post, left);
    MUST(inbox_take(&post->inbox) == NULL);
    /* the producers may wait for room or find it closed: both end, for all was handled */
    post_finish(post);
    return post->producers[0].bounced + post->producers[1].bounced;
}

static void run_closing(struct post *post, uint64_t lives)
{
    uint64_t bounced = 0;
    for (uint64_t i = 0; i < lives; i++)
        bounced += run_life(post, i);
    printf("  %-9s %9" PRIu64 " lives    %8" PRIu64 " bounced\n", "closing", lives, bounced);
    MUST(bounced > 0); /* else nothing was closed in time and this phase says nothing */
}

/* A lost wake sleeps for ever: the signal ends it as a failure. */
static void guard(uint64_t messages)
{
    alarm((unsigned)(STALL_S * (1 + messages / MESSAGES_DEFAULT)));
}

static void run_phases(struct post *post, uint64_t messages)
{
    guard(messages);
    run_flow(post, "windowed", WINDOW_MAX, messages);
    guard(messages);
    run_flow(post, "parking", 2, messages / 10);
    guard(messages);
    run_closing(post, messages / 500);
}

static void pin_to_one_core(void)
{
    cpu_set_t usable, one;
    CPU_ZERO(&one);
    MUST(sched_getaffinity(0, sizeof usable, &usable) == 0);
    for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &usable)) {
            CPU_SET(cpu, &one);
            break;
        }
    MUST(sched_setaffinity(0, sizeof one, &one) == 0); /* threads made from here on inherit it */
}

int main(int argc, char **argv)
{
    static struct post post;
    uint64_t messages = MESSAGES_DEFAULT;
    if (argc == 2 && strncmp(argv[1], "--messages=", 11) == 0)
        messages = strtoull(argv[1] + 11, NULL, 10);
    else if (argc > 1)
        messages = 0;
    if (messages < 500) {
        fprintf(stderr, "usage: inbox_stress [--messages=N], at least 500\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("inbox_stress: three threads, all cores\n");
    run_phases(&post, messages);
    pin_to_one_core();
    printf("inbox_stress: three threads, one core\n");
    run_phases(&post, messages);
    printf("inbox_stress: holds\n");
    return 0;
}
