/* messages/trace_followers.c -- see trace_followers.h */
#include "messages/trace_followers.h"
#include "messages/trace_grow.h"

/* One that followed another one. */
struct following {
    unsigned turn, other;
    uint32_t alike, others_alike;
};

/* When a turn began, or ended, in the play. */
struct moment {
    uint32_t alike;
    uint64_t at; /* NEVER: it did not */
};
static const uint64_t NEVER = UINT64_MAX;

/* A turn and where it stands among those of its client. */
struct standing {
    uint32_t client;
    unsigned turn;
    uint64_t began;
};

static void *array_of(unsigned count, size_t size)
{
    void *array = calloc(count ? count : 1, size);
    if (!array)
        heap_exhausted("the order of a trace", count * size);
    return array;
}

/* ---- the recording ---- */

static int by_client(const void *a, const void *b)
{
    const struct standing *x = a, *y = b;
    if (x->client != y->client)
        return x->client < y->client ? -1 : 1;
    if (x->began != y->began)
        return x->began < y->began ? -1 : 1;
    return x->turn < y->turn ? -1 : x->turn > y->turn;
}

static int by_sorts(const void *a, const void *b)
{
    const struct following *x = a, *y = b;
    if (x->alike != y->alike)
        return x->alike < y->alike ? -1 : 1;
    return x->others_alike < y->others_alike ? -1 : x->others_alike > y->others_alike;
}

/* All of them, by sorts; malloc's. */
static struct following *followings(const struct trace_turn *turns,
                                    const struct trace_follower *who, unsigned count,
                                    unsigned *found)
{
    struct standing *all = array_of(count, sizeof *all);
    struct following *list = array_of(count, sizeof *list);
    *found = 0;
    for (unsigned i = 0; i < count; i++)
        all[i] = (struct standing){who[i].client, i, turns[i].began};
    qsort(all, count, sizeof *all, by_client);
    for (unsigned i = 1; i < count; i++) {
        unsigned turn = all[i].turn, before = all[i - 1].turn;
        if (all[i].client && all[i].client == all[i - 1].client &&
            turns[before].ended <= turns[turn].began)
            list[(*found)++] = (struct following){turn, before, who[turn].alike, who[before].alike};
    }
    qsort(list, *found, sizeof *list, by_sorts);
    free(all);
    return list;
}

/* ---- the play ---- */

static int by_moment(const void *a, const void *b)
{
    const struct moment *x = a, *y = b;
    if (x->alike != y->alike)
        return x->alike < y->alike ? -1 : 1;
    return x->at < y->at ? -1 : x->at > y->at;
}

static struct moment *moments(const struct trace_turn *turns, const struct trace_follower *who,
                              unsigned count, bool ends)
{
    struct moment *all = array_of(count, sizeof *all);
    for (unsigned i = 0; i < count; i++) {
        uint64_t live = ends ? turns[i].live_ended : turns[i].live_began;
        all[i] = (struct moment){who[i].alike, live ? live : NEVER};
    }
    qsort(all, count, sizeof *all, by_moment);
    return all;
}

/* How many moments lie before this one. */
static unsigned moments_before(const struct moment *all, unsigned count, uint32_t alike,
                               uint64_t at)
{
    struct moment key = {alike, at};
    unsigned low = 0, high = count;
    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        if (by_moment(&all[middle], &key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Of one sort: how many there are at or behind `from` and before `to`. */
static unsigned moments_in(const struct moment *all, unsigned count, uint32_t alike, uint64_t from,
                           uint64_t to)
{
    return moments_before(all, count, alike, to) - moments_before(all, count, alike, from);
}

static unsigned all_of(const struct moment *all, unsigned count, uint32_t alike)
{
    return moments_before(all, count, alike + 1, 0) - moments_before(all, count, alike, 0);
}

/* ---- both ---- */

/* `same` of the turns like this one follow one like that. */
static bool came_too_early(const struct following *f, unsigned same, const struct trace_turn *turns,
                           const struct moment *begins, const struct moment *ends, unsigned count)
{
    uint64_t now = turns[f->turn].live_began;
    if (!now)
        return false;
    unsigned begun = moments_in(begins, count, f->alike, 0, now + 1);
    unsigned others = all_of(begins, count, f->alike) - same;
    unsigned answered = moments_in(ends, count, f->others_alike, 0, now);
    unsigned never =
        all_of(ends, count, f->others_alike) - moments_in(ends, count, f->others_alike, 0, NEVER);
    return begun > others + answered + never;
}

void trace_followers_judge(const struct trace_turn *turns, const struct trace_follower *who,
                           unsigned count, unsigned *out)
{
    unsigned found, end;
    struct following *list = followings(turns, who, count, &found);
    struct moment *begins = moments(turns, who, count, false);
    struct moment *ends = moments(turns, who, count, true);
    for (unsigned i = 0; i < count; i++)
        out[i] = i;
    for (unsigned i = 0; i < found; i = end) {
        for (end = i + 1; end < found && by_sorts(&list[i], &list[end]) == 0; end++)
            ;
        for (unsigned k = i; k < end; k++)
            if (came_too_early(&list[k], end - i, turns, begins, ends, count))
                out[list[k].turn] = list[k].other;
    }
    free(list);
    free(begins);
    free(ends);
}
