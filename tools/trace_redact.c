/* tools/trace_redact.c -- intproxy-trace redact: a trace without its secrets, and the proof that they are gone.
 *
 * What is written goes to a file beside OUT, is read again and searched, and only then gets its name. So OUT has to be
 * a file, or none yet; a link is followed.
 */
#include "messages/trace_copy.h"
#include "tools/output.h"
#include "tools/trace_commands.h"
#include "tools/trace_input.h"
#include "tools/trace_options.h"
#include "tools/trace_parts_order.h"
#include "tools/trace_redact_filters.h"
#include "tools/trace_redact_verify.h"
#include "tools/trace_redaction.h"
#include "tools/trace_reread.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WRITE_BYTES = 1 << 20, LINKS_MAX = 40 };

static struct {
    struct trace_redaction redaction;
    struct trace_files files;
    bool verify;
} asked;

/* ---- options --------------------------------------------------------------------------------- */

static void take_key(struct command_line *c, const char *value)
{
    trace_redaction_key_file(&asked.redaction, c, value);
}

static void take_key_text(struct command_line *c, const char *value)
{
    trace_redaction_key_text(&asked.redaction, c, value);
}

static void take_rules(struct command_line *c, const char *value)
{
    trace_redaction_rules_file(&asked.redaction, c, value);
}

static void take_header(struct command_line *c, const char *value)
{
    trace_redaction_rule(&asked.redaction, c, "header", value);
}

static void take_cookie(struct command_line *c, const char *value)
{
    trace_redaction_rule(&asked.redaction, c, "cookie", value);
}

static void take_query(struct command_line *c, const char *value)
{
    trace_redaction_rule(&asked.redaction, c, "query", value);
}

static void take_json(struct command_line *c, const char *value)
{
    trace_redaction_rule(&asked.redaction, c, "json", value);
}

static void take_value(struct command_line *c, const char *value)
{
    trace_redaction_rule(&asked.redaction, c, "value", value);
}

static void take_keep(struct command_line *c, const char *value)
{
    trace_redaction_rule(&asked.redaction, c, "keep", value);
}

static void take_verify(struct command_line *c, const char *value)
{
    (void)c, (void)value;
    asked.verify = true;
}

static void take_file(struct command_line *c, const char *value)
{
    trace_option_file(c, value, &asked.files);
}

static const struct option_row rows[] = {
    {"--key", "FILE",
     "its bytes are the key: with the same one, equal secrets become equal\n"
     "in all files (one is made at random, and forgotten)",
     take_key, ONCE},
    {"--key-text", "K", "the same, given here", take_key_text, ONCE},
    {"--verify", NULL,
     "redact nothing: is a secret of the first file left in the second?\n"
     "(After redacting that is always asked.)",
     take_verify, ONCE},
    {"", NULL, "what else is secret", NULL, ONCE},
    {"--rules", "FILE", "rules, one a line, see below", take_rules, REPEATABLE},
    {"--header", "NAME", "the values of this header", take_header, REPEATABLE},
    {"--cookie", "NAME", "the values of this cookie (all are)", take_cookie, REPEATABLE},
    {"--query", "NAME", "this parameter of URLs and forms", take_query, REPEATABLE},
    {"--json", "PATH", "this field in JSON: name, outer.name, $.top.name", take_json, REPEATABLE},
    {"--value", "TEXT", "this text, wherever it is", take_value, REPEATABLE},
    {"--keep", "'PLACE NAME'", "not this, e.g. 'cookie theme'", take_keep, REPEATABLE},
    OPTION_HELP_ROW,
    {NULL, NULL, NULL, NULL, ONCE},
};

static const char usage[] = "intproxy-trace redact [OPTION]... IN... OUT\n"
                            "       intproxy-trace redact --verify [OPTION]... ORIGINAL REDACTED";
static const char examples[] =
    "IN... are the parts of one trace, or the name that --trace was given; OUT becomes one file,\n"
    "once it was read again and no secret is left in it (so it cannot be a device or a pipe). "
    "Secrets are "
    "learned by\n"
    "their names, and replaced wherever they are by as many bytes: letters by letters, digits by "
    "digits. So "
    "replay\n"
    "of OUT does the same as of IN.\n"
    "\n"
    "By default: headers (Authorization, Cookie, Set-Cookie, X-Api-Key, *token*, *secret*, "
    "*password*, *auth*,\n"
    "*session*, ...), all cookies, parameters of URLs, fields of forms (multipart/form-data too) "
    "and\n"
    "of JSON of such names, and user:password@ in URLs. Rules, one a line, the last one that fits "
    "decides:\n"
    "\n"
    "  header NAME   cookie NAME   query NAME   json PATH   value TEXT   url userinfo\n"
    "  number PATH          of json, only numbers (by default: keep number *tokens)\n"
    "  keep PLACE NAME      not this            no-defaults      only what the rules say\n"
    "  form NAME            the same as query\n"
    "\n"
    "Of names only letters and digits count, in either case; * is any characters. A word that "
    "begins with #\n"
    "begins a comment (but in TEXT).\n"
    "What is shorter than 4 letters, only digits and shorter than 8, or a word of HTTP is replaced "
    "behind its\n"
    "name only. What is compressed, encrypted or masked (websocket) cannot be found. If a filter's "
    "expression\n"
    "decides otherwise than before, since it has another piece of a secret than its beginning, "
    "that is said.\n"
    "\n"
    "  intproxy-trace redact run.trace to-be-sent.trace\n"
    "  intproxy-trace redact --key-text ours --json user.email --keep 'cookie theme' a.trace "
    "b.trace\n"
    "  intproxy-trace redact --verify run.trace to-be-sent.trace\n"
    "\n"
    "exit status: 0; 1 a secret is left; 2 a mistake on the command line; 65 damaged data; 74 not "
    "readable or\n"
    "writable\n";

