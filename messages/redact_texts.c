/* messages/redact_texts.c -- see redact_texts.h */
#include "messages/redact_texts.h"
#include "messages/hex.h"
#include "messages/redact_key.h"
#include <stdio.h>

enum { ATTEMPTS_MAX = 1000, ATTEMPTS_UNUSED = 200, NUMBERS_ROOM = 64 };

struct used {
    UT_hash_handle hh;
    uint8_t bytes[];
};

struct redact_texts {
    struct redact_key key;
    struct redact_text *all; /* by their bytes */
    struct redact_text **numbers;
    uint32_t count, room;
    struct redact_bytes kept; /* what must stay, \n between */
    struct redact_search *search;
    struct used *used; /* replacements */
};

/* Words that this program, or HTTP, would not understand any more. */
static const char words[] =
    "authorization bearer basic digest negotiate content-length content-type content-encoding "
    "transfer-encoding chunked identity gzip deflate connection keep-alive close upgrade websocket "
    "http/1.1 http/1.0 host accept user-agent trailers trailer location expires max-age path "
    "domain "
    "secure httponly samesite strict none true false null undefined set-cookie cookie date server "
    "application/json application/x-www-form-urlencoded text/plain text/html charset=utf-8 "
    "multipart/form-data application/octet-stream localhost options delete patch post head trace "
    "connect expect 100-continue no-cache no-store private public must-revalidate steal mirror "
    "proxy-authorization access_token refresh_token id_token token_type password secret session "
    "username https";

/* ---- learning ---- */

static struct redact_text *intern(struct redact_texts *t, const uint8_t *bytes, size_t length,
                                  const char *what)
{
    struct redact_text *x;
    HASH_FIND(hh, t->all, bytes, length, x);
    if (x)
        return x;
    if (t->count == t->room) {
        t->room = t->room ? t->room * 2 : NUMBERS_ROOM;
        t->numbers = redact_grown(t->numbers, t->room * sizeof(struct redact_text *));
    }
    x = redact_zeroed(sizeof *x + length);
    memcpy(x + 1, bytes, length);
    x->bytes = (const uint8_t *)(x + 1);
    x->length = (uint32_t)length;
    snprintf(x->what, sizeof x->what, "%s", what);
    t->numbers[t->count++] = x;
    x->number = t->count;
    HASH_ADD_KEYPTR(hh, t->all, x->bytes, length, x);
    return x;
}

/* layers: how many codings may be undone. Each may take as little as two bytes off a text. */
static struct redact_text *learn(struct redact_texts *t, const uint8_t *bytes, size_t length,
                                 enum redact_coding coding, const char *what, unsigned layers);

/* It is of this coding, and means something else. */
static bool learn_meaning(struct redact_texts *t, struct redact_text *x, enum redact_coding coding,
                          const char *what, unsigned layers)
{
    if (!layers)
        return false;
    struct redact_bytes meant = {0};
    bool coded = redact_decode(coding, x->bytes, x->length, &meant) && meant.length;
    if (coded && !x->meaning) {
        bool pair = coding == REDACT_BASE64 && memchr(meant.at, ':', meant.length);
        x->meaning =
            learn(t, meant.at, meant.length, pair ? REDACT_PAIR : REDACT_PLAIN, what, layers - 1);
        x->coding = coding;
    }
    free(meant.at);
    return coded;
}

/* user:password. The name alone is not looked for everywhere, it may be "root"; unless it stands alone, as a token. */
static void learn_pair(struct redact_texts *t, struct redact_text *x, const char *what,
                       unsigned layers)
{
    const uint8_t *colon = memchr(x->bytes, ':', x->length);
    if (!colon || x->meaning || x->length == 1)
        return;
    size_t user = (size_t)(colon - x->bytes), password = x->length - user - 1;
    x->coding = REDACT_PAIR;
    if (user && password)
        x->user = intern(t, x->bytes, user, what);
    x->meaning = password ? learn(t, colon + 1, password, REDACT_PLAIN, what, layers)
                          : learn(t, x->bytes, user, REDACT_PLAIN, what, layers);
}

static void learn_writings(struct redact_texts *t, struct redact_text *x)
{
    for (int w = 0; w < REDACT_WRITINGS; w++) {
        struct redact_bytes written = {0};
        redact_write((enum redact_writing)w, x->bytes, x->length, &written);
        if (written.length != x->length || memcmp(written.at, x->bytes, x->length) != 0) {
            struct redact_text *form = intern(t, written.at, written.length, x->what);
            if (!form->whole) {
                form->learned = form->whole = true;
                form->meaning = x;
                form->coding = redact_writing_coding((enum redact_writing)w);
            }
        }
        free(written.at);
    }
}

