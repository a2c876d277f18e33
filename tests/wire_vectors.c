/* tests/wire_vectors.c -- see wire_vectors.h */
#include "tests/wire_vectors.h"
#include <stdlib.h>
#include <string.h>

#define VECTORS "tests/data/vectors/"

void bytes_append(struct bytes *b, const void *more, size_t length)
{
    if (b->length + length > b->room) {
        b->room = 2 * (b->length + length) + 64;
        uint8_t *grown = realloc(b->at, b->room);
        if (!grown)
            abort();
        b->at = grown;
    }
    if (length)
        memcpy(b->at + b->length, more, length);
    b->length += length;
}

void bytes_release(struct bytes *b)
{
    free(b->at);
    *b = (struct bytes){NULL, 0, 0};
}

static unsigned nibble(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : (c | 32) - 'a' + 10) & 15;
}

static size_t parse_hex(const char *text, uint8_t *out)
{
    size_t n = 0;
    for (; text[0] && text[1] && n < VECTOR_BYTES_MAX; text += 2)
        out[n++] = (uint8_t)(nibble(text[0]) << 4 | nibble(text[1]));
    return n;
}

/* Splits at tabs, in place; returns the number of columns. */
static int split(char *line, char *columns[], int max)
{
    int n = 0;
    line[strcspn(line, "\r\n")] = 0;
    for (char *next = line; next && n < max; n++) {
        columns[n] = strsep(&next, "\t");
    }
    return n;
}

static bool parse_case(char *columns[], int n, struct vector *v)
{
    if (n != 5)
        return false;
    snprintf(v->verdict, sizeof v->verdict, "%.7s", columns[1]);
    v->consumed = (size_t)strtoul(columns[2], NULL, 10);
    v->length = parse_hex(columns[3], v->bytes);
    v->unordered = !strcmp(columns[4], "*");
    v->again_length =
        strcmp(columns[4], "-") && !v->unordered ? parse_hex(columns[4], v->again) : 0;
    return true;
}

static bool parse_named(char *columns[], int n, struct vector *v)
{
    if (n != 4)
        return false;
    snprintf(v->name, sizeof v->name, "%.63s", columns[1]);
    v->length = parse_hex(columns[3], v->bytes);
    return true;
}

static int read_file(const char *path, bool (*parse)(char *columns[], int n, struct vector *v),
                     void (*each)(const struct vector *v, void *context), void *context)
{
    static char line[VECTOR_LINE_MAX];
    static struct vector v;
    char *columns[5];
    int rows = 0;
    FILE *file = fopen(path, "r");
    if (!file)
        return 0;
    for (int number = 1; fgets(line, sizeof line, file); number++) {
        if (line[0] == '#')
            continue;
        memset(&v, 0, sizeof v);
        v.line = number;
        int n = split(line, columns, 5);
        v.from = !strcmp(columns[0], "client") ? WIRE_FROM_CLIENT : WIRE_FROM_AGENT;
        if (!parse(columns, n, &v)) {
            rows = 0;
            break;
        }
        each(&v, context);
        rows++;
    }
    fclose(file);
    return rows;
}

int vectors_decode_cases(void (*each)(const struct vector *v, void *context), void *context)
{
    return read_file(VECTORS "decode-cases.tsv", parse_case, each, context);
}

int vectors_named(void (*each)(const struct vector *v, void *context), void *context)
{
    return read_file(VECTORS "named-messages.tsv", parse_named, each, context);
}

struct search {
    enum wire_from from;
    const char *name;
    struct vector *out;
    bool found;
};

static void look_at(const struct vector *v, void *context)
{
    struct search *s = context;
    if (v->from == s->from && !strcmp(v->name, s->name)) {
        *s->out = *v;
        s->found = true;
    }
}

bool vectors_find(enum wire_from from, const char *name, struct vector *out)
{
    struct search s = {from, name, out, false};
    vectors_named(look_at, &s);
    return s.found;
}
