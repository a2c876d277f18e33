/* tools/trace_report_tests.c -- a comparison as tests, one a unit: TAP 13, and the XML of JUnit that CI reads.
 *
 * What the two could not have in common - calls that a recorder left out, damaged places, an end that was torn
 * off - is a test of its own: it fails. So does one that is there only when nothing was compared.
 */
#include "tools/output.h"
#include "tools/trace_report.h"
#include "tools/trace_two_options.h"

static bool passes(const struct unit_result *u)
{
    return unit_result_is_equal(u, trace_two_cuts_count());
}

static const char whole_name[] = "the recordings are whole";

static const char nothing_name[] = "something was compared";

static bool is_whole(const struct trace_two *t)
{
    return trace_two_is_whole(t, 0) && trace_two_is_whole(t, 1);
}

/* Units, the recordings, and nothing. */
static size_t tests(const struct trace_two *t)
{
    return t->comparison->count + 1 + !t->comparison->count;
}

/* ---- TAP ------------------------------------------------------------------------------------- */

/* # begins a directive. */
static void tap_name(const char *name)
{
    for (; *name; name++)
        output_format("%s%c", *name == '#' || *name == '\\' ? "\\" : "", *name);
}

/* A string of YAML; report's lines have no control bytes. */
static void yaml_string(const char *text)
{
    output_text("\"");
    for (; *text; text++)
        output_format("%s%c", *text == '"' || *text == '\\' ? "\\" : "", *text);
    output_text("\"\n");
}

static void tap_result(bool ok, size_t number, const char *name)
{
    output_format("%s %zu - ", ok ? "ok" : "not ok", number);
    tap_name(name);
    output_text("\n");
}

static void tap_unit(const struct unit_result *u, size_t number, struct report_sides s)
{
    char line[REPORT_LINE_MAX];
    tap_result(passes(u), number, report_unit(u, s, line));
    if (u->verdict == UNIT_EQUAL)
        return;
    if (passes(u)) {
        output_text("# the same bytes, cut differently\n");
        return;
    }
    output_text("  ---\n  message: ");
    yaml_string(report_verdict(u->verdict, s, line));
    if (u->count)
        output_text("  differences:\n");
    for (size_t i = 0; i < u->count; i++) {
        output_text("    - ");
        yaml_string(report_difference(&u->differences[i], s, line));
    }
    output_text("  ...\n");
}

void report_tap(const struct trace_two *t, struct report_sides s)
{
    const struct trace_comparison *c = t->comparison;
    char line[REPORT_LINE_MAX];
    output_format("TAP version 13\n1..%zu\n", tests(t));
    for (size_t i = 0; i < c->count; i++)
        tap_unit(&c->units[i], i + 1, s);
    tap_result(is_whole(t), c->count + 1, whole_name);
    if (!is_whole(t))
        output_format("# %s\n", report_missing(t, s, line));
    if (!c->count)
        tap_result(false, tests(t), nothing_name);
}

/* ---- JUnit ----------------------------------------------------------------------------------- */

static void xml_text(const char *text)
{
    for (; *text; text++)
        switch (*text) {
        case '&': output_text("&amp;"); break;
        case '<': output_text("&lt;"); break;
        case '>': output_text("&gt;"); break;
        case '"': output_text("&quot;"); break;
        default: output(text, 1);
        }
}

static void xml_attribute(const char *name, const char *value)
{
    output_format(" %s=\"", name);
    xml_text(value);
    output_text("\"");
}

static void begin_case(const char *class, const char *name)
{
    output_text("    <testcase");
    xml_attribute("classname", class);
    xml_attribute("name", name);
}

static void junit_unit(const struct unit_result *u, struct report_sides s)
{
    char line[REPORT_LINE_MAX];
    bool outside = (u->a ? u->a : u->b)->actor != NULL;
    begin_case(outside ? "outside" : "exchanges", report_unit(u, s, line));
    if (passes(u)) {
        output_text(u->verdict == UNIT_CUT
                        ? "><system-out>the same bytes, cut differently</system-out></testcase>\n"
                        : "/>\n");
        return;
    }
    output_text(">\n      <failure");
    xml_attribute("message", report_verdict(u->verdict, s, line));
    output_text(">");
    for (size_t i = 0; i < u->count; i++) {
        xml_text(report_difference(&u->differences[i], s, line));
        output_text("\n");
    }
    output_text("</failure>\n    </testcase>\n");
}

static void junit_failure(const char *name, const char *message)
{
    begin_case("recording", name);
    output_text("><failure");
    xml_attribute("message", message);
    output_text("/></testcase>\n");
}

static void junit_whole(const struct trace_two *t, struct report_sides s)
{
    char line[REPORT_LINE_MAX];
    if (!is_whole(t)) {
        junit_failure(whole_name, report_missing(t, s, line));
        return;
    }
    begin_case("recording", whole_name);
    output_text("/>\n");
}

void report_junit(const struct trace_two *t, struct report_sides s)
{
    const struct trace_comparison *c = t->comparison;
    size_t failures = (size_t)!is_whole(t) + !c->count;
    for (size_t i = 0; i < c->count; i++)
        failures += !passes(&c->units[i]);
    output_text("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite "
                "name=\"intproxy-trace assert\"");
    output_format(" tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"0\">\n", tests(t),
                  failures);
    for (size_t i = 0; i < c->count; i++)
        junit_unit(&c->units[i], s);
    junit_whole(t, s);
    if (!c->count)
        junit_failure(nothing_name, "of neither trace is anything left by filter and rules");
    output_text("  </testsuite>\n</testsuites>\n");
}