static struct redact_text *learn(struct redact_texts *t, const uint8_t *bytes, size_t length,
                                 enum redact_coding coding, const char *what, unsigned layers)
{
    struct redact_text *x = intern(t, bytes, length, what);
    bool again = x->whole;
    x->learned = x->whole = true;
    if (coding == REDACT_PAIR)
        learn_pair(t, x, what, layers);
    else if (!learn_meaning(t, x, coding, what, layers) && coding != REDACT_PERCENT)
        learn_meaning(t, x, REDACT_PERCENT, what, layers);
    if (!again && !x->meaning && redact_changeable(bytes, length) >= REDACT_EVERYWHERE_MIN)
        learn_writings(t, x);
    return x;
}

void redact_texts_learn(struct redact_texts *t, const uint8_t *bytes, size_t length,
                        enum redact_coding coding, const char *what)
{
    for (; length > REDACT_PIECE_MAX; bytes += REDACT_PIECE_MAX, length -= REDACT_PIECE_MAX) {
        learn(t, bytes, REDACT_PIECE_MAX, REDACT_PLAIN, what, REDACT_LAYERS_MAX);
        coding = REDACT_PLAIN;
    }
    if (redact_changeable(bytes, length))
        learn(t, bytes, length, coding, what, REDACT_LAYERS_MAX);
}

void redact_texts_learn_part(struct redact_texts *t, const uint8_t *bytes, size_t length,
                             const char *what)
{
    if (length <= REDACT_PIECE_MAX && redact_changeable(bytes, length))
        intern(t, bytes, length, what)->learned = true;
}

void redact_texts_keep(struct redact_texts *t, const void *bytes, size_t length)
{
    redact_bytes_put(&t->kept, bytes, length);
    redact_bytes_add(&t->kept, '\n');
}

/* ---- which are looked for ---- */

/* What a part of a longer text means: as that one is coded. */
static bool part_can_change(const struct redact_text *x)
{
    struct redact_bytes meant = {0};
    redact_bytes_put(&meant, x->bytes, x->length);
    for (x = x->longer; x->meaning && x->coding != REDACT_PAIR; x = x->meaning) {
        struct redact_bytes next = {0};
        bool coded = redact_decode(x->coding, meant.at, meant.length, &next);
        free(coded ? meant.at : next.at);
        meant = coded ? next : meant;
    }
    bool can = redact_changeable(meant.at, meant.length) > 0;
    free(meant.at);
    return can;
}

/* %7B%7D has letters and digits, but it means two brackets, and these stay. */
static bool can_change(const struct redact_text *x)
{
    if (x->longer)
        return part_can_change(x);
    for (; x->meaning; x = x->meaning)
        if (x->user && redact_changeable(x->user->bytes, x->user->length))
            return true;
    return redact_changeable(x->bytes, x->length) > 0;
}

/* How much there is of a text: escapes are one letter each, however many they are written with, and a cut one is. */
struct amount {
    size_t letters, digits;
};

static size_t escape_length(const uint8_t *at, size_t left)
{
    size_t most = *at == '%' ? 3 : left > 1 && at[1] == 'u' ? 6 : 2, n = 1 + (most != 3);
    while (n < most && n < left && hex_digit((char)at[n]) >= 0)
        n++;
    return n < left ? n : left;
}

static struct amount amount_of(const struct redact_text *x)
{
    struct amount a = {0};
    for (size_t i = 0, n; i < x->length; i += n) {
        uint8_t c = x->bytes[i];
        bool digit = c >= '0' && c <= '9', escape = c == '%' || c == '\\';
        n = escape ? escape_length(x->bytes + i, x->length - i) : 1;
        a.digits += digit;
        a.letters += escape ? n > 1 : !digit && redact_changeable(&c, 1);
    }
    return a;
}

/* By what it means: of \u043f each replacement of what is written so has nearly all. */
static bool may_be_looked_for(const struct redact_text *x)
{
    struct amount a = amount_of(x);
    return x->learned && a.letters + a.digits >= REDACT_EVERYWHERE_MIN &&
           (a.letters || a.digits >= REDACT_DIGITS_MIN) && can_change(x);
}

