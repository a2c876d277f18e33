/* tools/wire_decode.c -- intproxy-wire decode: bytes to text, JSON or an annotated dump. */
#include "tools/wire_commands.h"
#include "tools/wire_input.h"
#include "tools/wire_options.h"
#include "tools/output.h"
#include "tools/wire_show.h"
#include "tools/wire_stream.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static struct {
    struct wire_input input;
    struct wire_show show;
    struct version limit;
    uint64_t message_max;
    struct wire_inputs inputs;
} asked;

/* ---- options --------------------------------------------------------------------------------- */

static void take_from(struct command_line *c, const char *value)
{
    wire_option_from(c, value, &asked.input.from);
    asked.input.from_given = true;
}

static void take_json(struct command_line *c, const char *value)
{
    (void)c, (void)value;
    asked.show.form = WIRE_FORM_JSON;
}

static void take_bytes(struct command_line *c, const char *value)
{
    (void)c, (void)value;
    asked.show.form = WIRE_FORM_BYTES;
}

static void take_hex(struct command_line *c, const char *value)
{
    (void)c, (void)value;
    asked.input.form = WIRE_INPUT_HEX;
}

static void take_raw(struct command_line *c, const char *value)
{
    (void)c, (void)value;
    asked.input.form = WIRE_INPUT_RAW;
}

static void take_bytes_max(struct command_line *c, const char *value)
{
    wire_option_size(c, value, &asked.show.most);
}

static void take_message_max(struct command_line *c, const char *value)
{
    wire_option_size(c, value, &asked.message_max);
}

static void take_version(struct command_line *c, const char *value)
{
    wire_option_version(c, value, &asked.limit);
}

static void take_input(struct command_line *c, const char *value)
{
    wire_option_input(c, value, &asked.inputs);
}

static const struct option_row rows[] = {
    {"--from", "WHO", "agent or client: who speaks, where the input does not say it", take_from,
     ONCE},
    {"--json", NULL, "an object a line (see --help of intproxy-wire for the form)", take_json,
     ONCE},
    {"--bytes", NULL, "an annotated dump: offset, bytes, field and value", take_bytes, ONCE},
    {"--hex", NULL, "the input is hexadecimal, whatever it looks like", take_hex, ONCE},
    {"--raw", NULL, "the input is raw bytes, whatever it looks like", take_raw, ONCE},
    {"--bytes-max", "SIZE", "show no more of a string (0, the default: all of it)", take_bytes_max,
     ONCE},
    {"--message-max", "SIZE", "a longer message is an error (default 1G)", take_message_max, ONCE},
    {"--version", "V", "refuse what came after this version, as a peer of it would", take_version,
     ONCE},
    OPTION_HELP_ROW,
    {0},
};

static const char usage[] = "intproxy-wire decode [OPTION]... [INPUT]...";
static const char examples[] =
    "INPUT is a file, - (standard input, the default) or hexadecimal digits. Lines of hexadecimal\n"
    "may begin with who speaks, `agent` or `client` (or < and >), and a number before it.\n"
    "\n"
    "  intproxy-wire decode --from agent 0b06312e32392e30\n"
    "  intproxy-wire decode --from client --bytes capture.bin\n"
    "  intproxy-wire gen --hex | intproxy-wire decode --json | jq .message\n"
    "\n"
    "exit status: 0; 2 a mistake on the command line; 65 malformed or cut off; 74 not readable\n";

/* ---- decoding -------------------------------------------------------------------------------- */

static struct wire_stream streams[2];

static bool show(void *context, struct wire_stream *s, const uint8_t *bytes, size_t length)
{
    (void)context;
    return wire_show(&asked.show, s->decoder.from, s->offset, bytes, length);
}

static int bad(const struct wire_stream *s)
{
    fprintf(stderr,
            "intproxy-wire: %s, byte %" PRIu64 " (message %" PRIu64 ", its byte %" PRIu64 "): %s\n",
            wire_from_name(s->decoder.from), s->offset + s->decoder.error_offset, s->messages + 1,
            s->decoder.error_offset, s->decoder.error);
    return EXIT_DATA;
}

static int take_piece(void *context, enum wire_from from, const uint8_t *bytes, size_t length)
{
    (void)context;
    struct wire_stream *s = &streams[from];
    enum wire_verdict v = wire_stream_feed(s, bytes, length, show, NULL);
    output_flush();
    return v == WIRE_MORE ? 0 : v == WIRE_MESSAGE ? EXIT_DATA : bad(s);
}

/* A stream may end between two messages only. */
static int check_end(const struct wire_stream *s)
{
    uint64_t pending = wire_decoder_pending_bytes(&s->decoder);
    char name[WIRE_NAME_MAX];
    if (pending == 0)
        return 0;
    fprintf(stderr,
            "intproxy-wire: %s: ends in the middle of message %" PRIu64 ", after %" PRIu64
            " bytes of it (%s)\n",
            wire_from_name(s->decoder.from), s->messages + 1, pending,
            wire_message_name(&s->decoder.message, name));
    return EXIT_DATA;
}

static int decode_all(void)
{
    int status = 0;
    wire_inputs_default(&asked.inputs);
    asked.input.piece = take_piece;
    for (unsigned i = 0; i < asked.inputs.count && status == 0; i++)
        status = wire_input_read(&asked.input, asked.inputs.names[i]);
    for (unsigned i = 0; i < 2 && status == 0; i++)
        status = check_end(&streams[i]);
    return status;
}

int wire_decode(int argc, char **argv)
{
    struct command_line c = {
        .program = "intproxy-wire decode", .rows = rows, .argument = take_input};
    asked.limit = version_newest();
    asked.message_max = UINT64_C(1) << 30;
    int status;
    if (!command_line_start(&c, argc, argv, usage, examples, NULL, &status))
        return status;
    asked.show.colour = output_has_colour();
    for (unsigned i = 0; i < 2; i++)
        wire_stream_create(&streams[i], (enum wire_from)i, asked.limit, asked.message_max);
    status = decode_all();
    for (unsigned i = 0; i < 2; i++)
        wire_stream_destroy(&streams[i]);
    output_flush();
    return status;
}
