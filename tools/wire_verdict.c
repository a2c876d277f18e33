/* tools/wire_verdict.c -- intproxy-wire verdict: what the original would say of some bytes. */
#include "messages/hex.h"
#include "tools/wire_canonical.h"
#include "tools/wire_commands.h"
#include "tools/wire_lines.h"
#include "tools/wire_options.h"
#include "tools/output.h"
#include "tools/wire_show.h"
#include <string.h>

static const struct option_row rows[] = {
    OPTION_HELP_ROW,
    {0},
};

static const char usage[] = "intproxy-wire verdict <LINES >VERDICTS";
static const char examples[] =
    "Reads lines of who speaks, a TAB, and bytes in hexadecimal; writes a line for each, about "
    "its\n"
    "first message:\n"
    "\n"
    "  ok<TAB>CONSUMED<TAB>HEX    whole; the bytes that the original would write for it (* if it\n"
    "                             holds a set or a map of two and more, whose order is free)\n"
    "  more                       not whole\n"
    "  bad                        malformed, or longer than anything could be\n"
    "\n"
    "  printf 'agent\\t07\\nclient\\tff\\n' | intproxy-wire verdict\n"
    "\n"
    "exit status: 0; 2 a mistake on the command line; 65 a line is not of this form\n";

static void say(const struct wire_judgement *j)
{
    if (j->verdict != WIRE_MESSAGE) {
        output_text(j->verdict == WIRE_MORE ? "more\n" : "bad\n");
        return;
    }
    output_format("ok\t%zu\t", j->consumed);
    if (j->again)
        output_hex(j->again->at, j->again->length);
    else
        output_text("*");
    output_text("\n");
}

static int judge_line(void *context, const struct wire_line *line)
{
    (void)context;
    enum wire_from from;
    size_t word = strcspn(line->text, "\t");
    if (line->text[word] != '\t' || !wire_from_parse(line->text, word, &from))
        return wire_line_mistake(line, EXIT_DATA,
                                 "agent or client, a TAB and hexadecimal digits belong here");
    char *digits = line->text + word + 1;
    size_t n = line->length - word - 1;
    if (!hex_read(digits, n, (uint8_t *)digits))
        return wire_line_mistake(line, EXIT_DATA, "these are no hexadecimal digits in pairs");
    struct wire_judgement j = wire_judge(from, (uint8_t *)digits, n / 2);
    say(&j);
    return 0;
}

int wire_verdict(int argc, char **argv)
{
    struct command_line c = {.program = "intproxy-wire verdict", .rows = rows};
    int status;
    if (!command_line_start(&c, argc, argv, usage, examples, NULL, &status))
        return status;
    status = wire_lines_read("-", judge_line, NULL);
    output_flush();
    return status;
}
