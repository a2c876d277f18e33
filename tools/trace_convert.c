/* tools/trace_convert.c -- `intproxy-trace convert`: a trace in the forms that other tools read.
 *
 * The forms stand in files of their own, trace_convert_FORM.c; here is what they have in common: options, reading,
 * what is wanted, where it goes, and what is said at the end.
 */
#include "tools/trace_convert.h"
#include "tools/command_line.h"
#include "tools/output.h"
#include "tools/trace_commands.h"
#include "tools/trace_input.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES_MAX = 4096, FLUSH_BYTES = 256 << 10 };

static const struct convert_form *const forms[] = {&convert_jsonl, &convert_har, &convert_curl,
                                                   &convert_pcapng, &convert_requests};
enum { FORMS = sizeof forms / sizeof forms[0] };

static struct {
    const char *paths[FILES_MAX];
    unsigned count;
    const char *to, *from, *out, *to_host;
    bool help, no_redact, no_messages, no_streams;
} asked;

/* ---- options --------------------------------------------------------------------------------- */

static void take_help(struct command_line *c, const char *value)
{
    (void)c, (void)value;
    asked.help = true;
}

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

static void take_no_redact(struct command_line *c, const char *value)
{
    (void)c, (void)value;
    asked.no_redact = true;
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

static void take_file(struct command_line *c, const char *value)
{
    if (asked.count == FILES_MAX)
        command_line_mistake(c, "too many files, %d at most", FILES_MAX);
    else
        asked.paths[asked.count++] = value;
}

static const struct option_row rows[] = {
    {"--to", "FORM", "jsonl, har, curl, pcapng or requests", take_to, ONCE},
    {"--from", "FORM", "jsonl: the other way, a trace file is made of it", take_from, ONCE},
    {"-o", "OUT", "where it goes; default: standard output. requests: DIR/ makes a file of each",
     take_out, ONCE},
    {"--no-redact", NULL, "secrets stay as they were recorded", take_no_redact, ONCE},
    {"--to-host", "HOST:PORT", "curl: whom the commands ask; default: the recorded destination",
     take_to_host, ONCE},
    {"--no-messages", NULL, "pcapng: only what went over sockets", take_no_messages, ONCE},
    {"--no-streams", NULL, "pcapng: only the messages between actors", take_no_streams, ONCE},
    {"--help", NULL, "this text", take_help, ONCE},
    {0},
};

static const char usage[] = "intproxy-trace convert FILE... --to FORM [-o OUT] [OPTION]...\n"
                            "       intproxy-trace convert --from jsonl FILE -o OUT.trace";
static const char examples[] =
    "FILE: a trace, or the parts of one in their order; - is standard input.\n"
    "\n"
    "  jsonl     all of it, one JSON object a line, and back again; its form is below\n"
    "  har       HTTP Archive 1.2: an entry an exchange, for browsers' tools\n"
    "  curl      a shell script: a curl command a request\n"
    "  requests  the requests as HTTP/1.1 text, behind lines \"### exchange ...\"\n"
    "  pcapng    packets for wireshark and tshark: a TCP connection for each socket, so that "
    "\"follow\n"
    "            stream\" works, and a line for each message between actors\n"
    "\n"
    "What the trace has not whole (--trace-bodies) is marked where it stands, counted on standard\n"
    "error, and never made up.\n"
    "\n"
    "  intproxy-trace convert run.trace --to har -o run.har\n"
    "  intproxy-trace convert run.trace --to curl --to-host 127.0.0.1:8080 | sh\n"
    "  intproxy-trace convert run.trace --to pcapng -o run.pcapng && wireshark run.pcapng\n"
    "\n"
    "exit status: 0; 2 a mistake on the command line; 65 the input is damaged, or no trace; 74\n"
    "something cannot be read or written\n";

static bool is_directory(const char *name)
{
    struct stat s;
    return name && (name[strlen(name) - 1] == '/' || (stat(name, &s) == 0 && S_ISDIR(s.st_mode)));
}

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
    if (!asked.count)
        command_line_mistake(c, "name a file, or - for standard input");
    check_forms(c);
    if (asked.to_host && form != &convert_curl)
        command_line_mistake(c, "--to-host belongs to --to curl");
    if ((asked.no_messages || asked.no_streams) && form != &convert_pcapng)
        command_line_mistake(c, "--no-messages and --no-streams belong to --to pcapng");
    if (asked.out && is_directory(asked.out) && form != &convert_requests)
        command_line_mistake(c, "-o %s: a directory is for --to requests", asked.out);
}

/* ---- where it goes --------------------------------------------------------------------------- */

static bool is_same_file(const char *name, const struct stat *s)
{
    struct stat other;
    return stat(name, &other) == 0 && other.st_dev == s->st_dev && other.st_ino == s->st_ino &&
           S_ISREG(s->st_mode);
}

int convert_create(const char *name, const char *const *inputs, unsigned count)
{
    struct stat s;
    int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    for (unsigned i = 0; fd >= 0 && fstat(fd, &s) == 0 && i < count; i++)
        if (is_same_file(inputs[i], &s)) {
            fprintf(stderr, "intproxy-trace: %s: is what is to be read, write to another file\n",
                    name);
            close(fd);
            return -1;
        }
    /* a pipe or a device has no length */
    if (fd < 0 || (S_ISREG(s.st_mode) && ftruncate(fd, 0) != 0)) {
        fprintf(stderr, "intproxy-trace: %s: %s\n", name, strerror(errno));
        if (fd >= 0)
            close(fd);
        return -1;
    }
    return fd;
}

