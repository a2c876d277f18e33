/* tools/wire_gen.c -- intproxy-wire gen: random valid messages. */
#include "messages/wire_bytes.h"
#include "messages/wire_random.h"
#include "tools/wire_commands.h"
#include "tools/wire_options.h"
#include "tools/output.h"
#include "tools/wire_show.h"
#include <inttypes.h>
#include <stdio.h>
#include <sys/random.h>

static struct {
    uint64_t seed, count;
    bool seed_given, from_given;
    enum wire_from from;
    struct version limit;
    struct wire_show show;
} asked;

static void take_seed(struct command_line *c, const char *value)
{
    wire_option_number(c, value, &asked.seed);
    asked.seed_given = true;
}

static void take_count(struct command_line *c, const char *value)
{
    wire_option_number(c, value, &asked.count);
}

static void take_from(struct command_line *c, const char *value)
{
    wire_option_from(c, value, &asked.from);
    asked.from_given = true;
}

static void take_version(struct command_line *c, const char *value)
{
    wire_option_version(c, value, &asked.limit);
}

static void take_json(struct command_line *c, const char *value)
{
    (void)c, (void)value;
    asked.show.form = WIRE_FORM_JSON;
}

static void take_hex(struct command_line *c, const char *value)
{
    (void)c, (void)value;
    asked.show.form = WIRE_FORM_HEX;
}

static void take_raw(struct command_line *c, const char *value)
{
    (void)c, (void)value;
    asked.show.form = WIRE_FORM_RAW;
}

static const struct option_row rows[] = {
    {"--seed", "N", "the same seed gives the same messages (default: another one each time)",
     take_seed, ONCE},
    {"--count", "N", "so many messages (default 10)", take_count, ONCE},
    {"--from", "WHO", "of agent or client alone (default: both in turn)", take_from, ONCE},
    {"--version", "V", "nothing that came after this version (default: the newest)", take_version,
     ONCE},
    {"--json", NULL, "as JSON, not text", take_json, ONCE},
    {"--hex", NULL, "as lines of hexadecimal", take_hex, ONCE},
    {"--raw", NULL, "as bytes; needs --from", take_raw, ONCE},
    OPTION_HELP_ROW,
    {0},
};

static const char usage[] = "intproxy-wire gen [OPTION]...";
static const char examples[] =
    "  intproxy-wire gen --seed 7 --count 3\n"
    "  intproxy-wire gen --version 1.3.0 --from client --raw >old-client.bin\n"
    "  intproxy-wire gen --count 100000 --hex | intproxy-wire verdict | sort | uniq -c\n"
    "\n"
    "exit status: 0; 2 a mistake on the command line\n";

static bool generate(uint64_t n)
{
    static struct wire_random_source dice;
    static struct wire_bytes_sink bytes;
    static uint64_t offsets[2];
    enum wire_from from = asked.from_given ? asked.from : (enum wire_from)(n & 1);
    struct wire_transcode t = {&wire_random_source, &dice, &wire_bytes_sink, &bytes, 0, ""};
    if (n == 0)
        wire_random_source_begin(&dice, asked.seed, asked.limit);
    bytes.out.length = 0;
    bytes.lists = 0;
    if (!wire_transcode(&t, from)) {
        fprintf(stderr, "intproxy-wire: %s\n", t.error);
        return false;
    }
    bool fine = wire_show(&asked.show, from, offsets[from], bytes.out.at, bytes.out.length);
    offsets[from] += bytes.out.length;
    return fine;
}

static void check_together(struct command_line *c)
{
    if (asked.show.form == WIRE_FORM_RAW && !asked.from_given)
        command_line_mistake(c, "--raw: bytes do not say who speaks, give --from agent or client");
}

/* A run can be repeated: the seed is told, unless it was given. */
static void choose_seed(void)
{
    if (asked.seed_given)
        return;
    if (getrandom(&asked.seed, sizeof asked.seed, 0) != (ssize_t)sizeof asked.seed)
        asked.seed = 0;
    asked.seed %= 1000000000;
    fprintf(stderr, "seed %" PRIu64 "\n", asked.seed);
}

int wire_gen(int argc, char **argv)
{
    struct command_line c = {.program = "intproxy-wire gen", .rows = rows};
    asked.count = 10;
    asked.limit = version_newest();
    int status;
    if (!command_line_start(&c, argc, argv, usage, examples, check_together, &status))
        return status;
    choose_seed();
    for (uint64_t n = 0; n < asked.count; n++)
        if (!generate(n))
            return EXIT_DATA;
    output_flush();
    return 0;
}
