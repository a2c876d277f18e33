/* tools/trace_convert.c -- `intproxy-trace convert`: a trace in the forms that other tools read.
 *
 * The forms stand in files of their own, trace_convert_FORM.c; here is what they have in common: options, reading,
 * what is wanted, where it goes, and what is said at the end.
 */
#include "tools/trace_convert.h"
#include "tools/output.h"
#include "tools/trace_commands.h"
#include "tools/trace_filter.h"
#include "tools/trace_options.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct convert_form *const forms[] = {&convert_jsonl, &convert_har, &convert_curl,
                                                   &convert_pcapng, &convert_requests};
enum { FORMS = sizeof forms / sizeof forms[0] };

static struct {
    struct trace_files files;
    enum gather_at at;
    const char *to, *from, *out, *to_host, *filter;
    bool fields, has_at, renumber, no_redact, no_messages, no_streams;
    struct trace_redaction redaction;
} asked;

/* ---- options --------------------------------------------------------------------------------- */

static const struct convert_form *form_of(const char *name)
{
    for (unsigned i = 0; name && i < FORMS; i++)
        if (strcmp(forms[i]->name, name) == 0)
            return forms[i];
    return NULL;
}

static void take_to(struct command_line *c, const char *value)
{
    asked.to = value;
    if (!form_of(value))
        command_line_mistake(c, "\"%s\" is no form: write jsonl, har, curl, pcapng or requests",
                             value);
}

static void take_from(struct command_line *c, const char *value)
{
    asked.from = value;
    if (strcmp(value, "jsonl") != 0)
        command_line_mistake(c, "\"%s\" is not read: only jsonl is", value);
}

static void take_out(struct command_line *c, const char *value)
{
    asked.out = value;
    if (!*value)
        command_line_mistake(c, "a name is missing");
}

static void take_to_host(struct command_line *c, const char *value)
{
    struct address a;
    char error[160];
    asked.to_host = value;
    if (!address_parse(&a, value, error))
        command_line_mistake(c, "%s", error);
}

static void take_at(struct command_line *c, const char *value)
{
    asked.at = strcmp(value, "remote") ? GATHER_APPLICATION : GATHER_REMOTE;
    asked.has_at = true;
    if (strcmp(value, "remote") != 0 && strcmp(value, "application") != 0)
        command_line_mistake(c, "\"%s\" is neither application nor remote", value);
}

static void take_no_redact(struct command_line *c, const char *value)
{
    (void)c, (void)value;
    asked.no_redact = true;
}

static void take_key(struct command_line *c, const char *value)
{
    trace_redaction_key_file(&asked.redaction, c, value);
}

static void take_rules(struct command_line *c, const char *value)
{
    trace_redaction_rules_file(&asked.redaction, c, value);
}

static void take_no_messages(struct command_line *c, const char *value)
{
    (void)c, (void)value;
    asked.no_messages = true;
}

static void take_no_streams(struct command_line *c, const char *value)
{
    (void)c, (void)value;
    asked.no_streams = true;
}

static void take_renumber(struct command_line *c, const char *value)
{
    (void)c, (void)value;
    asked.renumber = true;
}

static void take_fields(struct command_line *c, const char *value)
{
    (void)c, (void)value;
    asked.fields = true;
}

/* Looked at here, made anew for each reading: it remembers what it has seen. */
static void take_filter(struct command_line *c, const char *value)
{
    struct trace_filter *filter = NULL;
    trace_option_filter(c, value, &filter);
    trace_filter_free(filter);
    asked.filter = value;
}

static void take_file(struct command_line *c, const char *value)
{
    trace_option_file(c, value, &asked.files);
}

