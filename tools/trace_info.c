/* tools/trace_info.c -- intproxy-trace info: what a trace says of itself, and in what state it is. */
#include "messages/trace_notes.h"
#include "tools/output.h"
#include "tools/trace_commands.h"
#include "tools/trace_input.h"
#include "tools/trace_options.h"
#include "tools/trace_run.h"
#include <inttypes.h>
#include <stdlib.h>

struct part {
    char *name;
    uint32_t number;
    uint64_t first, records, bad;
};

static struct {
    struct trace_files files;
    bool secrets;
} asked;

static struct {
    struct part *parts;
    unsigned part_count;
    uint64_t records, calls, ends, undelivered, notes, lost, cut;
    uint64_t gone; /* by their numbers */
    bool has_begun, was_full, was_short, has_end;
    uint64_t began_ns, ended_ns, first, last;
} found;

static struct trace_text text;

/* ---- records --------------------------------------------------------------------------------- */

static char *copy(const char *name)
{
    char *c = strdup(name);
    if (!c)
        heap_exhausted("a name", strlen(name));
    return c;
}

static void begin_part(const struct trace_input *in)
{
    const struct trace_about *a = trace_input_about(in);
    found.parts = realloc(found.parts, (found.part_count + 1) * sizeof *found.parts);
    if (!found.parts)
        heap_exhausted("parts of a trace", found.part_count * sizeof *found.parts);
    found.parts[found.part_count++] =
        (struct part){copy(in->name), a ? a->part : 0, a ? a->first_sequence : 0, 0, 0};
}

static void add_to_part(uint64_t records, uint64_t bad)
{
    if (!found.part_count)
        return;
    found.parts[found.part_count - 1].records += records;
    found.parts[found.part_count - 1].bad += bad;
}

/* Spans and effects of which not all was kept: such a trace does not replay. */
static bool is_cut(const struct trace_reader *reader, const struct trace_record *r)
{
    struct trace_effect e;
    size_t at = 0;
    for (unsigned i = 0; i < TRACE_SPANS_MAX; i++)
        if (r->spans[i].kept < r->spans[i].length)
            return true;
    while (trace_effect_next(reader, r, &at, &e))
        if (e.bytes.kept < e.bytes.length)
            return true;
    return false;
}

static void count(const struct trace_reader *reader, const struct trace_record *r)
{
    uint64_t began_ns = trace_began_ns(r);
    if (!found.has_begun || began_ns < found.began_ns)
        found.began_ns = began_ns;
    if (!found.has_begun)
        found.first = r->sequence;
    else if (r->sequence > found.last + 1)
        found.gone += r->sequence - found.last - 1;
    found.has_begun = true;
    found.last = r->sequence;
    found.ended_ns = r->ended_ns > found.ended_ns ? r->ended_ns : found.ended_ns;
    found.records++;
    found.calls += r->what == TRACE_CALL;
    found.ends += r->what == TRACE_END;
    found.undelivered += r->what == TRACE_UNDELIVERED;
    found.notes += r->what == TRACE_NOTE;
    found.was_short |= trace_note_is_short(r);
    found.has_end |= trace_note_is_last(r);
    found.was_full |= trace_note_is_of_full_file(r);
    found.lost += r->lost;
    found.cut += is_cut(reader, r);
}

/* ---- words ----------------------------------------------------------------------------------- */

static void put_label(const char *label)
{
    size_t from = text.length;
    trace_text_word(&text, label);
    trace_text_pad(&text, from, 14);
}

static void put_text(const char *label, const char *value)
{
    put_label(label);
    trace_text_escaped(&text, value, strlen(value));
    trace_text_char(&text, '\n');
}

static void put_about(const struct trace_about *a)
{
    put_label("program");
    trace_text_escaped(&text, a->program, strlen(a->program));
    trace_text_char(&text, ' ');
    trace_text_escaped(&text, a->build, strlen(a->build));
    trace_text_format(&text, ", process %" PRIu32 "\n", a->process);
    put_text("command line", a->options);
    put_text("protocol", a->protocol);
    put_text("system", a->system);
    put_text("why", a->why);
    put_label("format");
    trace_text_format(&text, "%" PRIu32 "\n", a->format);
    put_label("workers");
    trace_text_format(&text, "%" PRIu32 "\n", a->workers);
    put_label("bodies");
    if (a->bodies_max == UINT32_MAX)
        trace_text_word(&text, "whole\n");
    else
        trace_text_format(&text, "%" PRIu32 " bytes of each are kept\n", a->bodies_max);
}

static void put_span(const struct trace_about *a)
{
    if (!found.has_begun)
        return;
    put_label("time");
    if (a) {
        trace_text_wall(&text,
                        a->wall_us + (uint64_t)((int64_t)(found.began_ns - a->clock_ns) / 1000));
        trace_text_word(&text, ", ");
    }
    trace_text_time(&text, found.ended_ns - found.began_ns);
    trace_text_word(&text, " long\n");
}

static const char *why_lost(void)
{
    return found.was_full ? " (its file could not be written)"
                          : " (more memory keeps more: --trace-memory)";
}