bool convert_write(int fd, const char *name, const struct trace_out *out)
{
    for (size_t at = 0; at < out->length;) {
        ssize_t n = write(fd, out->bytes + at, out->length - at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            fprintf(stderr, "intproxy-trace: %s: %s\n", name, strerror(errno));
            return false;
        }
        at += (size_t)n;
    }
    return true;
}

void convert_flush(struct convert *c, bool all)
{
    if (!all && c->out.length < FLUSH_BYTES)
        return;
    if (c->failed) {
        c->out.length = 0;
        return;
    }
    if (c->fd < 0)
        output(c->out.bytes, c->out.length);
    else
        c->failed = !convert_write(c->fd, c->name, &c->out);
    c->out.length = 0;
}

void convert_write_file(struct convert *c, const char *name)
{
    struct trace_out text = {0};
    text_format(&text, "%s%s%s", c->directory,
                c->directory[strlen(c->directory) - 1] == '/' ? "" : "/", name);
    text_bytes(&text, "", 1);
    const char *path = (const char *)text.bytes;
    int fd = c->failed ? -1 : convert_create(path, NULL, 0);
    c->failed = fd < 0 || !convert_write(fd, path, &c->out);
    c->out.length = 0;
    if (fd >= 0)
        close(fd);
    free(text.bytes);
}

static bool open_directory(struct convert *c)
{
    c->directory = asked.out;
    if (mkdir(asked.out, 0700) == 0 || errno == EEXIST)
        return true;
    fprintf(stderr, "intproxy-trace: %s: %s\n", asked.out, strerror(errno));
    return false;
}

static bool open_out(struct convert *c)
{
    c->fd = -1;
    if (!asked.out || strcmp(asked.out, "-") == 0)
        return true;
    if (is_directory(asked.out))
        return open_directory(c);
    c->name = asked.out;
    c->fd = convert_create(asked.out, asked.paths, asked.count);
    return c->fd >= 0;
}

static void close_out(struct convert *c)
{
    convert_flush(c, true);
    if (c->fd < 0) {
        output_flush();
    } else if (close(c->fd) != 0 && !c->failed) {
        fprintf(stderr, "intproxy-trace: %s: %s\n", c->name, strerror(errno));
        c->failed = true;
    }
    free(c->out.bytes);
}

/* ---- what forms ask for ---------------------------------------------------------------------- */

void convert_count_body(struct convert *c, const struct gathered_body *b)
{
    if (!gathered_missing(b))
        return;
    c->capped++;
    c->capped_bytes += gathered_missing(b);
}

uint64_t convert_wall_ns(const struct convert *c, uint64_t ns)
{
    return c->about.wall_us * 1000 + (ns - c->about.clock_ns);
}

/* ---- reading --------------------------------------------------------------------------------- */

static void give_exchanges(struct convert *c, struct trace_gather *gather)
{
    struct gathered *x;
    while ((x = trace_gather_next(gather))) {
        c->raw += x->raw;
        if (!x->raw) {
            c->exchanges++;
            c->unfinished += !gathered_is_whole(x);
            c->form->exchange(c, x);
        }
        gathered_free(x);
        convert_flush(c, false);
    }
}

static void begin_part(struct convert *c, const struct trace_input *in, bool first)
{
    c->reader = in->reader;
    c->about = *trace_input_about(in);
    if (first && c->form->begin)
        c->form->begin(c);
    if (c->form->part)
        c->form->part(c);
}

static void give_record(struct convert *c, struct trace_gather *gather,
                        const struct trace_record *r)
{
    c->records++;
    if (c->form->record)
        c->form->record(c, r);
    if (c->form->exchange) {
        trace_gather_take(gather, c->reader, r);
        give_exchanges(c, gather);
    }
    convert_flush(c, false);
}

static int read_all(struct convert *c)
{
    struct trace_input in = {0};
    struct trace_record r;
    struct trace_gather *gather = trace_gather_new();
    uint64_t files = 0;
    trace_input_open(&in, asked.paths, asked.count);
    while (!c->failed && trace_input_next(&in, &r)) {
        if (in.files != files)
            begin_part(c, &in, files == 0);
        files = in.files;
        give_record(c, gather, &r);
    }
    if (in.files != files) /* it holds no record */
        begin_part(c, &in, files == 0);
    trace_gather_end(gather);
    if (c->form->exchange)
        give_exchanges(c, gather);
    if (in.files && c->form->end)
        c->form->end(c);
    trace_gather_free(gather);
    int status = trace_input_status(&in);
    trace_input_close(&in);
    return status;
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
    if (c->capped)
        fprintf(stderr,
                "intproxy-trace: convert: %" PRIu64 " bodies are not whole in the trace, "
                "%" PRIu64 " bytes of them are missing (--trace-bodies)\n",
                c->capped, c->capped_bytes);
}

int trace_convert(int argc, char **argv)
{
    static struct convert c;
    struct command_line line = {
        .program = "intproxy-trace convert", .rows = rows, .argument = take_file};
    int status;
    if (!command_line_start(&line, argc, argv, &asked.help, usage, examples, check, &status))
        return status;
    if (asked.from)
        return convert_from_jsonl(asked.paths, asked.count, asked.out);
    c.form = form_of(asked.to);
    c.to_host = asked.to_host;
    c.no_messages = asked.no_messages;
    c.no_streams = asked.no_streams;
    if (!open_out(&c))
        return EXIT_IO;
    status = read_all(&c);
    close_out(&c);
    say_counts(&c);
    return c.failed ? EXIT_IO : status;
}
