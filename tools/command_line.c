/* tools/command_line.c -- see command_line.h */
#include "tools/command_line.h"
#include "actors/exit_codes.h"
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void command_line_mistake(struct command_line *c, const char *format, ...)
{
    va_list list;
    fprintf(stderr, "%s: ", c->program);
    if (c->option)
        fprintf(stderr, "%s: ", c->option);
    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fputc('\n', stderr);
    c->mistakes++;
}

static const struct option_row *find(const struct command_line *c, const char *argument,
                                     size_t length)
{
    for (const struct option_row *r = c->rows; r->name; r++)
        if (*r->name && strlen(r->name) == length && !strncmp(r->name, argument, length))
            return r;
    return NULL;
}

/* The option that begins most as the argument does, for "did you mean"; NULL: none does, to speak of. */
static const struct option_row *nearest(const struct command_line *c, const char *argument)
{
    const struct option_row *best = NULL;
    size_t most = 3;
    for (const struct option_row *r = c->rows; r->name; r++) {
        size_t same = 0;
        while (r->name[same] && r->name[same] == argument[same])
            same++;
        if (same > most) {
            most = same;
            best = r;
        }
    }
    return best;
}

static void unknown(struct command_line *c, const char *argument)
{
    const struct option_row *r = nearest(c, argument);
    c->option = NULL;
    if (r)
        command_line_mistake(c, "%s: there is no such option, did you mean %s? (--help lists all)",
                             argument, r->name);
    else
        command_line_mistake(c, "%s: there is no such option, --help lists all", argument);
}

static void check_times(struct command_line *c, const struct option_row *r)
{
    assert(r - c->rows < OPTIONS_MAX);
    bool *given = &c->given[r - c->rows];
    if (*given && r->value && r->times == ONCE)
        command_line_mistake(c, "is given twice, leave one out");
    *given = true;
}

/* False: it is an option, or meant as one. */
static bool took_argument(struct command_line *c, const char *argument, bool ended)
{
    if (!c->argument || (!ended && argument[0] == '-' && argument[1]))
        return false;
    c->option = NULL;
    c->argument(c, argument);
    return true;
}

void command_line_read(struct command_line *c, int argc, char **argv)
{
    bool ended = false; /* the options are over */
    for (int i = 1; i < argc; i++) {
        bool ends = c->argument && !ended && strcmp(argv[i], "--") == 0;
        ended |= ends;
        if (ends || took_argument(c, argv[i], ended))
            continue;
        const char *equals = argv[i][0] == '-' && argv[i][1] == '-' ? strchr(argv[i], '=') : NULL;
        size_t length = equals ? (size_t)(equals - argv[i]) : strlen(argv[i]);
        const struct option_row *r = find(c, argv[i], length);
        if (!r) {
            unknown(c, argv[i]);
            continue;
        }
        c->option = r->name;
        check_times(c, r);
        const char *value = equals ? equals + 1 : NULL;
        if (!r->value && value)
            command_line_mistake(c, "takes no value, leave out \"=%s\"", value);
        else if (r->value && !value && i + 1 >= argc)
            command_line_mistake(c, "a value is missing: write %s %s", r->name, r->value);
        else
            r->take(c, r->value && !value ? argv[++i] : value);
    }
    c->option = NULL;
}

static void print_row(const struct option_row *r)
{
    char head[64];
    snprintf(head, sizeof head, "%s%s%s", r->name, r->value ? " " : "", r->value ? r->value : "");
    printf("  %-28s", head);
    if (strlen(head) > 27)
        printf("\n  %-28s", "");
    for (const char *c = r->help; *c; c++) {
        putchar(*c);
        if (*c == '\n')
            printf("  %-28s", "");
    }
    puts(r->times == REPEATABLE ? " (repeatable)" : "");
}

void command_line_help(const struct command_line *c, const char *usage, const char *examples)
{
    printf("usage: %s\n", usage);
    for (const struct option_row *r = c->rows; r->name; r++) {
        if (*r->name)
            print_row(r);
        else
            printf("\n%s\n", r->help);
    }
    printf("\n%s", examples);
}

void command_line_take_help(struct command_line *c, const char *value)
{
    (void)value;
    c->help = true;
}

/* The digits that text begins with; `end` is behind them. */
static bool digits(const char *text, const char **end, uint64_t *number)
{
    char *behind;
    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    *number = strtoull(text, &behind, 10);
    *end = behind;
    return errno == 0;
}

bool command_line_number(const char *text, uint64_t least, uint64_t most, uint64_t *number)
{
    const char *end;
    uint64_t n;
    if (!digits(text, &end, &n) || *end || n < least || n > most)
        return false;
    *number = n;
    return true;
}

bool command_line_size(const char *text, uint64_t least, uint64_t most, uint64_t *bytes)
{
    const char *end;
    uint64_t n;
    if (!digits(text, &end, &n))
        return false;
    unsigned shift = *end == 'K' ? 10 : *end == 'M' ? 20 : *end == 'G' ? 30 : 0;
    if (shift)
        end++;
    if (*end || n > UINT64_MAX >> shift || n << shift < least || n << shift > most)
        return false;
    *bytes = n << shift;
    return true;
}

/* Digits, then perhaps a point and more of them, in units of 1e-9. */
static bool decimal(const char *text, const char **end, double *n)
{
    char *stop;
    if (*text < '0' || *text > '9')
        return false;
    *n = strtod(text, &stop);
    *end = stop;
    return *n < 1e9;
}

bool command_line_time(const char *text, uint64_t least, uint64_t *ns)
{
    static const struct {
        const char *name;
        double ns;
    } units[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 6e10}, {"h", 3.6e12}};
    const char *end;
    double n;
    if (!decimal(text, &end, &n))
        return false;
    for (unsigned i = 0; i < sizeof units / sizeof units[0]; i++)
        if (strcmp(end, units[i].name) == 0) {
            *ns = (uint64_t)(n * units[i].ns + 0.5);
            return *ns >= least;
        }
    return false;
}

bool command_line_given(const struct command_line *c, const char *name)
{
    for (const struct option_row *r = c->rows; r->name; r++)
        if (strcmp(r->name, name) == 0)
            return c->given[r - c->rows];
    return false;
}

bool command_line_start(struct command_line *c, int argc, char **argv, const char *usage,
                        const char *examples, void (*check)(struct command_line *c), int *status)
{
    command_line_read(c, argc, argv);
    *status = 0;
    if (c->help) {
        command_line_help(c, usage, examples);
        return false;
    }
    if (check)
        check(c);
    *status = c->mistakes ? EXIT_USAGE : 0;
    return !c->mistakes;
}