static void check(struct command_line *c)
{
    if (asked.files.count < 2)
        command_line_mistake(c, asked.verify ? "name two files: ORIGINAL and REDACTED"
                                             : "name two files: IN and OUT");
    else if (asked.verify && asked.files.count > 2)
        command_line_mistake(c, "--verify takes two files: ORIGINAL and REDACTED");
    else if (!asked.verify && strcmp(asked.files.names[asked.files.count - 1], "-") == 0)
        command_line_mistake(c, "-: the copy gets its name when it is whole, so give it one");
    if (!asked.verify && asked.files.count > 2)
        trace_parts_order(c, asked.files.names, asked.files.count - 1);
}

/* ---- writing --------------------------------------------------------------------------------- */

struct writing {
    char name[TRACE_PATH_MAX];      /* the file's */
    char path[TRACE_PATH_MAX + 16]; /* until it has its name */
    int fd;
    struct trace_out out;
    struct trace_copier *copier;
    struct redact_filters *filters;
    struct trace_input in;
    bool begun, failed;
    uint64_t wall_us, records; /* of the run */
    uint32_t process;
};

static void say_error(struct writing *w, const char *path)
{
    fprintf(stderr, "intproxy-trace: %s: %s\n", path, strerror(errno));
    w->failed = true;
}

static void flush(struct writing *w)
{
    const uint8_t *at = w->out.bytes;
    size_t left = w->out.length;
    while (left && !w->failed) {
        ssize_t n = write(w->fd, at, left);
        if (n < 0 && errno != EINTR)
            say_error(w, w->path);
        else if (n > 0) {
            at += n;
            left -= (size_t)n;
        }
    }
    w->out.length = 0;
}

static struct trace_setting *redacted_settings(struct redactor *d,
                                               const struct trace_setting *settings)
{
    size_t count = 0;
    while (settings[count].name)
        count++;
    struct trace_setting *out = calloc(count + 1, sizeof *out);
    if (!out)
        heap_exhausted("settings", count * sizeof *out);
    for (size_t i = 0; i < count; i++)
        out[i] = (struct trace_setting){settings[i].name, redactor_setting(d, &settings[i])};
    return out;
}

static void write_beginning(struct writing *w)
{
    struct redactor *d = asked.redaction.redactor;
    struct trace_about about = *trace_input_about(&w->in);
    struct trace_setting *settings = redacted_settings(d, trace_reader_settings(w->in.reader));
    char *options = redactor_text(d, about.options), *why = redactor_text(d, about.why);
    about.options = options;
    about.why = why;
    trace_copy_beginning(w->copier, &w->out, w->in.reader, &about, settings);
    for (size_t i = 0; settings[i].name; i++)
        free((char *)(uintptr_t)settings[i].value);
    free(settings);
    free(options);
    free(why);
    w->begun = true;
    w->wall_us = about.wall_us;
    w->process = about.process;
}

/* Parts of one run only: another one has other tables. */
static bool is_same_run(struct writing *w)
{
    const struct trace_about *a = trace_input_about(&w->in);
    if (a->wall_us == w->wall_us && a->process == w->process)
        return true;
    fprintf(
        stderr,
        "intproxy-trace: %s is of another run than what was before; redact each by itself, with "
        "the same --key\n",
        w->in.name);
    w->failed = true;
    return false;
}

static void write_records(struct writing *w)
{
    struct trace_record record;
    const struct trace_record *r;
    while (!w->failed && trace_input_next(&w->in, &record)) {
        if (!w->begun)
            write_beginning(w);
        if (!is_same_run(w))
            return;
        r = redactor_apply(asked.redaction.redactor, w->in.reader, &record);
        if (!r)
            break; /* the file has grown since */
        redact_filters_record(w->filters, &record, r);
        trace_copy_record(w->copier, &w->out, w->in.reader, r);
        w->records++;
        if (w->out.length >= WRITE_BYTES)
            flush(w);
    }
    if (!w->begun && trace_input_about(&w->in))
        write_beginning(w);
    flush(w);
}

