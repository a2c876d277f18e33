/* tools/trace_report.h -- a comparison of two traces, told to people and to programs.
 *
 * Purpose  one comparison, four ways to say it: as text, as JSON, as TAP 13 and as JUnit's XML. On standard output.
 * Owner    nothing is kept.
 * Thread   one.
 */
#ifndef TOOLS_TRACE_REPORT_H
#define TOOLS_TRACE_REPORT_H

#include "tools/trace_two.h"

/* How the two are called: {"A", "B"}. */
struct report_sides {
    const char *a, *b;
};

enum { REPORT_LINE_MAX = 1500 };

/* "local_connection -> interceptor RESPONSE: status: 200, in B 404 [A 48, B 50]"; control bytes escaped. */
const char *report_difference(const struct trace_difference *d, struct report_sides s,
                              char out[REPORT_LINE_MAX]);
/* "different", "only in A" */
const char *report_verdict(enum unit_verdict v, struct report_sides s, char out[REPORT_LINE_MAX]);
/* "exchange 7 GET /api (in B exchange 9)" */
const char *report_unit(const struct unit_result *u, struct report_sides s,
                        char out[REPORT_LINE_MAX]);

/* "trace: calls that are missing: 3, damaged places: 1, and its end is torn off"; "": both are whole. */
const char *report_missing(const struct trace_two *t, struct report_sides s,
                           char out[REPORT_LINE_MAX]);

/* Counts, then a line for each unit that is not equal; details: each difference. */
void report_text(const struct trace_two *t, struct report_sides s, bool details);
void report_json(const struct trace_two *t, struct report_sides s);
/* A test for each unit, one more that the recordings are whole, and one that fails if nothing was compared. */
void report_tap(const struct trace_two *t, struct report_sides s);
void report_junit(const struct trace_two *t, struct report_sides s);

#endif
