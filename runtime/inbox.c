/* runtime/inbox.c -- see inbox.h; the proofs are in tests/models.
 *
 * Why it is right
 * ---------------
 * The word has these accesses; all that change it are read-modify-writes, so each one sees the
 * value that the one before it left, and the word's history is one line without gaps.
 *
 *     P  push   compare-and-swap, release     T  take    exchange EMPTY, acquire
 *     G  push   the guess before P, relaxed   L  take    the look before T, relaxed
 *     K  park   EMPTY to PARKED, relaxed      C  close   exchange CLOSED, acquire
 *     U  unpark PARKED to EMPTY, relaxed
 *
 * Contents. A producer writes payload and `next`, then P (release). T or C (acquire) reads the
 * word from the last P, yet it takes the nodes of earlier ones too, from other threads. It is
 * ordered after these as well: since the last tag the word was changed by P's only, read-modify-
 * writes all, and so T reads from the release sequence that each of them heads. Acquire and
 * release are enough, for each fact travels through one word, from a writer to one reader.
 *
 * Wakes. K and P are on the same word, so one of them is first. P first: K finds a message and
 * fails, the consumer stays awake. K first: P finds PARKED and says so, to exactly one producer,
 * because P also replaced it. A separate "asleep" flag would need a full fence between two words
 * on both sides (Dekker) and would still wake twice. K and U publish nothing and nothing is read
 * through them: relaxed. The same holds for a P that fails and for G, which P checks.
 *
 * Freshness. L only spares an exchange. It may be late, and then take returns NULL although
 * something has just arrived; the consumer learns of it from K, which cannot be late. When the
 * consumer is parked, its own K stands before L in the history, so L cannot read the EMPTY of
 * before: it reads PARKED or newer and T runs. Hence take after a wake finds the message even if
 * the wake itself carried no ordering. CLOSED is written by the consumer, so L sees it.
 *
 * No ABA. A producer never reads through the word. If the node that G saw was taken, freed and
 * pushed again before P, it is again the newest, and linking to it is right. Take removes all.
 *
 * Close. C is one exchange: a push before it is in what close returns, one after it finds CLOSED,
 * which nothing ever replaces (take looks first, and park and unpark expect something else).
 *
 * Mutations
 * ---------
 * Built with -DMUTATE=n, this file has one of these faults, which the tests must find: a proof
 * that cannot fail proves nothing. The expressions are constant, MUTATE 0 leaves no trace.
 *
 *      1  push publishes relaxed           10  push goes into a closed inbox
 *      2  take reads relaxed               11  take opens a closed inbox again
 *      3  push hides that it displaced     12  close reads relaxed
 *         PARKED: a lost wake              13  push stores, over what came in between
 *      4  park stores, over a message      14  park says yes although a message is there
 *      5  take does not reverse            15  take swaps in two steps
 *      6  push links to the tag            16  unpark stores, over a message
 *      7  push links the wrong end         17  a refused chain keeps the link it had tried
 *      8  close loses what was left        18  take leaves PARKED behind
 *      9  push wakes one who is awake      19  unpark denies that it ended the park
 *
 * A new one goes into this table and into that of tests/models/inbox_relacy.cpp, which runs them.
 */
#include "runtime/inbox.h"
#include <stddef.h>

#ifndef MUTATE
#define MUTATE 0
#endif
#define MUTANT(n, wrong, right) (MUTATE == (n) ? (wrong) : (right))

/* The tags. No node has such an address: nodes are aligned, and page 0 is never mapped. */
#define EMPTY  ((uintptr_t)0)
#define PARKED ((uintptr_t)1)
#define CLOSED ((uintptr_t)2)

static bool word_is_tag(uintptr_t word)
{
    return word <= CLOSED;
}

static struct inbox_node *word_node(uintptr_t word)
{
    return word_is_tag(word) ? NULL : (struct inbox_node *)word;
}

void inbox_create(struct inbox *inbox)
{
    rt_store(&inbox->word, EMPTY, rt_relaxed);
}

/* P. On failure `*old` is what the word holds now. */
static bool push_swap(struct inbox *inbox, uintptr_t *old, struct inbox_node *newest)
{
    if (MUTATE == 13) {
        rt_store(&inbox->word, (uintptr_t)newest, rt_release);
        return true;
    }
    return rt_cas_weak(&inbox->word, old, (uintptr_t)newest, MUTANT(1, rt_relaxed, rt_release));
}

static bool push_woke(uintptr_t old)
{
    if (MUTATE == 3)
        return false;
    return old == PARKED || (MUTATE == 9 && old == EMPTY);
}

enum inbox_pushed inbox_push(struct inbox *inbox, struct inbox_node *newest,
                             struct inbox_node *oldest)
{
    uintptr_t old = rt_load(&inbox->word, rt_relaxed);

    do {
        if (old == CLOSED && MUTATE != 10) {
            rt_set(oldest->next, MUTANT(17, rt_get(oldest->next), NULL));
            return INBOX_CLOSED;
        }
        rt_set(MUTANT(7, newest, oldest)->next,
               MUTANT(6, (struct inbox_node *)old, word_node(old)));
    } while (!push_swap(inbox, &old, newest));
    return push_woke(old) ? INBOX_WOKE : INBOX_PUSHED;
}

/* The list is built from the newest down; handling begins with the oldest. */
static struct inbox_node *oldest_first(struct inbox_node *newest)
{
    struct inbox_node *first = NULL;

    while (newest) {
        struct inbox_node *older = rt_get(newest->next);
        rt_set(newest->next, first);
        first = newest;
        newest = older;
    }
    return first;
}

/* T. `seen` is what L saw, which T does not trust. */
static uintptr_t take_swap(struct inbox *inbox, uintptr_t seen)
{
    if (MUTATE == 15) {
        rt_store(&inbox->word, EMPTY, rt_release);
        return seen;
    }
    return rt_exchange(&inbox->word, MUTANT(18, PARKED, EMPTY), MUTANT(2, rt_relaxed, rt_acquire));
}

struct inbox_node *inbox_take(struct inbox *inbox)
{
    uintptr_t word = rt_load(&inbox->word, rt_relaxed);

    if (word == EMPTY || (word == CLOSED && MUTATE != 11))
        return NULL; /* without an exchange: an idle look does not pull the line from a producer */
    word = take_swap(inbox, word);
    return MUTANT(5, word_node(word), oldest_first(word_node(word)));
}

bool inbox_park(struct inbox *inbox)
{
    uintptr_t old = EMPTY;

    if (MUTATE == 4) {
        rt_store(&inbox->word, PARKED, rt_relaxed);
        return true;
    }
    if (rt_cas_strong(&inbox->word, &old, PARKED, rt_relaxed))
        return true;
    assert(!word_is_tag(old)); /* parked twice, or closed: it would sleep for ever */
    return MUTANT(14, true, false);
}

bool inbox_unpark(struct inbox *inbox)
{
    uintptr_t old = PARKED;

    if (MUTATE == 16) {
        rt_store(&inbox->word, EMPTY, rt_relaxed);
        return true;
    }
    return rt_cas_strong(&inbox->word, &old, EMPTY, rt_relaxed) && MUTATE != 19;
}

struct inbox_node *inbox_close(struct inbox *inbox)
{
    uintptr_t word = rt_exchange(&inbox->word, CLOSED, MUTANT(12, rt_relaxed, rt_acquire));

    return MUTANT(8, NULL, oldest_first(word_node(word)));
}