static const struct option_row rows[] = {
    {"--to", "FORM", "jsonl, har, curl, pcapng or requests", take_to, ONCE},
    {"--from", "FORM", "jsonl: the other way, a trace file is made of it", take_from, ONCE},
    {"-o", "OUT", "where it goes; default: standard output. requests: DIR/ makes a file of each",
     take_out, ONCE},
    {"--filter", "EXPR",
     "jsonl, messages of pcapng: the records that it wants; else the exchanges\nand connections "
     "that "
     "have such a record; --fields explains it",
     take_filter, ONCE},
    {"--fields", NULL, "explain the filter language and its fields, and end", take_fields, ONCE},
    {"--renumber", NULL,
     "--from jsonl: records are numbered anew, for lines that a filter has\nchosen: a trace has no "
     "gaps",
     take_renumber, ONCE},
    {"--at", "SIDE",
     "har, curl, requests: exchanges with the application, or of the stand-in\nagent with its "
     "remote "
     "clients; default: application, remote for traces of intproxy-agent",
     take_at, ONCE},
    {"--no-redact", NULL, "secrets stay as they were recorded, see intproxy-trace redact --help",
     take_no_redact, ONCE},
    {"--rules", "FILE", "what else is secret, or is not: rules as redact has them", take_rules,
     REPEATABLE},
    {"--key", "FILE", "with the same key, equal secrets become equal in all files", take_key, ONCE},
    {"--to-host", "HOST:PORT", "curl: whom the commands ask; default: the recorded destination",
     take_to_host, ONCE},
    {"--no-messages", NULL, "pcapng: only what went over sockets", take_no_messages, ONCE},
    {"--no-streams", NULL, "pcapng: only the messages between actors", take_no_streams, ONCE},
    OPTION_HELP_ROW,
    {NULL, NULL, NULL, NULL, ONCE},
};

static const char usage[] = "intproxy-trace convert FILE... --to FORM [-o OUT] [OPTION]...\n"
                            "       intproxy-trace convert --from jsonl FILE -o OUT.trace";
static const char examples[] =
    "FILE: a trace, or the parts of one in any order; - is standard input.\n"
    "\n"
    "  jsonl     all of it, one JSON object a line, and back again; its form is below\n"
    "  har       HTTP Archive 1.2: an entry an exchange, for browsers' tools; answers are without\n"
    "            gzip, deflate and br, or the entry's comment says why they are not\n"
    "  curl      a shell script: a curl command a request; where the answer had no end (it was\n"
    "            upgraded, or not over) curl gives up after 5 s\n"
    "  requests  the requests as HTTP/1.1 text, behind lines \"### exchange ...\"\n"
    "  pcapng    packets for wireshark and tshark: a TCP connection for each socket, so that "
    "\"follow\n"
    "            stream\" works, and a line for each message between actors\n"
    "\n"
    "Secrets (what redact hides, too) are replaced unless --no-redact is given; not in what stays\n"
    "compressed, which har, curl and requests count on standard error. What the trace has not\n"
    "whole (--trace-bodies) is marked where it stands, counted there, too, and never made up.\n"
    "\n"
    "  intproxy-trace convert run.trace --to har -o run.har\n"
    "  intproxy-trace convert run.trace --to curl --to-host 127.0.0.1:8080 | sh\n"
    "  intproxy-trace convert run.trace --to pcapng -o run.pcapng && wireshark run.pcapng\n"
    "\n"
    "JSON lines: the first line is the beginning of a file, {\"intproxy_trace_jsonl\":1, header, "
    "kinds,\n"
    "types, effects, settings}; each other line is a record:\n"
    "\n"
    "  what            call, end, undelivered, lagged, note\n"
    "  seq             its number;  now_us: the time that the actor saw;  ended_ns, took_ns: of "
    "the call\n"
    "  from, to        actors as \"worker.slot.generation\", null is nobody;  type: of `to`\n"
    "  number          it is the n-th that `to` heard;  worker, exchange, actor_exchange, flags: "
    "numbers\n"
    "  kind, fields    the message: numbers, true and false, actors, bytes\n"
    "  effects         what `to` did then: [{\"effect\":\"write\",\"n\":0,\"bytes\":..}, ..]\n"
    "  lost            of lagged;  text: of note;  effects_rest: what could not be read of "
    "effects\n"
    "\n"
    "  bytes are \"text\" if they are UTF-8 without control characters, else {\"hex\":\"00ff\"}; "
    "of what\n"
    "  was not kept whole {\"length\":N,\"hash\":\"0x..\",\"text\":..}. Numbers beyond 2^53 are "
    "strings.\n"
    "  Names and meanings stay, members may be added. Back again, frames are the same byte for "
    "byte.\n"
    "\n"
    "exit status: 0; 2 a mistake on the command line; 65 the input is damaged, or no trace; 74\n"
    "something cannot be read or written\n";