/* What the link `name` says, in its place: from `name`'s directory on, unless it begins with a slash. */
static bool follow(char name[TRACE_PATH_MAX])
{
    char to[TRACE_PATH_MAX];
    ssize_t n = readlink(name, to, sizeof to);
    const char *slash = strrchr(name, '/');
    size_t directory = n > 0 && to[0] != '/' && slash ? (size_t)(slash - name) + 1 : 0;
    if (n < 0 || directory + (size_t)n >= TRACE_PATH_MAX) {
        errno = n < 0 ? errno : ENAMETOOLONG;
        return false;
    }
    memcpy(name + directory, to, (size_t)n);
    name[directory + (size_t)n] = '\0';
    return true;
}

/* The file that `out` means; there may be none yet. A name is all that can be given to it: no device, no pipe. */
static int find_name(struct writing *w, const char *out)
{
    struct stat s;
    bool is_there = false, is_link = true;
    snprintf(w->name, sizeof w->name, "%s", out);
    for (unsigned i = 0; is_link; i++) {
        is_there = lstat(w->name, &s) == 0;
        is_link = is_there && S_ISLNK(s.st_mode);
        if (is_link && (i == LINKS_MAX || !follow(w->name))) {
            errno = i == LINKS_MAX ? ELOOP : errno;
            say_error(w, out);
            return EXIT_IO;
        }
    }
    if (!is_there || S_ISREG(s.st_mode))
        return 0;
    fprintf(
        stderr,
        "intproxy-trace: %s is no regular file: what is redacted is read again before it gets its "
        "name; give the name of a file\n",
        out);
    return EXIT_USAGE;
}

/* All records to a file beside that one. */
static int write_all(struct writing *w, unsigned inputs)
{
    snprintf(w->path, sizeof w->path, "%s.redacting", w->name);
    w->fd = open(w->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (w->fd < 0) {
        say_error(w, w->path);
        return EXIT_IO;
    }
    w->in.quiet = true; /* damage was said in the first pass */
    w->copier = trace_copier_new();
    trace_copier_keep_sequences(w->copier);
    trace_input_open(&w->in, asked.files.names, inputs);
    write_records(w);
    bool other_run = w->failed && w->begun && !errno;
    int status = trace_input_status(&w->in);
    trace_input_close(&w->in);
    trace_copier_free(w->copier);
    free(w->out.bytes);
    if (close(w->fd) && !w->failed)
        say_error(w, w->path);
    return other_run ? EXIT_DATA : w->failed ? EXIT_IO : status;
}

static void say_sums(const char *out, const struct writing *w)
{
    struct redactor_sums s = redactor_sums(asked.redaction.redactor);
    output_format("%s: %" PRIu64 " records, %" PRIu64 " secrets replaced at %" PRIu64
                  " places; none is left\n",
                  out, w->records, s.values, s.places);
    if (s.in_place)
        output_format("%" PRIu64 " of the secrets are too short or too common to be looked for "
                      "everywhere; they were replaced where their names stand before them\n",
                      s.in_place);
}

/* It gets its name when nothing is left in it. */
static int write_and_name(struct writing *w, const char *out, unsigned inputs)
{
    int status = write_all(w, inputs), checked = 0;
    if (!w->failed && w->records)
        checked = trace_redact_verify(asked.redaction.redactor, w->path);
    bool nothing = status && !w->begun; /* of no trace */
    if (w->failed || nothing || checked == 1 || (checked && !status)) {
        unlink(w->path);
        fprintf(stderr, "intproxy-trace: %s is not written\n", out);
        return checked ? checked : status;
    }
    if (rename(w->path, w->name)) {
        say_error(w, out);
        return EXIT_IO;
    }
    say_sums(out, w);
    redact_filters_say(w->filters, out);
    trace_redaction_say_coded(&asked.redaction, out);
    return status;
}

static int redact(const char *out, unsigned inputs)
{
    static struct writing w;
    if (trace_parts_include(asked.files.names, inputs, out)) {
        fprintf(stderr, "intproxy-trace: %s is what is to be read, it cannot be written\n", out);
        return EXIT_USAGE;
    }
    int status = find_name(&w, out);
    if (status)
        return status;
    w.filters = redact_filters_new();
    status = write_and_name(&w, out, inputs);
    redact_filters_free(w.filters);
    return status;
}

int trace_redact(int argc, char **argv)
{
    struct command_line c = {
        .program = "intproxy-trace redact", .rows = rows, .argument = take_file};
    int status;
    output_keeps_verdict();
    trace_redaction_create(&asked.redaction);
    if (command_line_start(&c, argc, argv, usage, examples, check, &status)) {
        unsigned inputs = asked.files.count - 1;
        status = trace_reread_keep(asked.files.names, inputs)
                     ? trace_redaction_prepare(&asked.redaction, asked.files.names, inputs, false)
                     : EXIT_IO;
        if (!status)
            status = asked.verify
                         ? trace_redact_verify(asked.redaction.redactor, asked.files.names[1])
                         : redact(asked.files.names[inputs], inputs);
        if (asked.verify && !status) {
            output_format("%s: no secret of %s is left\n", asked.files.names[1],
                          trace_reread_shown(asked.files.names[0]));
            trace_redaction_say_coded(&asked.redaction, asked.files.names[1]);
        }
    }
    trace_redaction_destroy(&asked.redaction);
    output_flush();
    return status;
}
