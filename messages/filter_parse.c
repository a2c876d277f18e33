/* messages/filter_parse.c -- reads a filter; see filter.h and filter_program.h
 *
 *     any  := all ("||" all)*
 *     all  := not ("&&" not)*
 *     not  := "!" not | "(" any ")" | "has" "(" field ")" | field sign literal
 *
 * One function a rule. They call each other no deeper than FILTER_NESTING_MAX allows.
 */
#include "messages/filter_program.h"
#include "messages/filter_words.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reading {
    const char *text;
    const struct filter_field *fields;
    struct filter_word word; /* that comes next */
    struct filter_program *program;
    unsigned depth;
    char *error; /* empty: none yet */
};

/* ---- errors ---------------------------------------------------------------------------------- */

/* Keeps the first sentence. Always false. */
static bool __attribute__((format(printf, 3, 4)))
fail(struct reading *r, const char *at, const char *format, ...)
{
    va_list list;
    if (*r->error)
        return false;
    int n = snprintf(r->error, FILTER_ERROR_MAX, "column %u: ", filter_column(r->text, at));
    va_start(list, format);
    vsnprintf(r->error + n, FILTER_ERROR_MAX - (size_t)n, format, list);
    va_end(list);
    return false;
}

static bool expected(struct reading *r, const char *what)
{
    char shown[FILTER_WORD_SHOWN_MAX];
    if (r->word.kind == FILTER_WORD_OPEN_QUOTE)
        return fail(r, r->word.begin, "the text that begins here has no second %c", *r->word.begin);
    return fail(r, r->word.begin, "expected %s, found %s", what, filter_word_show(&r->word, shown));
}

static bool no_memory(struct reading *r)
{
    return fail(r, r->word.begin, "no memory");
}

static void list_words(char *out, size_t room, const char *const *words, unsigned count)
{
    size_t n = 0;
    out[0] = 0;
    for (unsigned i = 0; i < count && n < room; i++)
        n += (size_t)snprintf(out + n, room - n, "%s%s", i ? ", " : "", words[i]);
}

/* ---- words ----------------------------------------------------------------------------------- */

static void step(struct reading *r)
{
    r->word = filter_word_next(r->word.end);
}

static bool take(struct reading *r, const char *sign)
{
    if (r->word.kind != FILTER_WORD_SIGN || !filter_word_is(&r->word, sign))
        return false;
    step(r);
    return true;
}

/* ---- the program ----------------------------------------------------------------------------- */

static bool put_op(struct reading *r, enum filter_op_kind what, unsigned n)
{
    struct filter_program *p = r->program;
    if (p->op_count == p->op_room) {
        unsigned room = p->op_room ? 2 * p->op_room : 16;
        struct filter_op *grown = realloc(p->ops, room * sizeof *grown);
        if (!grown || p->op_count >= FILTER_OPS_MAX) {
            p->ops = grown ? grown : p->ops;
            return no_memory(r);
        }
        p->ops = grown;
        p->op_room = room;
    }
    p->ops[p->op_count++] = (struct filter_op){(uint8_t)what, (uint16_t)n};
    return true;
}

static bool put_test(struct reading *r, const char *at, const struct filter_test *test)
{
    struct filter_program *p = r->program;
    if (p->test_count == FILTER_TESTS_MAX)
        return fail(r, at, "more than %d comparisons", FILTER_TESTS_MAX);
    p->tests[p->test_count] = *test;
    return put_op(r, FILTER_OP_TEST, p->test_count++);
}

/* ---- fields and signs ------------------------------------------------------------------------ */

static unsigned field_names(const struct reading *r, const char *names[FILTER_FIELDS_MAX])
{
    unsigned n = 0;
    for (; r->fields[n].name && n < FILTER_FIELDS_MAX; n++)
        names[n] = r->fields[n].name;
    return n;
}

static bool unknown_field(struct reading *r)
{
    const char *names[FILTER_FIELDS_MAX];
    char all[300], shown[FILTER_WORD_SHOWN_MAX];
    unsigned count = field_names(r, names);
    const char *near = filter_nearest(r->word.at, r->word.length, names, count);
    list_words(all, sizeof all, names, count);
    return fail(r, r->word.begin, "there is no field %s%s%s%s (there are %s)",
                filter_word_show(&r->word, shown), near ? ", did you mean " : "", near ? near : "",
                near ? "?" : "", all);
}

static bool field(struct reading *r, struct filter_test *test)
{
    if (r->word.kind != FILTER_WORD_BARE)
        return expected(r, "a field");
    for (unsigned i = 0; r->fields[i].name; i++)
        if (filter_word_is(&r->word, r->fields[i].name)) {
            test->field = (uint8_t)i;
            test->type = (uint8_t)r->fields[i].type;
            step(r);
            return true;
        }
    return unknown_field(r);
}