static void check_forms(struct command_line *c)
{
    if (!asked.to == !asked.from)
        command_line_mistake(c, "say what it is to become: --to jsonl, har, curl, pcapng or "
                                "requests; or --from jsonl");
    if (asked.from && !asked.out)
        command_line_mistake(c, "--from jsonl needs -o OUT.trace");
    if (asked.no_messages && asked.no_streams)
        command_line_mistake(c, "--no-messages and --no-streams leave nothing");
}

static void check(struct command_line *c)
{
    const struct convert_form *form = form_of(asked.to);
    c->option = NULL;
    if (asked.fields)
        return;
    trace_files_check(c, &asked.files, 0);
    check_forms(c);
    if (asked.no_redact && (asked.redaction.key || command_line_given(c, "--rules")))
        command_line_mistake(c, "--no-redact: then there is no use for --rules and --key");
    if (asked.renumber && !asked.from)
        command_line_mistake(c, "--renumber belongs to --from jsonl");
    if (asked.filter && asked.from)
        command_line_mistake(c, "--filter belongs to --to");
    if (asked.has_at && !(form && form->exchange))
        command_line_mistake(c, "--at belongs to --to har, curl, requests");
    if (asked.to_host && form != &convert_curl)
        command_line_mistake(c, "--to-host belongs to --to curl");
    if ((asked.no_messages || asked.no_streams) && form != &convert_pcapng)
        command_line_mistake(c, "--no-messages and --no-streams belong to --to pcapng");
    if (asked.out && convert_is_directory(asked.out) && form != &convert_requests)
        command_line_mistake(c, "-o %s: a directory is for --to requests", asked.out);
}

/* ---- what is said at the end ----------------------------------------------------------------- */

static void say(uint64_t count, const char *what)
{
    if (count)
        fprintf(stderr, "intproxy-trace: convert: %" PRIu64 " %s\n", count, what);
}

static void say_counts(const struct convert *c)
{
    if (c->form->exchange) {
        say(c->raw, "raw connections are no HTTP and are left out");
        say(c->unfinished, "exchanges are not whole, which is said with them");
        say(c->headless, "requests are left out: their heads are not in the trace, or cannot be "
                         "written");
    }
    if (c->redaction && c->form->exchange)
        say(c->coded, "bodies are compressed still: what is secret in them is not replaced");
    else if (c->redaction)
        trace_redaction_say_coded(c->redaction, "convert");
    if (c->capped)
        fprintf(stderr,
                "intproxy-trace: convert: %" PRIu64 " bodies are not whole in the trace, "
                "%" PRIu64 " bytes of them are missing (--trace-bodies)\n",
                c->capped, c->capped_bytes);
}

static int convert(void)
{
    static struct convert c;
    c = (struct convert){.form = form_of(asked.to),
                         .paths = asked.files.names,
                         .count = asked.files.count,
                         .filter = asked.filter,
                         .to_host = asked.to_host,
                         .no_messages = asked.no_messages,
                         .no_streams = asked.no_streams,
                         .redaction = asked.no_redact ? NULL : &asked.redaction,
                         .at = asked.at,
                         .has_at = asked.has_at};
    if (!convert_open(&c, asked.out))
        return EXIT_IO;
    int status = convert_read(&c);
    convert_close(&c);
    say_counts(&c);
    return c.failed ? EXIT_IO : status;
}

static int run(int argc, char **argv)
{
    struct command_line line = {
        .program = "intproxy-trace convert", .rows = rows, .argument = take_file};
    int status;
    if (!command_line_start(&line, argc, argv, usage, examples, check, &status))
        return status;
    if (asked.fields) {
        trace_filter_help();
        output_flush();
        return 0;
    }
    if (asked.from)
        return convert_from_jsonl(asked.files.names, asked.files.count, asked.out, asked.renumber);
    return convert();
}

int trace_convert(int argc, char **argv)
{
    trace_redaction_create(&asked.redaction);
    int status = run(argc, argv);
    trace_redaction_destroy(&asked.redaction);
    return status;
}
