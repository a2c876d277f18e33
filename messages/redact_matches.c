/* messages/redact_matches.c -- see redact_matches.h */
#include "messages/redact_matches.h"

static void make_room(struct redact_matches *m)
{
    if (m->first > m->room / 2) {
        memmove(m->at, m->at + m->first, (m->count - m->first) * sizeof *m->at);
        m->count -= m->first;
        m->first = 0;
        return;
    }
    m->room = m->room ? m->room * 2 : 4;
    m->at = redact_grown(m->at, m->room * sizeof *m->at);
}

void redact_matches_add(struct redact_matches *m, uint64_t begin, uint64_t end, uint32_t text)
{
    while (m->count > m->first && m->at[m->count - 1].begin >= begin)
        m->count--;
    if (m->count == m->room)
        make_room(m);
    m->at[m->count++] = (struct redact_match){begin, end, text};
}

bool redact_matches_next(struct redact_matches *m, uint64_t needed, struct redact_match *next,
                         uint64_t *own)
{
    if (m->first == m->count || m->at[m->first].begin >= needed)
        return false;
    *next = m->at[m->first++];
    *own = next->begin > m->settled ? next->begin : m->settled;
    m->settled = next->end;
    if (m->first == m->count)
        m->first = m->count = 0;
    return true;
}

void redact_matches_free(struct redact_matches *m)
{
    free(m->at);
    *m = (struct redact_matches){0};
}
