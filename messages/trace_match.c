/* messages/trace_match.c -- see trace_match.h */
#define XXH_INLINE_ALL /* the header alone */
#include "messages/trace_match.h"
#include <stdio.h>
#include <uthash.h>
#include <xxhash.h>

/* Requests that are the same, in their order. */
struct alike {
    char *key;
    size_t length;
    unsigned *indexes;
    unsigned count, used; /* so many of the first have come, or more */
    UT_hash_handle hh;
};

struct trace_match {
    const struct trace_transactions *all;
    const char *const *headers;
    struct alike *exact; /* by all that counts, and all header lines */
    struct alike *whole; /* by all that counts */
    struct alike *heads; /* by all but the body */
    bool *used, *again;
    unsigned *first; /* by transaction: of those that are alike */
    unsigned left, raw_at;
};

/* ---- keys ---- */

static void put_key_text(struct wire_buffer *key, const void *text, size_t length)
{
    uint64_t n = length;
    trace_put(key, &n, sizeof n);
    trace_put(key, text, length);
}

static void head_key(const struct trace_match *m, const struct trace_http *r,
                     struct wire_buffer *key)
{
    struct wire_buffer values = {0};
    key->length = 0;
    put_key_text(key, r->method, strlen(r->method));
    put_key_text(key, r->target, strlen(r->target));
    for (unsigned i = 0; m->headers && m->headers[i]; i++) {
        struct http_text name = {(const uint8_t *)m->headers[i], strlen(m->headers[i])};
        bool found = trace_http_values(&r->fields, name, &values);
        trace_put(key, found ? "+" : "-", 1);
        put_key_text(key, values.at, found ? values.length : 0);
    }
    wire_buffer_release(&values);
}

/* Of what may be long. */
static void put_key_hash(struct wire_buffer *key, const struct wire_buffer *of)
{
    XXH128_hash_t hash = XXH3_128bits(of->length ? (const void *)of->at : "", of->length);
    uint64_t all[3] = {of->length, hash.low64, hash.high64};
    trace_put(key, all, sizeof all);
}

/* Of a head's, that with the body. */
static void make_whole(const struct trace_http *r, struct wire_buffer *key)
{
    put_key_hash(key, &r->body);
}

/* Of a whole one, that with all header lines. */
static void make_exact(const struct trace_http *r, struct wire_buffer *key)
{
    put_key_hash(key, &r->fields);
}

static struct alike *find(struct alike *in, const struct wire_buffer *key)
{
    struct alike *a;
    HASH_FIND(hh, in, key->at, key->length, a);
    return a;
}

/* Returns the first of them. */
static unsigned add(struct alike **to, const struct wire_buffer *key, unsigned index)
{
    struct alike *a = find(*to, key);
    if (!a) {
        a = calloc(1, sizeof *a);
        if (!a)
            heap_exhausted("requests of a trace", sizeof *a);
        a->key = trace_text(key->at, key->length);
        a->length = key->length;
        HASH_ADD_KEYPTR(hh, *to, a->key, a->length, a);
    }
    a->indexes = trace_grow(a->indexes, a->count, sizeof *a->indexes);
    a->indexes[a->count++] = index;
    return a->indexes[0];
}

/* ---- all ---- */

struct trace_match *trace_match_new(const struct trace_transactions *all,
                                    const char *const *headers)
{
    struct trace_match *m = calloc(1, sizeof *m);
    struct wire_buffer key = {0};
    bool *used = calloc(all->count + 1, sizeof *used);
    bool *again = calloc(all->count + 1, sizeof *again);
    unsigned *first = calloc(all->count + 1, sizeof *first);
    if (!m || !used || !again || !first)
        heap_exhausted("requests of a trace", sizeof *m);
    *m = (struct trace_match){
        .all = all, .headers = headers, .used = used, .again = again, .first = first};
    for (unsigned i = 0; i < all->count; i++) {
        const struct trace_transaction *t = &all->list[i];
        first[i] = i;
        if (t->left_out)
            continue;
        m->left++;
        if (t->raw)
            continue;
        head_key(m, &t->request, &key);
        add(&m->heads, &key, i);
        make_whole(&t->request, &key);
        first[i] = add(&m->whole, &key, i);
        make_exact(&t->request, &key);
        add(&m->exact, &key, i);
    }
    wire_buffer_release(&key);
    return m;
}