/* A program that was killed has no time to say its last word. */
static void put_state(const struct trace_input *in)
{
    put_label("state");
    if (!in->bad && !in->torn && !in->failed)
        trace_text_word(&text, "whole: every checksum holds");
    else
        trace_text_format(&text,
                          "%" PRIu64 " damaged places, %" PRIu64 " torn ends; see standard error",
                          in->bad, in->torn);
    trace_text_word(&text, found.has_end ? "\n" : "; the program's end is not in it\n");
}

static void put_records(const struct trace_input *in)
{
    put_label("records");
    trace_text_format(&text, "%" PRIu64, found.records);
    if (found.records)
        trace_text_format(&text, ", numbered %" PRIu64 " to %" PRIu64, found.first, found.last);
    trace_text_format(&text,
                      ": %" PRIu64 " calls, %" PRIu64 " ends of actors, %" PRIu64
                      " undelivered messages, %" PRIu64 " notes\n",
                      found.calls, found.ends, found.undelivered, found.notes);
    put_label("missing");
    trace_text_format(&text,
                      "%" PRIu64 " calls that the recorder lost%s; %" PRIu64
                      " records whose bytes were cut",
                      found.lost, found.lost ? why_lost() : "", found.cut);
    if (found.gone)
        trace_text_format(&text, "; %" PRIu64 " records that are not in these files", found.gone);
    if (found.was_short)
        trace_text_word(&text, "; what --trace-last had no memory for (--trace-memory)");
    trace_text_char(&text, '\n');
    put_state(in);
}

static void put_parts(void)
{
    for (unsigned i = 0; i < found.part_count; i++) {
        const struct part *p = &found.parts[i];
        put_label(i ? "" : "files");
        trace_text_escaped(&text, p->name, strlen(p->name));
        trace_text_format(&text,
                          ": part %" PRIu32 ", %" PRIu64 " records from number %" PRIu64
                          ", %" PRIu64 " damaged places\n",
                          p->number + 1, p->records, p->first, p->bad);
    }
}

static void put_settings(const struct trace_setting *s)
{
    if (!s->name)
        return;
    put_label("settings");
    for (bool first = true; s->name; s++, first = false) {
        bool hidden = trace_setting_is_expression(s) && !asked.secrets;
        const char *value = hidden ? "[hidden]" : s->value;
        if (!first)
            put_label("");
        trace_text_escaped(&text, s->name, strlen(s->name));
        trace_text_word(&text, " = ");
        trace_text_escaped(&text, value, strlen(value));
        trace_text_char(&text, '\n');
    }
}

/* False: they are of several runs, and what one says of itself does not hold for another. */
static bool take_all(struct trace_input *in)
{
    struct trace_record r;
    struct trace_run run = {0};
    uint64_t files = 0, bad = 0;
    bool is_one = true;
    while (is_one && trace_input_next(in, &r)) {
        if (in->files != files)
            begin_part(in);
        files = in->files;
        add_to_part(1, in->bad - bad);
        bad = in->bad;
        count(in->reader, &r);
        is_one = trace_run_goes_on(&run, in);
    }
    add_to_part(0, in->bad - bad);
    return is_one;
}

static void put_all(const struct trace_input *in)
{
    const struct trace_about *a = trace_input_about(in);
    if (a)
        put_about(a);
    put_span(a);
    put_records(in);
    put_parts();
    put_settings(trace_reader_settings(in->reader));
    trace_text_print(&text);
}

static int info(void)
{
    struct trace_input in = {0};
    trace_input_open(&in, asked.files.names, asked.files.count);
    bool is_one = take_all(&in);
    if (is_one)
        put_all(&in);
    output_flush();
    int status = is_one ? trace_input_status(&in) : EXIT_DATA;
    trace_input_close(&in);
    return status;
}

/* ---- options --------------------------------------------------------------------------------- */

static void take_secrets(struct command_line *c, const char *value)
{
    (void)c, (void)value;
    asked.secrets = true;
}

static void take_file(struct command_line *c, const char *value)
{
    trace_option_file(c, value, &asked.files);
}

static const struct option_row rows[] = {
    {"--secrets", NULL, "with the settings that may hold secrets: header and path filters",
     take_secrets, ONCE},
    OPTION_HELP_ROW,
    {NULL, NULL, NULL, NULL, ONCE},
};

static const char usage[] = "intproxy-trace info [OPTION]... FILE...";
static const char examples[] =
    "What a trace says of itself, how much is in it, whether all of it is whole, and whether it "
    "holds "
    "the\n"
    "program's end.\n"
    "\n"
    "  intproxy-trace info run.trace\n"
    "  intproxy-trace info run.trace >/dev/null && echo nothing in it is damaged\n"
    "\n"
    "exit status: 0; 2 a mistake on the command line; 65 damaged places; 74 not readable\n";

static void check(struct command_line *c)
{
    trace_files_check(c, &asked.files, 0);
}

int trace_info(int argc, char **argv)
{
    struct command_line c = {.program = "intproxy-trace info", .rows = rows, .argument = take_file};
    int status;
    if (!command_line_start(&c, argc, argv, usage, examples, check, &status))
        return status;
    output_keeps_verdict();
    status = info();
    for (unsigned i = 0; i < found.part_count; i++)
        free(found.parts[i].name);
    free(found.parts);
    trace_text_free(&text);
    return status;
}