static void make_search(struct redact_texts *t)
{
    redact_search_free(t->search);
    t->search = redact_search_new();
    for (uint32_t i = 0; i < t->count; i++)
        if (t->numbers[i]->everywhere)
            redact_search_add(t->search, t->numbers[i]->bytes, t->numbers[i]->length, i + 1);
    redact_search_close(t->search);
}

/* Those that are part of what must stay. */
static bool take_out_words(struct redact_texts *t)
{
    bool some = false;
    uint32_t node = 0, number;
    for (size_t i = 0; i < t->kept.length; i++) {
        node = redact_search_step(t->search, node, t->kept.at[i]);
        for (uint32_t at = node; (number = redact_search_hit(t->search, &at));) {
            t->numbers[number - 1]->everywhere = false;
            some = true;
        }
    }
    return some;
}

static void keep_words(struct redact_texts *t)
{
    char lower[sizeof words];
    for (size_t i = 0; i < sizeof words; i++)
        lower[i] = words[i] == ' ' ? '\n' : words[i];
    redact_texts_keep(t, lower, sizeof words - 1);
    for (size_t i = 0; i < sizeof words; i++) { /* Bearer, Keep-Alive; then BEARER */
        bool begins = i == 0 || lower[i - 1] == '\n' || lower[i - 1] == '-';
        if (begins && lower[i] >= 'a' && lower[i] <= 'z')
            lower[i] = (char)(lower[i] - 32);
    }
    redact_texts_keep(t, lower, sizeof words - 1);
    for (size_t i = 0; i < sizeof words; i++)
        if (lower[i] >= 'a' && lower[i] <= 'z')
            lower[i] = (char)(lower[i] - 32);
    redact_texts_keep(t, lower, sizeof words - 1);
}

/* ---- replacements ---- */

static bool holds_secret(const struct redact_texts *t, const uint8_t *bytes, size_t length)
{
    uint32_t node = 0, at;
    for (size_t i = 0; i < length; i++) {
        node = redact_search_step(t->search, node, bytes[i]);
        at = node;
        if (redact_search_hit(t->search, &at))
            return true;
    }
    return false;
}

/* The shortest distance at which a text goes on as itself: 1 of aaaa, 2 of abab; its length, if there is no shorter. */
static size_t period_of(const uint8_t *bytes, size_t length)
{
    size_t *border = redact_grown(NULL, length * sizeof *border), k = 0;
    border[0] = 0;
    for (size_t i = 1; i < length; border[i++] = k) {
        while (k && bytes[i] != bytes[k])
            k = border[k - 1];
        k += bytes[i] == bytes[k];
    }
    size_t period = length - border[length - 1];
    free(border);
    return period;
}

/* Where a text overlaps itself the later one has its last bytes, so many as its period: these must differ, or a long
 * row of it would have it still. */
static bool is_good(const struct redact_texts *t, const struct redact_text *x, size_t period,
                    uint32_t attempt)
{
    struct redact_text *other;
    struct used *used;
    size_t last = x->length - period;
    if (memcmp(x->replacement + last, x->bytes + last, period) == 0)
        return false;
    if (attempt >= ATTEMPTS_UNUSED) /* of so short texts there are no more */
        return true;
    HASH_FIND(hh, t->all, x->replacement, x->length, other);
    HASH_FIND(hh, t->used, x->replacement, x->length, used);
    return !other && !used && !holds_secret(t, x->replacement, x->length);
}

static void replace_secret(struct redact_texts *t, struct redact_text *x)
{
    struct used *used = NULL;
    uint32_t attempts = redact_changeable(x->bytes, x->length) ? ATTEMPTS_MAX : 1;
    size_t period = period_of(x->bytes, x->length);
    for (uint32_t attempt = 0; attempt < attempts; attempt++) {
        redact_key_replace(&t->key, x->bytes, x->length, attempt, x->replacement);
        if (is_good(t, x, period, attempt))
            break;
    }
    HASH_FIND(hh, t->used, x->replacement, x->length, used);
    if (used)
        return;
    used = redact_zeroed(sizeof *used + x->length);
    memcpy(used->bytes, x->replacement, x->length);
    HASH_ADD_KEYPTR(hh, t->used, used->bytes, x->length, used);
}

static void replace_part(struct redact_text *x);

