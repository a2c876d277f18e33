/* messages/filter_nearest.c -- which word was meant by one that is not known; see filter.h */
#include "messages/filter.h"
#include <string.h>

enum { WORD_MAX = 64, STEPS_MAX = 3 };

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 32) : c;
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Letters to change, leave out, put in, or swap with their neighbour. */
static unsigned distance(const char *a, size_t n, const char *b, size_t m)
{
    unsigned rows[3][WORD_MAX + 1];
    for (unsigned j = 0; j <= m; j++)
        rows[0][j] = j;
    for (unsigned i = 1; i <= n; i++) {
        unsigned *row = rows[i % 3], *above = rows[(i - 1) % 3], *second = rows[(i + 1) % 3];
        row[0] = i;
        for (unsigned j = 1; j <= m; j++) {
            bool same = lower(a[i - 1]) == lower(b[j - 1]);
            row[j] = least(above[j - 1] + !same, least(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                lower(a[i - 2]) == lower(b[j - 1]))
                row[j] = least(row[j], second[j - 2] + 1);
        }
    }
    return rows[n % 3][m];
}

/* A word that was begun, or one that is less than half wrong. */
const char *filter_nearest(const char *written, size_t length, const char *const *words,
                           unsigned count)
{
    const char *best = NULL;
    unsigned fewest = least(STEPS_MAX, (unsigned)length / 2);
    if (length == 0 || length > WORD_MAX)
        return NULL;
    for (unsigned i = 0; i < count; i++) {
        size_t n = strlen(words[i]);
        unsigned steps = n > WORD_MAX ? WORD_MAX : distance(written, length, words[i], n);
        if (length >= 3 && n > length && strncmp(written, words[i], length) == 0)
            steps = 1;
        if (steps <= fewest && (!best || steps < fewest)) {
            best = words[i];
            fewest = steps;
        }
    }
    return best;
}
