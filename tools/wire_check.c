/* tools/wire_check.c -- intproxy-wire check: this program against what the original was seen to do.
 *
 * The vectors are in the program: tests/data/vectors, whose verdicts were taken from the original.
 */
#include "messages/hex.h"
#include "tools/wire_canonical.h"
#include "tools/wire_commands.h"
#include "tools/wire_options.h"
#include "tools/output.h"
#include "tools/wire_show.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* NAME, between its first and one beyond its last byte. */
#define INCLUDE_FILE(name, path)                                                                   \
    __asm__(".pushsection .rodata\n.global " #name "_begin\n" #name "_begin:\n.incbin \"" path     \
            "\"\n.global " #name "_end\n" #name "_end:\n.popsection\n");                           \
    extern const char name##_begin[], name##_end[];

INCLUDE_FILE(wire_check_cases, "tests/data/vectors/decode-cases.tsv")
INCLUDE_FILE(wire_check_named, "tests/data/vectors/named-messages.tsv")

enum { COLUMNS_MAX = 5, BYTES_MAX = 1 << 16 };

struct column {
    const char *at;
    size_t length;
};

struct tally {
    unsigned long checked, wrong;
};

static bool verbose;

static void take_verbose(struct command_line *c, const char *value)
{
    (void)c, (void)value;
    verbose = true;
}

static const struct option_row rows[] = {
    {"--verbose", NULL, "a line for each vector that is not met", take_verbose, ONCE},
    OPTION_HELP_ROW,
    {0},
};

static const char usage[] = "intproxy-wire check [--verbose]";
static const char examples[] =
    "Decodes and writes again the vectors that the program carries: named messages, and verdicts "
    "of\n"
    "the original's decoder over valid, cut, changed and random bytes.\n"
    "\n"
    "exit status: 0 all are met; 1 some are not; 2 a mistake on the command line\n";

static unsigned split(const char *at, const char *end, struct column out[COLUMNS_MAX])
{
    unsigned n = 0;
    while (n < COLUMNS_MAX) {
        const char *tab = memchr(at, '\t', (size_t)(end - at));
        const char *stop = tab && n + 1 < COLUMNS_MAX ? tab : end;
        out[n++] = (struct column){at, (size_t)(stop - at)};
        if (stop == end)
            break;
        at = stop + 1;
    }
    return n;
}

static bool is(const struct column *c, const char *word)
{
    return c->length == strlen(word) && memcmp(c->at, word, c->length) == 0;
}

/* 0: no digits, or more than there is room for. */
static size_t unhex(const struct column *c, uint8_t out[BYTES_MAX])
{
    bool fine = c->length / 2 <= BYTES_MAX && hex_read(c->at, c->length, out);
    return fine ? c->length / 2 : 0;
}

static bool writes_again(const struct wire_judgement *j, const struct column *again)
{
    static uint8_t wanted[BYTES_MAX];
    if (is(again, "*"))
        return !j->again;
    size_t n = unhex(again, wanted);
    return j->again && j->again->length == n && memcmp(j->again->at, wanted, n) == 0;
}

/* who, verdict, consumed, bytes, bytes written again */
static bool case_is_met(const struct column *columns, unsigned n)
{
    static uint8_t bytes[BYTES_MAX];
    enum wire_from from;
    if (n < 5 || !wire_from_parse(columns[0].at, columns[0].length, &from))
        return false;
    struct wire_judgement j = wire_judge(from, bytes, unhex(&columns[3], bytes));
    if (is(&columns[1], "more"))
        return j.verdict == WIRE_MORE;
    if (is(&columns[1], "bad"))
        return j.verdict == WIRE_BAD;
    return j.verdict == WIRE_MESSAGE && j.consumed == strtoul(columns[2].at, NULL, 10) &&
           writes_again(&j, &columns[4]);
}

/* who, name, text, bytes: whole, and the same again; and any beginning of it is not whole */
static bool named_is_met(const struct column *columns, unsigned n)
{
    static uint8_t bytes[BYTES_MAX];
    enum wire_from from;
    if (n < 4 || !wire_from_parse(columns[0].at, columns[0].length, &from))
        return false;
    size_t length = unhex(&columns[3], bytes);
    for (size_t cut = 0; cut < length; cut++)
        if (wire_judge(from, bytes, cut).verdict != WIRE_MORE)
            return false;
    struct wire_judgement j = wire_judge(from, bytes, length);
    return j.verdict == WIRE_MESSAGE && j.consumed == length &&
           (!j.again || (j.again->length == length && !memcmp(j.again->at, bytes, length)));
}

static void check_lines(const char *at, const char *end,
                        bool (*met)(const struct column *, unsigned), struct tally *t)
{
    struct column columns[COLUMNS_MAX];
    for (const char *stop; at < end; at = stop + 1) {
        stop = memchr(at, '\n', (size_t)(end - at));
        if (!stop)
            stop = end;
        if (at == stop || *at == '#')
            continue;
        t->checked++;
        if (met(columns, split(at, stop, columns)))
            continue;
        t->wrong++;
        if (verbose)
            output_format("not met: %.*s\n", (int)(stop - at), at);
    }
}

static unsigned long report(const char *what, const char *begin, const char *end,
                            bool (*met)(const struct column *, unsigned))
{
    struct tally t = {0, 0};
    check_lines(begin, end, met, &t);
    output_format("%-16s %5lu met, %lu not\n", what, t.checked - t.wrong, t.wrong);
    return t.checked ? t.wrong : 1; /* none at all: the program was built without them */
}

int wire_check(int argc, char **argv)
{
    struct command_line c = {.program = "intproxy-wire check", .rows = rows};
    int status;
    if (!command_line_start(&c, argc, argv, usage, examples, NULL, &status))
        return status;
    output_keeps_verdict();
    unsigned long wrong =
        report("named messages", wire_check_named_begin, wire_check_named_end, named_is_met) +
        report("verdicts", wire_check_cases_begin, wire_check_cases_end, case_is_met);
    output_flush();
    return wrong != 0;
}