static const struct {
    const char *sign;
    enum filter_compare compare;
    bool numbers, texts;
} signs[] = {
    {"==", FILTER_IS, true, true},    {"!=", FILTER_IS_NOT, true, true},
    {"<", FILTER_BELOW, true, false}, {"<=", FILTER_AT_MOST, true, false},
    {">", FILTER_ABOVE, true, false}, {">=", FILTER_AT_LEAST, true, false},
    {"~", FILTER_LIKE, false, true},  {"!~", FILTER_NOT_LIKE, false, true},
};

static bool is_text(enum filter_type type)
{
    return type == FILTER_TEXT || type == FILTER_KIND;
}

/* What a type is compared by, in words. */
static const char *signs_of(enum filter_type type)
{
    return is_text(type) ? "==, !=, ~ or !~" : "==, !=, <, <=, > or >=";
}

static const char *type_words(enum filter_type type)
{
    switch (type) {
    case FILTER_NUMBER: return "a number";
    case FILTER_TIME: return "a time";
    case FILTER_EXCHANGE: return "the number of an exchange";
    default: return "a text";
    }
}

static bool no_sign(struct reading *r, const struct filter_field *f)
{
    char what[120];
    if (filter_word_is(&r->word, "="))
        return fail(r, r->word.begin, "found \"=\": equality is written ==");
    snprintf(what, sizeof what, "%s behind %s", signs_of(f->type), f->name);
    return expected(r, what);
}

static bool sign(struct reading *r, struct filter_test *test)
{
    const struct filter_field *f = &r->fields[test->field];
    for (unsigned i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        if (r->word.kind != FILTER_WORD_SIGN || !filter_word_is(&r->word, signs[i].sign))
            continue;
        test->compare = (uint8_t)signs[i].compare;
        if (!(is_text(f->type) ? signs[i].texts : signs[i].numbers))
            return fail(r, r->word.begin, "%s is %s, which %s does not compare: write %s", f->name,
                        type_words(f->type), signs[i].sign, signs_of(f->type));
        step(r);
        return true;
    }
    return no_sign(r, f);
}

/* ---- literals -------------------------------------------------------------------------------- */

static bool number(struct reading *r, struct filter_test *test)
{
    const struct filter_field *f = &r->fields[test->field];
    uint64_t other;
    bool bare = r->word.kind == FILTER_WORD_BARE;
    if (f->type == FILTER_NUMBER && !(bare && filter_literal_number(&r->word, &test->number)))
        return expected(r, bare && filter_literal_time(&r->word, &other)
                               ? "a number such as 7, 0x1f or 64K (and no time)"
                               : "a number such as 7, 0x1f or 64K");
    if (f->type == FILTER_TIME && !(bare && filter_literal_time(&r->word, &test->number)))
        return expected(r, bare && filter_literal_number(&r->word, &other)
                               ? "a time with its unit, such as 2s, 15ms or 3us"
                               : "a time such as 2s, 15ms or 3us");
    if (f->type == FILTER_EXCHANGE && !(bare && filter_literal_exchange(&r->word, &test->number)))
        return expected(r, "the number of an exchange, such as 7 or a7");
    step(r);
    return true;
}

/* Each name in a literal must be one that there is: A(B) has two. */
static bool is_known_name(const struct filter_field *f, const char *at, size_t length)
{
    for (unsigned i = 0; i < f->value_count; i++)
        if (strlen(f->values[i]) == length && memcmp(f->values[i], at, length) == 0)
            return true;
    return false;
}

static bool unknown_value(struct reading *r, const struct filter_word *w,
                          const struct filter_field *f, const char *at, size_t length)
{
    const char *near = filter_nearest(at, length, f->values, f->value_count);
    char all[120];
    list_words(all, sizeof all, f->values, f->value_count < 4 ? f->value_count : 0);
    if (near)
        return fail(r, w->begin, "%s is never \"%.*s\", did you mean %s?", f->name, (int)length, at,
                    near);
    return fail(r, w->begin, "%s is never \"%.*s\"%s%s%s", f->name, (int)length, at,
                *all ? " (it is one of " : "", all, *all ? ")" : "");
}

static bool check_value(struct reading *r, const struct filter_word *w,
                        const struct filter_test *test)
{
    const struct filter_field *f = &r->fields[test->field];
    const char *at = test->text, *end = at + test->length;
    if (!f->values || (test->compare != FILTER_IS && test->compare != FILTER_IS_NOT))
        return true;
    while (at <= end) {
        size_t n = f->type == FILTER_KIND ? strcspn(at, "()") : (size_t)(end - at);
        n = n < (size_t)(end - at) ? n : (size_t)(end - at);
        if (!is_known_name(f, at, n))
            return unknown_value(r, w, f, at, n);
        at += n + 1;
        while (at < end && *at == ')')
            at++;
        if (at == end)
            break;
    }
    return true;
}

