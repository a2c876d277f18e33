/* tools/trace_tree.c -- intproxy-trace tree: one exchange as a story, or a list of all. */
#include "tools/output.h"
#include "messages/exchange_number.h"
#include "tools/trace_commands.h"
#include "tools/trace_input.h"
#include "tools/trace_options.h"
#include "tools/trace_reread.h"
#include "tools/trace_run.h"
#include "tools/trace_tree.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static struct {
    struct trace_files files;
    struct trace_tree tree;
    uint32_t exchange;
    uint64_t connection, request;
    bool by_exchange, by_connection, by_request;
} asked = {.tree = {.gap_ns = 1000000}};

static struct trace_text text;

/* ---- options --------------------------------------------------------------------------------- */

static void take_exchange(struct command_line *c, const char *value)
{
    trace_option_exchange(c, value, &asked.exchange);
    asked.by_exchange = true;
}

static void take_connection(struct command_line *c, const char *value)
{
    trace_option_number(c, value, UINT64_MAX, &asked.connection);
    asked.by_connection = true;
}

static void take_request(struct command_line *c, const char *value)
{
    trace_option_number(c, value, UINT16_MAX, &asked.request);
    asked.by_request = true;
}

static void take_gap(struct command_line *c, const char *value)
{
    if (!command_line_time(value, 0, &asked.tree.gap_ns))
        command_line_mistake(c, "\"%s\" is no time: write for example 500us or 2ms", value);
}

static void take_no_effects(struct command_line *c, const char *value)
{
    (void)c, (void)value;
    asked.tree.no_effects = true;
}

static void take_file(struct command_line *c, const char *value)
{
    trace_option_file(c, value, &asked.files);
}

static const struct option_row rows[] = {
    {"--exchange", "N",
     "tell the story of the exchange with this number (the stand-in agent's: a7)", take_exchange,
     ONCE},
    {"--conn", "C", "... of those with this connection id", take_connection, ONCE},
    {"--request", "R", "... and this request id", take_request, ONCE},
    {"--gap", "TIME", "a pause from which on it is said what was waited for (1ms)", take_gap, ONCE},
    {"--no-effects", NULL, "without what the actors did then", take_no_effects, ONCE},
    OPTION_HELP_ROW,
    {NULL, NULL, NULL, NULL, ONCE},
};

static const char usage[] = "intproxy-trace tree [OPTION]... FILE...";
static const char examples[] =
    "Without --exchange or --conn: a list of all exchanges, one a line. With one of them: what "
    "arrived,\n"
    "and who said what to whom, in the order of time since the exchange began; what a call sent "
    "stands\n"
    "further to the right than that call. Records of other exchanges that led to one of this are "
    "there\n"
    "too, with their ids. - is standard input.\n"
    "\n"
    "  intproxy-trace tree run.trace\n"
    "  intproxy-trace tree --conn 7 --request 0 run.trace\n"
    "  intproxy-trace tree --exchange 12 --gap 100us run.trace\n"
    "\n"
    "exit status: 0; 1 there is no such exchange; 2 a mistake on the command line; 65 damaged "
    "places;\n"
    "74 not readable\n";

static void check(struct command_line *c)
{
    trace_files_check(c, &asked.files, 0);
    if (asked.by_exchange && asked.by_connection)
        command_line_mistake(c, "--exchange and --conn: leave one out");
    if (asked.by_request && !asked.by_connection)
        command_line_mistake(c, "--request needs --conn");
}

/* ---- the list -------------------------------------------------------------------------------- */

static void put_listed(const struct trace_exchange *x, uint64_t began_ns)
{
    const struct trace_record none = {.exchange = x->number};
    char number[EXCHANGE_TEXT_MAX];
    size_t from = text.length;
    trace_text_format(&text, "%8s  [", exchange_number_print(x->number, number));
    trace_line_exchange(&text, &none, x);
    trace_text_char(&text, ']');
    trace_text_pad(&text, from, 24);
    trace_text_word(&text, " at ");
    trace_text_seconds(&text, x->began_ns > began_ns ? x->began_ns - began_ns : 0);
    trace_text_word(&text, " took ");
    from = text.length;
    trace_text_time(&text, x->ended_ns - x->began_ns);
    trace_text_pad(&text, from, 9);
    trace_text_format(&text, " %6" PRIu64 " records  ", x->records);
    trace_tree_title(&text, x);
    trace_text_char(&text, '\n');
    if (text.length > 60000)
        trace_text_print(&text);
}

static void list(struct trace_exchanges *exchanges, uint64_t began_ns, uint64_t lost)
{
    if (lost)
        fprintf(stderr,
                "intproxy-trace: %" PRIu64
                " calls were lost while the trace was recorded (lagged): "
                "not every exchange is whole\n",
                lost);
    for (struct trace_exchange *x = trace_exchange_first(exchanges); x; x = trace_exchange_next(x))
        put_listed(x, began_ns);
    if (!trace_exchange_first(exchanges))
        trace_text_word(&text, "no record is about an exchange\n");
}

/* ---- passes ---------------------------------------------------------------------------------- */

static bool is_asked_for(const struct trace_exchange *x)
{
    if (asked.by_exchange)
        return x->number == asked.exchange;
    return x->has_ids && x->connection == asked.connection &&
           (!asked.by_request || (!x->raw && x->request == asked.request));
}

static int tell_all(struct trace_exchanges *exchanges)
{
    unsigned told = 0;
    for (struct trace_exchange *x = trace_exchange_first(exchanges); x; x = trace_exchange_next(x))
        if (is_asked_for(x)) {
            trace_text_word(&text, told++ ? "\n" : "");
            trace_tree_tell(&asked.tree, &text, asked.files.names, asked.files.count, exchanges, x);
        }
    if (told)
        return 0;
    fprintf(stderr, "intproxy-trace: no exchange is like that; without --exchange and --conn tree "
                    "lists all\n");
    return 1;
}

static int tree(void)
{
    struct trace_input in = {0};
    struct trace_record r;
    struct trace_exchanges *exchanges = trace_exchanges_new();
    struct trace_run run = {0};
    bool is_one = true; /* exchanges of two runs have the same numbers */
    uint64_t lost = 0;
    int status = 0;
    trace_input_open(&in, asked.files.names, asked.files.count);
    for (bool first = true; is_one && trace_input_next(&in, &r); first = false) {
        if (first)
            asked.tree.began_ns = trace_began_ns(&r);
        trace_exchanges_take(exchanges, &r);
        lost += r.what == TRACE_LAGGED ? r.lost : 0;
        is_one = trace_run_goes_on(&run, &in);
    }
    if (!is_one)
        status = EXIT_DATA;
    else if (asked.by_exchange || asked.by_connection)
        status = tell_all(exchanges);
    else
        list(exchanges, asked.tree.began_ns, lost);
    trace_text_print(&text);
    output_flush();
    status = trace_input_status(&in) ? trace_input_status(&in) : status;
    trace_exchanges_free(exchanges);
    trace_input_close(&in);
    return status;
}

int trace_tree(int argc, char **argv)
{
    struct command_line c = {.program = "intproxy-trace tree", .rows = rows, .argument = take_file};
    int status;
    if (!command_line_start(&c, argc, argv, usage, examples, check, &status))
        return status;
    asked.tree.colour = output_has_colour();
    status = trace_reread_keep(asked.files.names, asked.files.count) ? tree() : EXIT_IO;
    trace_text_free(&text);
    return status;
}
