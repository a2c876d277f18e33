/* tools/trace_diagram.c -- `intproxy-trace diagram`: a trace as a drawing; see trace_diagram.h */
#include "tools/trace_diagram.h"
#include "tools/command_line.h"
#include "tools/output.h"
#include "tools/trace_commands.h"
#include "tools/trace_filter.h"
#include "tools/trace_html.h"
#include "tools/trace_input.h"
#include "tools/trace_mermaid.h"
#include "tools/trace_options.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { MOST = 200, BYTES_MAX = 2048 };
#define BYTES_MOST (UINT64_C(1) << 30)

static struct {
    struct trace_files files;
    const char *out; /* NULL: standard output */
    bool mermaid, html, help;
    uint64_t most, bytes_max, exchange;
    struct trace_filter *filter; /* NULL: everything */
    const char *filter_text;
} asked;

/* ---- options ---- */

static void take_file(struct command_line *c, const char *value)
{
    trace_option_file(c, value, &asked.files);
}

static void take_mermaid(struct command_line *c, const char *value)
{
    (void)c, (void)value;
    asked.mermaid = true;
}

static void take_html(struct command_line *c, const char *value)
{
    (void)c, (void)value;
    asked.html = true;
}

static void take_exchange(struct command_line *c, const char *value)
{
    if (!command_line_number(value, 1, UINT32_MAX, &asked.exchange))
        command_line_mistake(c, "\"%s\" is no number of an exchange: write for example 7", value);
}

static void take_filter(struct command_line *c, const char *value)
{
    asked.filter_text = value;
    trace_option_filter(c, value, &asked.filter);
}

static void take_most(struct command_line *c, const char *value)
{
    if (!command_line_number(value, 1, UINT32_MAX, &asked.most))
        command_line_mistake(c, "\"%s\" is no number of messages: write for example 500", value);
}

static void take_bytes_max(struct command_line *c, const char *value)
{
    if (!command_line_size(value, 0, BYTES_MOST, &asked.bytes_max))
        command_line_mistake(c, "\"%s\" is no size up to 1G: write for example 64 or 4K", value);
}

static void take_out(struct command_line *c, const char *value)
{
    (void)c;
    asked.out = value;
}

static void take_help(struct command_line *c, const char *value)
{
    (void)c, (void)value;
    asked.help = true;
}

static const struct option_row rows[] = {
    {"", NULL, "What is made", NULL, ONCE},
    {"--mermaid", NULL, "the text of a sequence diagram, for documents and issues", take_mermaid,
     ONCE},
    {"--html", NULL, "one page for a browser, which needs nothing else: search, colours, bytes",
     take_html, ONCE},
    {"-o", "FILE", "write it there (default: standard output)", take_out, ONCE},
    {"", NULL, "What is shown", NULL, ONCE},
    {"--filter", "EXPR",
     "only messages for which this holds: intproxy-trace show --fields explains", take_filter,
     ONCE},
    {"--exchange", "N", "messages of this exchange alone", take_exchange, ONCE},
    {"--most", "N", "with --mermaid: no more messages (default 200)", take_most, ONCE},
    {"--bytes-max", "SIZE", "with --html: no more of the bytes of one message (default 2K)",
     take_bytes_max, ONCE},
    {"--help", NULL, "this text", take_help, ONCE},
    {0},
};

static const char usage[] = "intproxy-trace diagram FILE... --mermaid | --html [OPTION]...";

static const char examples[] =
    "Who said what to whom, as arrows between lifelines: the agent, the actors of the program, "
    "the\n"
    "application. Bytes on a link are shown as the messages that they are. Pieces of one body are "
    "drawn as\n"
    "one arrow (in the page they unfold). FILE is a trace, its parts in order, or - for standard "
    "input.\n"
    "\n"
    "  intproxy-trace diagram t.trace --html -o t.html && xdg-open t.html\n"
    "  intproxy-trace diagram t.trace --mermaid --exchange 7\n"
    "  intproxy-trace diagram t.trace --html --filter 'path ~ \"/api\" && t < 2s' -o t.html\n"
    "\n"
    "exit status: 0; 2 a mistake on the command line; 65 damaged data (what can be read is drawn); "
    "74 a\n"
    "file cannot be read or written\n";

static void check(struct command_line *c)
{
    if (asked.mermaid == asked.html)
        command_line_mistake(c, asked.html ? "--mermaid and --html are two things, leave one out"
                                           : "say what to make: --mermaid or --html");
    trace_files_check(c, &asked.files, 0);
    if (asked.html && command_line_given(c, "--most"))
        command_line_mistake(c, "--most is for --mermaid alone, leave it out");
    if (asked.mermaid && command_line_given(c, "--bytes-max"))
        command_line_mistake(c, "--bytes-max is for --html alone, leave it out");
}

/* ---- the work ---- */

/* What leaves the machine goes through here: a record as it may be seen. */
static const struct trace_record *shown_record(const struct trace_record *r)
{
    return r;
}

static void take(struct diagram *d, struct trace_input *in, const struct trace_record *r)
{
    const struct trace_exchange *x = trace_exchanges_take(d->exchanges, r);
    diagram_take(d, in->reader, r, !asked.filter || trace_filter_wants(asked.filter, r, x));
}

static void read_all(struct diagram *d, struct trace_input *in)
{
    struct trace_record record;
    if (asked.filter)
        trace_filter_reader(asked.filter, in->reader);
    while (trace_input_next(in, &record))
        take(d, in, shown_record(&record));
}

static void write_page(const struct diagram *d, const struct trace_input *in)
{
    const char *slash = strrchr(asked.files.names[0], '/');
    struct trace_html page = {
        .title = slash ? slash + 1 : asked.files.names[0],
        .about = trace_input_about(in),
        .filter = asked.filter_text,
    };
    trace_html_write(d, &page);
}

/* Standard output becomes the file. */
static bool open_out(void)
{
    int fd = asked.out ? open(asked.out, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666) : -1;
    if (!asked.out)
        return true;
    if (fd >= 0 && dup2(fd, STDOUT_FILENO) >= 0 && close(fd) == 0)
        return true;
    fprintf(stderr, "intproxy-trace: %s: %s\n", asked.out, strerror(errno));
    return false;
}

static int make(struct trace_input *in)
{
    struct diagram *d = diagram_new(&(struct diagram_options){asked.html ? asked.bytes_max : 0});
    int status;
    read_all(d, in);
    status = trace_input_status(in);
    if (status == 0 && in->files == 0)
        status = EXIT_DATA;
    diagram_finish(d, (uint32_t)asked.exchange);
    if (in->files == 0)
        fprintf(stderr, "intproxy-trace: nothing in it is a trace, no diagram is made\n");
    else if (!open_out())
        status = EXIT_IO;
    else if (asked.html)
        write_page(d, in);
    else
        trace_mermaid_write(d, asked.most);
    output_flush();
    diagram_free(d);
    return status;
}

int trace_diagram(int argc, char **argv)
{
    int status;
    struct trace_input in = {0};
    struct command_line c = {
        .program = "intproxy-trace diagram", .rows = rows, .argument = take_file};
    asked.most = MOST;
    asked.bytes_max = BYTES_MAX;
    if (!command_line_start(&c, argc, argv, &asked.help, usage, examples, check, &status))
        return status;
    trace_input_open(&in, asked.files.names, asked.files.count);
    status = make(&in);
    trace_input_close(&in);
    trace_filter_free(asked.filter);
    return status;
}