static bool text(struct reading *r, struct filter_test *test)
{
    struct filter_program *p = r->program;
    struct filter_word w = r->word;
    if (w.kind != FILTER_WORD_BARE && w.kind != FILTER_WORD_QUOTED)
        return expected(r, "a text in quotes, or a word");
    char *out = p->texts + p->texts_length;
    const char *wrong = filter_word_unescape(&w, out, &test->length);
    if (wrong)
        return fail(r, wrong, "\"%.2s\" is no escape: there are \\\" \\\\ \\n \\r \\t and \\x41",
                    wrong);
    p->texts_length += test->length;
    p->texts[p->texts_length++] = 0;
    test->text = out;
    test->pattern = memchr(out, '*', test->length) || memchr(out, '?', test->length);
    step(r);
    return check_value(r, &w, test);
}

/* ---- rules ----------------------------------------------------------------------------------- */

static bool any(struct reading *r);

static bool has(struct reading *r)
{
    struct filter_test test = {.compare = FILTER_HAS};
    const char *at = r->word.begin;
    step(r);
    if (!take(r, "("))
        return expected(r, "( behind has, as in has(conn)");
    if (!field(r, &test))
        return false;
    if (!take(r, ")"))
        return expected(r, ") behind the field, as in has(conn)");
    return put_test(r, at, &test);
}

static bool comparison(struct reading *r)
{
    struct filter_test test = {0};
    const char *at = r->word.begin;
    if (!field(r, &test) || !sign(r, &test))
        return false;
    if (!(is_text(r->fields[test.field].type) ? text(r, &test) : number(r, &test)))
        return false;
    return put_test(r, at, &test);
}

static bool parentheses(struct reading *r, const char *open)
{
    char what[60];
    if (!any(r))
        return false;
    if (take(r, ")"))
        return true;
    snprintf(what, sizeof what, "&&, || or ) for the ( in column %u", filter_column(r->text, open));
    return expected(r, what);
}

static bool not_deeper(struct reading *r)
{
    const char *at = r->word.begin;
    if (take(r, "("))
        return parentheses(r, at);
    if (r->word.kind == FILTER_WORD_BARE && filter_word_is(&r->word, "has"))
        return has(r);
    if (r->word.kind != FILTER_WORD_BARE)
        return expected(r, "a field, has(field), ! or (");
    return comparison(r);
}

static bool not(struct reading * r)
{
    if (r->depth == FILTER_NESTING_MAX)
        return fail(r, r->word.begin, "more than %d of ( and ! within each other",
                    FILTER_NESTING_MAX);
    r->depth++;
    bool fine = take(r, "!") ? not(r) && put_op(r, FILTER_OP_NOT, 0) : not_deeper(r);
    r->depth--;
    return fine;
}

/* The right side behind `skip`, and what joins it with the left one. */
static bool join(struct reading *r, bool (*rule)(struct reading *), enum filter_op_kind skip,
                 enum filter_op_kind op)
{
    unsigned at = r->program->op_count;
    if (!put_op(r, skip, 0) || !rule(r) || !put_op(r, op, 0))
        return false;
    r->program->ops[at].n = (uint16_t)r->program->op_count;
    return true;
}

static bool all(struct reading *r)
{
    if (!not(r))
        return false;
    while (take(r, "&&"))
        if (!join(r, not, FILTER_OP_SKIP_NO, FILTER_OP_AND))
            return false;
    return true;
}

static bool any(struct reading *r)
{
    if (!all(r))
        return false;
    while (take(r, "||"))
        if (!join(r, all, FILTER_OP_SKIP_YES, FILTER_OP_OR))
            return false;
    return true;
}

/* ---- the whole ------------------------------------------------------------------------------- */

/* What people write for && and || when they come from elsewhere. */
static bool not_the_end(struct reading *r)
{
    static const char *const other[][2] = {{"&", "&&"}, {"and", "&&"}, {"AND", "&&"},
                                           {"|", "||"}, {"or", "||"},  {"OR", "||"}};
    for (unsigned i = 0; i < sizeof other / sizeof other[0]; i++)
        if (filter_word_is(&r->word, other[i][0]))
            return fail(r, r->word.begin, "found \"%s\": write %s", other[i][0], other[i][1]);
    if (filter_word_is(&r->word, "("))
        return expected(r, "&&, || or the end (a text with parentheses is written in quotes)");
    return expected(r, "&&, || or the end");
}

static bool read_all(struct reading *r)
{
    step(r);
    return any(r) && (r->word.kind == FILTER_WORD_END || not_the_end(r));
}

struct filter_program *filter_new(const char *filter, const struct filter_field *fields,
                                  char error[FILTER_ERROR_MAX])
{
    struct filter_program *p = calloc(1, sizeof *p);
    struct reading r = {.text = filter, .fields = fields, .program = p, .error = error};
    error[0] = 0;
    r.word.end = r.word.begin = filter;
    if (p) /* each literal is as long as its word at most, and a NUL: of two, one is between them */
        p->texts = malloc(2 * strlen(filter) + 2);
    if (!p || !p->texts)
        no_memory(&r);
    else if (read_all(&r))
        return p;
    filter_free(p);
    return NULL;
}