static void free_all(struct alike **all)
{
    struct alike *a, *next;
    HASH_ITER(hh, *all, a, next)
    {
        HASH_DEL(*all, a);
        free(a->key);
        free(a->indexes);
        free(a);
    }
}

void trace_match_free(struct trace_match *m)
{
    if (!m)
        return;
    free_all(&m->exact);
    free_all(&m->whole);
    free_all(&m->heads);
    free(m->used);
    free(m->again);
    free(m->first);
    free(m);
}

unsigned trace_match_left(const struct trace_match *m)
{
    return m->left;
}

bool trace_match_is_used(const struct trace_match *m, unsigned index)
{
    return m->used[index];
}

unsigned trace_match_alike(const struct trace_match *m, unsigned index)
{
    return m->first[index];
}

static void use(struct trace_match *m, unsigned index)
{
    m->used[index] = true;
    m->left--;
}

/* ---- explanations ---- */

static void put(struct wire_buffer *why, const char *text)
{
    trace_put(why, text, strlen(text));
}

/* What is nearest to it: the same head, the same target, or what there is. */
static void explain_never(const struct trace_match *m, const struct trace_http *r,
                          struct wire_buffer *why)
{
    const struct trace_transaction *near = NULL;
    struct wire_buffer key = {0};
    char line[200];
    head_key(m, r, &key);
    struct alike *head = find(m->heads, &key);
    wire_buffer_release(&key);
    for (unsigned i = 0; !head && !near && i < m->all->count; i++) {
        const struct trace_transaction *t = &m->all->list[i];
        if (!t->raw && !t->left_out && strcmp(t->request.target, r->target) == 0)
            near = &m->all->list[i];
    }
    if (head) {
        snprintf(line, sizeof line,
                 "recorded is this request with another body, of %zu bytes; here it has %zu",
                 m->all->list[head->indexes[0]].request.body.length, r->body.length);
        put(why, line);
    } else if (near && strcmp(near->request.method, r->method) == 0) {
        put(why, "recorded is this request with other header lines of interest");
    } else if (near) {
        snprintf(line, sizeof line, "recorded for this target is %.40s", near->request.method);
        put(why, line);
    } else {
        put(why, "nothing is recorded for this target");
    }
}

/* The first of them that did not come yet. False: all have. */
static bool next_of(const struct trace_match *m, struct alike *a, unsigned *index)
{
    while (a->used < a->count && m->used[a->indexes[a->used]])
        a->used++;
    if (a->used == a->count)
        return false;
    *index = a->indexes[a->used];
    return true;
}

/* One with all its header lines, or else the first of those that are alike. */
static bool next_alike(const struct trace_match *m, struct alike *a, struct alike *exact,
                       unsigned *index)
{
    return (exact && next_of(m, exact, index)) || next_of(m, a, index);
}

/* Whether the connection had served before, and so whether the proxy tries another one, is chance. */
static bool comes_again(struct trace_match *m, const struct alike *a, unsigned *index)
{
    for (unsigned i = 0; i < a->count; i++) {
        const struct trace_transaction *t = &m->all->list[a->indexes[i]];
        bool ended = t->ends[SIDE_FAR] || t->resets[SIDE_FAR];
        if (t->length[SIDE_FAR] || !ended || m->again[a->indexes[i]])
            continue;
        *index = a->indexes[i];
        m->again[*index] = true;
        return true;
    }
    return false;
}