static void replace_form(struct redact_text *x)
{
    if (x->replacement)
        return;
    if (x->longer) {
        replace_part(x);
        return;
    }
    if (!x->meaning->replacement)
        replace_form(x->meaning);
    if (x->user && !x->user->replacement)
        replace_form(x->user);
    x->replacement = redact_grown(NULL, x->length + 1);
    if (x->coding != REDACT_PAIR) {
        redact_recode(x->coding, x->bytes, x->length, x->meaning->replacement, x->replacement);
        return;
    }
    memcpy(x->replacement, x->bytes, x->length);
    if (x->user)
        memcpy(x->replacement, x->user->replacement, x->user->length);
    size_t at = x->user ? x->user->length + 1 : x->bytes[0] == ':';
    memcpy(x->replacement + at, x->meaning->replacement, x->meaning->length);
}

/* As the text that it is the beginning of. */
static void replace_part(struct redact_text *x)
{
    replace_form(x->longer);
    x->replacement = redact_grown(NULL, x->length + 1);
    memcpy(x->replacement, x->longer->replacement, x->length);
}

/* Of texts in order: those that begin with one stand right behind it. */
static void find_longer(struct redact_text **sorted, uint32_t count)
{
    for (uint32_t i = 0; i + 1 < count; i++) {
        struct redact_text *x = sorted[i], *next = sorted[i + 1];
        bool is_part = x->learned && !x->whole && next->length > x->length &&
                       memcmp(x->bytes, next->bytes, x->length) == 0;
        x->longer = is_part && next->learned ? next : NULL;
    }
}

static int by_bytes(const void *a, const void *b)
{
    const struct redact_text *x = *(struct redact_text *const *)a,
                             *y = *(struct redact_text *const *)b;
    size_t least = x->length < y->length ? x->length : y->length;
    int order = memcmp(x->bytes, y->bytes, least);
    return order ? order : (x->length > y->length) - (x->length < y->length);
}

void redact_texts_close(struct redact_texts *t)
{
    keep_words(t);
    size_t bytes = (t->count + 1) * sizeof(struct redact_text *);
    struct redact_text **sorted = redact_grown(NULL, bytes);
    if (t->count)
        memcpy(sorted, t->numbers, t->count * sizeof *sorted);
    qsort(sorted, t->count, sizeof *sorted, by_bytes);
    find_longer(sorted, t->count);
    for (uint32_t i = 0; i < t->count; i++)
        t->numbers[i]->everywhere = may_be_looked_for(t->numbers[i]);
    make_search(t);
    if (take_out_words(t))
        make_search(t);
    for (uint32_t i = 0; i < t->count; i++)
        if (!sorted[i]->meaning && !sorted[i]->longer) {
            sorted[i]->replacement = redact_grown(NULL, sorted[i]->length + 1);
            replace_secret(t, sorted[i]);
        }
    for (uint32_t i = 0; i < t->count; i++)
        replace_form(sorted[i]);
    free(sorted);
}

/* ---- asking ---- */

const struct redact_search *redact_texts_search(const struct redact_texts *t)
{
    return t->search;
}

const struct redact_text *redact_texts_number(const struct redact_texts *t, uint32_t number)
{
    return t->numbers[number - 1];
}

const struct redact_text *redact_texts_find(const struct redact_texts *t, const uint8_t *bytes,
                                            size_t length)
{
    struct redact_text *x;
    HASH_FIND(hh, t->all, bytes, length, x);
    return x;
}

void redact_texts_count(const struct redact_texts *t, uint64_t *secrets, uint64_t *in_place)
{
    *secrets = *in_place = 0;
    for (uint32_t i = 0; i < t->count; i++) {
        const struct redact_text *x = t->numbers[i];
        bool counts = !x->meaning && !x->longer && redact_changeable(x->bytes, x->length);
        *secrets += counts;
        *in_place += counts && !x->everywhere;
    }
}

uint64_t redact_texts_hash(const struct redact_texts *t, uint64_t hash, uint32_t length)
{
    return redact_key_hash(&t->key, hash, length);
}

/* ---- begin and end ---- */

struct redact_texts *redact_texts_new(const void *key, size_t key_length)
{
    struct redact_texts *t = redact_zeroed(sizeof *t);
    redact_key_set(&t->key, key, key_length);
    return t;
}

void redact_texts_free(struct redact_texts *t)
{
    struct used *u, *next;
    HASH_ITER(hh, t->used, u, next)
    {
        HASH_DEL(t->used, u);
        free(u);
    }
    HASH_CLEAR(hh, t->all);
    for (uint32_t i = 0; i < t->count; i++) {
        free(t->numbers[i]->replacement);
        free(t->numbers[i]);
    }
    redact_search_free(t->search);
    free(t->numbers);
    free(t->kept.at);
    free(t);
}
