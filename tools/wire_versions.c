/* tools/wire_versions.c -- intproxy-wire versions: what each version brought, and what one lacks. */
#include "messages/protocol.h"
#include "tools/wire_commands.h"
#include "tools/wire_options.h"
#include "tools/output.h"
#include <stdio.h>
#include <string.h>

static const struct release {
    uint64_t ordinal;
    const char *date;
} releases[] = {
#define RELEASE(major, minor, patch, date) {VERSION_ORDINAL(major, minor, patch), date},
#include "messages/versions.def"
#undef RELEASE
};

enum { RELEASES = sizeof releases / sizeof releases[0] };

static struct {
    struct version from, to;
    bool given, range;
} asked;

/* ---- options --------------------------------------------------------------------------------- */

static void take_one(struct command_line *c, const char *text, size_t length, struct version *out)
{
    char copy[64];
    snprintf(copy, sizeof copy, "%.*s", length < 60 ? (int)length : 60, text);
    wire_option_version(c, copy, out);
}

static void take_versions(struct command_line *c, const char *value)
{
    const char *dots = strstr(value, "..");
    if (asked.given)
        command_line_mistake(c, "\"%s\": one version or one range V1..V2", value);
    asked.given = true;
    asked.range = dots != NULL;
    take_one(c, value, dots ? (size_t)(dots - value) : strlen(value), &asked.from);
    asked.to = asked.from;
    if (dots)
        take_one(c, dots + 2, strlen(dots + 2), &asked.to);
    if (!c->mistakes && version_is_after(asked.from, asked.to))
        command_line_mistake(c, "\"%s\": the older version comes first", value);
}

static const struct option_row rows[] = {
    OPTION_HELP_ROW,
    {0},
};

static const char usage[] = "intproxy-wire versions [V | V1..V2]";
static const char examples[] =
    "Without an argument: all published versions, and what each of them brought. V: what this "
    "version\n"
    "brought, and what a peer of it cannot do. V1..V2: what came after V1, up to V2.\n"
    "\n"
    "  intproxy-wire versions 1.8.0\n"
    "  intproxy-wire versions 1.8.1..1.19.4\n"
    "\n"
    "exit status: 0; 2 a mistake on the command line\n";

/* ---- what came when -------------------------------------------------------------------------- */

static const char *text_of(struct version v)
{
    static char text[VERSION_TEXT_MAX];
    version_format(v, text);
    return text;
}

/* The type that row `v` of the variants belongs to. */
static const char *type_of(unsigned v)
{
    for (unsigned type = 0; type < WIRE_TYPE_COUNT; type++)
        if (wire_types[type].op == WIRE_OP_ENUM && v >= wire_types[type].first &&
            v < wire_types[type].first + (unsigned)wire_types[type].count)
            return wire_type_names[type];
    return "?";
}

/* A line for each gate and for each new variant of versions in (after, up_to]. */
static unsigned say_between(uint64_t after, uint64_t up_to, const char *indent, bool with_version)
{
    unsigned lines = 0;
    for (unsigned g = 0; g < GATE_COUNT; g++) {
        struct version v = gate_minimum((enum gate)g);
        if (v.ordinal <= after || v.ordinal > up_to)
            continue;
        output_format("%s%s", indent, gate_words((enum gate)g));
        output_format(with_version ? " (%s)\n" : "\n", text_of(v));
        lines++;
    }
    for (unsigned i = 0; i < wire_variant_count; i++) {
        struct version v = {wire_variants[i].since};
        if (v.ordinal <= after || v.ordinal > up_to || v.ordinal == 0)
            continue;
        output_format("%smessage %s::%s", indent, type_of(i), wire_variant_names[i]);
        output_format(with_version ? " (%s)\n" : "\n", text_of(v));
        lines++;
    }
    return lines;
}

static const struct release *find(struct version v)
{
    for (unsigned i = 0; i < RELEASES; i++)
        if (releases[i].ordinal == v.ordinal)
            return &releases[i];
    return NULL;
}

static void say_head(struct version v)
{
    const struct release *r = find(v);
    if (r)
        output_format("%-8s %s\n", text_of(v), r->date);
    else if (version_is_prerelease(v))
        output_format("%s: a pre-release, which meets no gate at all\n", text_of(v));
    else
        output_format(
            "%s: not a published version%s\n", text_of(v),
            version_is_after(v, version_newest()) ? "; what it may bring is not known here" : "");
}

static void say_all(void)
{
    uint64_t before = 0;
    for (unsigned i = 0; i < RELEASES; i++) {
        say_head((struct version){releases[i].ordinal});
        say_between(before, releases[i].ordinal, "    ", false);
        before = releases[i].ordinal;
    }
}

static uint64_t before(struct version v)
{
    uint64_t found = 0;
    for (unsigned i = 0; i < RELEASES && releases[i].ordinal < v.ordinal; i++)
        found = releases[i].ordinal;
    return found;
}

static void say_one(struct version v)
{
    say_head(v);
    output_text("  brought\n");
    if (!say_between(before(v), v.ordinal, "    ", false))
        output_text("    nothing that changes the bytes\n");
    output_text("  an agent or client of this version cannot\n");
    if (!say_between(v.ordinal, version_newest().ordinal, "    ", true))
        output_text("    nothing is missing that is known\n");
}

int wire_versions(int argc, char **argv)
{
    struct command_line c = {
        .program = "intproxy-wire versions", .rows = rows, .argument = take_versions};
    int status;
    if (!command_line_start(&c, argc, argv, usage, examples, NULL, &status))
        return status;
    if (!asked.given)
        say_all();
    else if (!asked.range)
        say_one(asked.from);
    else if (!say_between(asked.from.ordinal, asked.to.ordinal, "", true))
        output_text("nothing that changes the bytes\n");
    output_flush();
    return 0;
}
