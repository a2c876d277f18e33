/* tools/wire_encode.c -- intproxy-wire encode: text or JSON to bytes. */
#include "messages/wire_bytes.h"
#include "messages/wire_json.h"
#include "messages/wire_text.h"
#include "tools/wire_commands.h"
#include "tools/wire_lines.h"
#include "tools/wire_options.h"
#include "tools/output.h"
#include "tools/wire_show.h"
#include <stdio.h>
#include <string.h>

static struct {
    bool from_given;
    enum wire_from from;
    struct wire_show show;
    struct wire_inputs inputs;
} asked;

/* ---- options --------------------------------------------------------------------------------- */

static void take_from(struct command_line *c, const char *value)
{
    wire_option_from(c, value, &asked.from);
    asked.from_given = true;
}

static void take_raw(struct command_line *c, const char *value)
{
    (void)c, (void)value;
    asked.show.form = WIRE_FORM_RAW;
}

static void take_input(struct command_line *c, const char *value)
{
    wire_option_input(c, value, &asked.inputs);
}

static const struct option_row rows[] = {
    {"--from", "WHO", "agent or client: who speaks, where a line does not say it", take_from, ONCE},
    {"--raw", NULL, "bytes, not lines of hexadecimal", take_raw, ONCE},
    OPTION_HELP_ROW,
    {0},
};

static const char usage[] = "intproxy-wire encode [OPTION]... [FILE]...";
static const char examples[] =
    "A line is a message, as decode prints it: text, with who speaks in front of it, or JSON. "
    "Empty\n"
    "lines and lines that begin with # are passed over.\n"
    "\n"
    "  echo 'agent TcpSteal(Data{connection_id: 7, bytes: \"hello\"})' | intproxy-wire encode\n"
    "  echo '{\"Tcp\":{\"Close\":{\"connection_id\":7}}}' | intproxy-wire encode --from agent "
    "--raw\n"
    "  intproxy-wire decode trace.hex | intproxy-wire encode    gives the same bytes\n"
    "\n"
    "exit status: 0; 2 a mistake on the command line; 65 a line is no message; 74 not readable\n";

/* ---- encoding -------------------------------------------------------------------------------- */

static int put(struct wire_transcode *t, const struct wire_line *line, enum wire_from from)
{
    static struct wire_bytes_sink bytes;
    t->sink = &wire_bytes_sink;
    t->sink_state = &bytes;
    bytes.out.length = 0;
    bytes.lists = 0;
    if (!wire_transcode(t, from) || (t->source == &wire_text_source && !wire_text_source_over(t)))
        return wire_line_mistake(line, EXIT_DATA, t->error);
    return wire_show(&asked.show, from, 0, bytes.out.at, bytes.out.length) ? 0 : EXIT_DATA;
}

static int no_speaker(const struct wire_line *line)
{
    return wire_line_mistake(line, EXIT_DATA,
                             "who speaks? begin the line with agent or client, or give --from");
}

/* {"from":...,"message":...} as decode writes it, or a message by itself. */
static int encode_object(const struct wire_line *line, json_t *object)
{
    static struct wire_json_source source;
    enum wire_from from = asked.from;
    json_t *message = json_object_get(object, "message"), *who = json_object_get(object, "from");
    if (json_is_string(who) &&
        !wire_from_parse(json_string_value(who), json_string_length(who), &from))
        return wire_line_mistake(line, EXIT_DATA, "\"from\" is neither \"agent\" nor \"client\"");
    if (!json_is_string(who) && !asked.from_given)
        return no_speaker(line);
    wire_json_source_begin(&source, message ? message : object);
    struct wire_transcode t = {.source = &wire_json_source, .source_state = &source};
    return put(&t, line, from);
}

static int encode_json(const struct wire_line *line)
{
    json_error_t error;
    char why[JSON_ERROR_TEXT_LENGTH + 40];
    json_t *object = json_loadb(line->text, line->length,
                                JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (!object) {
        snprintf(why, sizeof why, "column %d: %s", error.column, error.text);
        return wire_line_mistake(line, EXIT_DATA, why);
    }
    int status = encode_object(line, object);
    json_decref(object);
    return status;
}

static int encode_text(const struct wire_line *line)
{
    static struct wire_text_source source;
    enum wire_from from = asked.from;
    size_t word = strcspn(line->text, " \t");
    bool spoken = wire_from_parse(line->text, word, &from);
    if (!spoken && !asked.from_given)
        return no_speaker(line);
    wire_text_source_begin(&source, line->text, line->length);
    source.at += spoken ? word : 0;
    struct wire_transcode t = {.source = &wire_text_source, .source_state = &source};
    return put(&t, line, from);
}

static int encode_line(void *context, const struct wire_line *line)
{
    (void)context;
    const char *first = line->text + strspn(line->text, " \t");
    if (*first == 0 || *first == '#')
        return 0;
    int status = *first == '{' || *first == '"' ? encode_json(line) : encode_text(line);
    output_flush();
    return status;
}

int wire_encode(int argc, char **argv)
{
    struct command_line c = {
        .program = "intproxy-wire encode", .rows = rows, .argument = take_input};
    asked.show.form = WIRE_FORM_HEX;
    int status;
    if (!command_line_start(&c, argc, argv, usage, examples, NULL, &status))
        return status;
    wire_inputs_default(&asked.inputs);
    for (unsigned i = 0; i < asked.inputs.count && status == 0; i++)
        status = wire_lines_read(asked.inputs.names[i], encode_line, NULL);
    return status;
}
