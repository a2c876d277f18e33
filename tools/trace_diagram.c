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
#include "tools/trace_redaction.h"
#include "tools/trace_reread.h"
#include "tools/trace_run.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST = 200, BYTES_MAX = 2048 };
#define BYTES_MOST (UINT64_C(1) << 30)

static struct {
    struct trace_files files;
    const char *out; /* NULL: standard output */
    bool mermaid, html;
    bool plain; /* --no-redact */
    struct trace_redaction redaction;
    uint64_t most, bytes_max;
    uint32_t exchange;
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
    trace_option_exchange(c, value, &asked.exchange);
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

static void take_no_redact(struct command_line *c, const char *value)
{
    (void)c, (void)value;
    asked.plain = true;
}

static void take_rules(struct command_line *c, const char *value)
{
    trace_redaction_rules_file(&asked.redaction, c, value);
}

static void take_key(struct command_line *c, const char *value)
{
    trace_redaction_key_file(&asked.redaction, c, value);
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
    {"--exchange", "N", "messages of this exchange alone (the stand-in agent's: a7)", take_exchange,
     ONCE},
    {"--most", "N", "with --mermaid: no more messages (default 200)", take_most, ONCE},
    {"--bytes-max", "SIZE", "with --html: no more of the bytes of one message (default 2K)",
     take_bytes_max, ONCE},
    {"", NULL, "Secrets, which are redacted: see intproxy-trace redact --help", NULL, ONCE},
    {"--no-redact", NULL, "show them as they are", take_no_redact, ONCE},
    {"--rules", "FILE", "what else is secret, or is none", take_rules, REPEATABLE},
    {"--key", "FILE", "with the same key, equal secrets are shown as equal in all diagrams",
     take_key, ONCE},
    OPTION_HELP_ROW,
    {0},
};

static const char usage[] = "intproxy-trace diagram FILE... --mermaid | --html [OPTION]...";

static const char examples[] =
    "Who said what to whom, as arrows between lifelines: the agent, the actors of the program, "
    "the\n"
    "application. Bytes on a link are shown as the messages that they are. Pieces of one body are "
    "drawn as\n"
    "one arrow (in the page they unfold). FILE is a trace, its parts in any order, or - for "
    "standard input.\n"
    "\n"
    "  intproxy-trace diagram t.trace --html -o t.html && xdg-open t.html\n"
    "  intproxy-trace diagram t.trace --mermaid --exchange 7\n"
    "  intproxy-trace diagram t.trace --html --filter 'path ~ \"/api\" && t < 2s' -o t.html\n"
    "\n"
    "exit status: 0; 1 there is no such exchange; 2 a mistake on the command line; 65 damaged data "
    "(what can\n"
    "be read is drawn); 74 a file cannot be read or written\n";

static void check_secrets(struct command_line *c)
{
    if (asked.plain && (command_line_given(c, "--rules") || command_line_given(c, "--key")))
        command_line_mistake(c, "--no-redact and rules or a key are two things, leave one out");
}

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
    check_secrets(c);
}

/* ---- the work ---- */

/* What leaves the machine goes through here: a record as it may be seen. NULL: what was learned of the files is
 * over, they have grown since. */
static const struct trace_record *shown_record(const struct trace_input *in,
                                               const struct trace_record *r)
{
    return asked.plain ? r : redactor_apply(asked.redaction.redactor, in->reader, r);
}

/* Of what was recorded: a filter may ask for what is secret. */
static bool wants(struct trace_exchanges *recorded, const struct trace_record *r)
{
    return !asked.filter || trace_filter_wants(asked.filter, r, trace_exchanges_take(recorded, r));
}

static void take(struct diagram *d, struct trace_input *in, const struct trace_record *r,
                 bool wanted)
{
    trace_exchanges_take(d->exchanges, r);
    diagram_take(d, in->reader, r, wanted);
}

/* False, and said: the files are of several runs, whose actors and exchanges have the same numbers. */
static bool read_records(struct diagram *d, struct trace_input *in,
                         struct trace_exchanges *recorded)
{
    struct trace_record record;
    struct trace_run run = {0};
    if (asked.filter)
        trace_filter_reader(asked.filter, in->reader);
    while (trace_input_next(in, &record)) {
        bool wanted = wants(recorded, &record);
        const struct trace_record *shown = shown_record(in, &record);
        if (!shown) {
            fprintf(stderr,
                    "intproxy-trace: the trace has grown since secrets were looked for: what "
                    "is new is not drawn\n");
            return true;
        }
        take(d, in, shown, wanted);
        if (!trace_run_goes_on(&run, in))
            return false;
    }
    return true;
}