enum trace_matched trace_match_request(struct trace_match *m, const struct trace_http *request,
                                       unsigned *index, struct wire_buffer *why)
{
    struct wire_buffer key = {0};
    char line[100];
    head_key(m, request, &key);
    make_whole(request, &key);
    struct alike *a = find(m->whole, &key);
    make_exact(request, &key);
    struct alike *exact = find(m->exact, &key);
    wire_buffer_release(&key);
    if (!a) {
        explain_never(m, request, why);
        return MATCHED_NEVER;
    }
    if (next_alike(m, a, exact, index)) {
        use(m, *index);
        return MATCHED;
    }
    if (comes_again(m, a, index))
        return MATCHED_AGAIN;
    snprintf(line, sizeof line, "it is recorded %u time%s, and has come so often", a->count,
             a->count == 1 ? "" : "s");
    put(why, line);
    return MATCHED_USED_UP;
}

/* The recorded ones with its head; NULL: there is none. */
static struct alike *alike_of_head(struct trace_match *m, const struct trace_http *request)
{
    struct wire_buffer key = {0};
    head_key(m, request, &key);
    struct alike *a = find(m->heads, &key);
    wire_buffer_release(&key);
    return a;
}

bool trace_match_early(struct trace_match *m, const struct trace_http *request, unsigned *index)
{
    struct alike *a = alike_of_head(m, request);
    if (!a || !next_of(m, a, index) || !m->all->list[*index].early)
        return false;
    use(m, *index);
    return true;
}

/* One is the beginning of the other. */
static bool begins_as(const struct wire_buffer *a, const struct wire_buffer *b)
{
    size_t least = a->length < b->length ? a->length : b->length;
    return !least || !memcmp(a->at, b->at, least);
}

bool trace_match_broken(struct trace_match *m, const struct trace_http *request, unsigned *index)
{
    struct alike *a = alike_of_head(m, request);
    for (unsigned i = 0; a && i < a->count; i++) {
        const struct trace_http *recorded = &m->all->list[a->indexes[i]].request;
        if (m->used[a->indexes[i]] || recorded->ended ||
            !begins_as(&recorded->body, &request->body))
            continue;
        *index = a->indexes[i];
        use(m, *index);
        return true;
    }
    return false;
}

static bool is_raw_left(const struct trace_match *m, unsigned i)
{
    return m->all->list[i].raw && !m->all->list[i].left_out && !m->used[i];
}

static unsigned next_raw(struct trace_match *m)
{
    while (m->raw_at < m->all->count && !is_raw_left(m, m->raw_at))
        m->raw_at++;
    return m->raw_at;
}

/* What was recorded as said to the application begins as this does; where nothing was said, nothing tells. */
static bool raw_began_so(const struct trace_transaction *t, const uint8_t *bytes, size_t length)
{
    size_t recorded = t->length[SIDE_NEAR], least = recorded < length ? recorded : length;
    return least && !memcmp(trace_transaction_bytes(t, SIDE_NEAR), bytes, least);
}

bool trace_match_raw_like(struct trace_match *m, const uint8_t *bytes, size_t length,
                          unsigned *index)
{
    for (unsigned i = next_raw(m); i < m->all->count; i++) {
        if (!is_raw_left(m, i) || !raw_began_so(&m->all->list[i], bytes, length))
            continue;
        *index = i;
        use(m, i);
        return true;
    }
    return false;
}

bool trace_match_raw(struct trace_match *m, const uint8_t *bytes, size_t length, unsigned *index)
{
    if (trace_match_raw_like(m, bytes, length, index))
        return true;
    *index = next_raw(m);
    if (*index == m->all->count)
        return false;
    use(m, *index);
    return true;
}

bool trace_match_raw_left(struct trace_match *m, bool *speaks_first)
{
    unsigned i = next_raw(m);
    if (i == m->all->count)
        return false;
    const struct trace_transaction *t = &m->all->list[i];
    for (unsigned k = t->first; k < t->first + t->count; k++)
        if (t->stream->pieces[k].what == PIECE_BYTES) {
            *speaks_first = t->stream->pieces[k].side == SIDE_FAR;
            return true;
        }
    *speaks_first = false;
    return true;
}
