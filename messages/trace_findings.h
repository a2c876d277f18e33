/* messages/trace_findings.h -- what a replay against a real peer found: counts, and each thing with its details.
 *
 * Owner    whoever zeroed it; trace_findings_release at the end.
 * Thread   one at a time.
 */
#ifndef MESSAGES_TRACE_FINDINGS_H
#define MESSAGES_TRACE_FINDINGS_H

#include <stdbool.h>
#include <stdint.h>

/* Failures come first, then what is told and no failure unless --strict. */
enum finding_class {
    FINDING_UNMATCHED, /* was asked for, and was never recorded */
    FINDING_MISSING,   /* was recorded, and did not come */
    FINDING_EXTRA,     /* came, and was not recorded (so often) */
    FINDING_REORDERED, /* came before what it followed in the recording, or too late to be waited for */
    FINDING_DIFFERENT, /* came with another content */
    FINDING_FAILURES,
    FINDING_FORM = FINDING_FAILURES, /* the same answer in another form that is equally right */
    FINDING_VERSION,                 /* another protocol version was announced */
    FINDING_OVERTAKEN, /* another order of what ran side by side, or followed by chance */
    FINDING_LEFT_OUT,  /* cannot be played: bytes of it are not in the trace */
    FINDING_NOTE,      /* anything else that is good to know */
    FINDING_CLASSES
};
const char *finding_name(enum finding_class class);

struct trace_about_what {
    bool has_ids;
    bool raw;
    uint8_t mode; /* enum traffic_mode */
    uint64_t connection;
    uint16_t request;
    uint32_t exchange;           /* number in the trace; 0: not known */
    const char *method, *target; /* NULL: none */
};

struct trace_finding {
    enum finding_class class;
    struct trace_about_what about; /* method and target are its own */
    char *text;                    /* lines, each with its end */
};

struct trace_findings {
    uint64_t matched;
    uint64_t counts[FINDING_CLASSES];
    struct trace_finding *list;
    unsigned count;
};

/* about may be NULL. The text needs no line end. */
void trace_findings_add(struct trace_findings *f, enum finding_class class,
                        const struct trace_about_what *about, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Is there what makes the exit status 1? */
bool trace_findings_failed(const struct trace_findings *f, bool strict);
void trace_findings_release(struct trace_findings *f);

/* "steal 7/0 (exchange 3) GET /tp.c"; "" when nothing is known. */
enum { ABOUT_TEXT_MAX = 300 };
const char *trace_about_text(const struct trace_about_what *about, char out[ABOUT_TEXT_MAX]);

#endif