static bool read_all(struct diagram *d, struct trace_input *in)
{
    struct trace_exchanges *recorded = trace_exchanges_new();
    bool is_one = read_records(d, in, recorded);
    trace_exchanges_free(recorded);
    return is_one;
}

/* free() it. */
static char *shown_text(const char *text)
{
    return !text         ? NULL
           : asked.plain ? strdup(text)
                         : redactor_text(asked.redaction.redactor, text);
}

static void write_page(const struct diagram *d, const struct trace_input *in)
{
    const char *name = trace_reread_shown(asked.files.names[0]);
    const char *slash = strrchr(name, '/');
    struct trace_about about = *trace_input_about(in);
    char *options = shown_text(about.options), *why = shown_text(about.why);
    char *filter = shown_text(asked.filter_text);
    about.options = options;
    about.why = why;
    struct trace_html page = {
        .title = slash ? slash + 1 : name,
        .about = &about,
        .filter = filter,
        .redacted = !asked.plain,
    };
    trace_html_write(d, &page);
    free(options);
    free(why);
    free(filter);
}

static bool out_is_input(void)
{
    return asked.out && trace_parts_refuse(asked.files.names, asked.files.count, asked.out);
}

/* Standard output becomes the file. */
static bool open_out(void)
{
    int fd = asked.out ? open(asked.out, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666) : -1;
    if (!asked.out)
        return true;
    if (fd >= 0 && dup2(fd, STDOUT_FILENO) >= 0 && close(fd) == 0) {
        output_named(asked.out);
        return true;
    }
    fprintf(stderr, "intproxy-trace: %s: %s\n", asked.out, strerror(errno));
    return false;
}

/* As tree says it. */
static int no_exchange(int damage)
{
    fprintf(stderr, "intproxy-trace: no exchange is like that; tree lists all\n");
    return damage ? damage : 1;
}

static int draw(struct diagram *d, const struct trace_input *in)
{
    int status = trace_input_status(in);
    if (status == 0 && in->files == 0)
        status = EXIT_DATA;
    bool found = diagram_finish(d, asked.exchange);
    if (in->files == 0)
        fprintf(stderr, "intproxy-trace: nothing in it is a trace, no diagram is made\n");
    else if (!found)
        status = no_exchange(status);
    else if (!open_out())
        status = EXIT_IO;
    else if (asked.html)
        write_page(d, in);
    else
        trace_mermaid_write(d, asked.most);
    output_flush();
    return status;
}

static int make(struct trace_input *in)
{
    struct diagram *d = diagram_new(&(struct diagram_options){asked.html ? asked.bytes_max : 0});
    int status = read_all(d, in) ? draw(d, in) : EXIT_DATA;
    diagram_free(d);
    return status;
}

static int read_and_make(void)
{
    struct trace_input in = {0};
    if (out_is_input())
        return EXIT_IO;
    if (!asked.plain && !trace_reread_keep(asked.files.names, asked.files.count))
        return EXIT_IO;
    int status = asked.plain ? 0
                             : trace_redaction_prepare(&asked.redaction, asked.files.names,
                                                       asked.files.count, true);
    if (status)
        return status;
    trace_input_open(&in, asked.files.names, asked.files.count);
    status = make(&in);
    trace_input_close(&in);
    trace_redaction_say_coded(&asked.redaction, asked.out ? asked.out : "diagram");
    return status;
}

int trace_diagram(int argc, char **argv)
{
    int status;
    struct command_line c = {
        .program = "intproxy-trace diagram", .rows = rows, .argument = take_file};
    trace_redaction_create(&asked.redaction);
    asked.most = MOST;
    asked.bytes_max = BYTES_MAX;
    if (command_line_start(&c, argc, argv, usage, examples, check, &status))
        status = read_and_make();
    trace_filter_free(asked.filter);
    trace_redaction_destroy(&asked.redaction);
    return status;
}
