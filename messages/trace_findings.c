/* messages/trace_findings.c -- see trace_findings.h */
#include "messages/trace_findings.h"
#include "messages/exchange_number.h"
#include "messages/trace_grow.h"
#include "messages/vocabulary.h"
#include <stdarg.h>
#include <inttypes.h>
#include <stdio.h>

const char *finding_name(enum finding_class class)
{
    static const char *const names[] = {
        [FINDING_UNMATCHED] = "unmatched",   [FINDING_MISSING] = "missing",
        [FINDING_EXTRA] = "extra",           [FINDING_REORDERED] = "reordered",
        [FINDING_DIFFERENT] = "different",   [FINDING_FORM] = "other_form",
        [FINDING_VERSION] = "other_version", [FINDING_OVERTAKEN] = "overtaken",
        [FINDING_LEFT_OUT] = "left_out",     [FINDING_NOTE] = "note"};
    static_assert(sizeof names / sizeof *names == FINDING_CLASSES, "one for each");
    return names[class];
}

static char *text_of(const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    size_t room = length < 0 ? 1 : (size_t)length + 1;
    char *text = malloc(room);
    if (!text)
        heap_exhausted("what a replay found", room);
    text[0] = '\0';
    vsnprintf(text, room, format, again);
    va_end(again);
    return text;
}

void trace_findings_add(struct trace_findings *f, enum finding_class class,
                        const struct trace_about_what *about, const char *format, ...)
{
    va_list arguments;
    f->list = trace_grow(f->list, f->count, sizeof *f->list);
    struct trace_finding *new = &f->list[f->count++];
    f->counts[class]++;
    new->class = class;
    if (about)
        new->about = *about;
    if (new->about.method)
        new->about.method = trace_text(new->about.method, strlen(new->about.method));
    if (new->about.target)
        new->about.target = trace_text(new->about.target, strlen(new->about.target));
    va_start(arguments, format);
    new->text = text_of(format, arguments);
    va_end(arguments);
}

bool trace_findings_failed(const struct trace_findings *f, bool strict)
{
    unsigned most = strict ? FINDING_LEFT_OUT : FINDING_FAILURES;
    for (unsigned i = 0; i < most; i++)
        if (f->counts[i])
            return true;
    return false;
}

static void free_text(const char *text)
{
    union {
        const char *constant;
        char *own;
    } u = {text};
    free(u.own);
}

void trace_findings_release(struct trace_findings *f)
{
    for (unsigned i = 0; i < f->count; i++) {
        free_text(f->list[i].about.method);
        free_text(f->list[i].about.target);
        free(f->list[i].text);
    }
    free(f->list);
    *f = (struct trace_findings){0};
}

const char *trace_about_text(const struct trace_about_what *a, char out[ABOUT_TEXT_MAX])
{
    char number[EXCHANGE_TEXT_MAX];
    size_t n = 0;
    out[0] = '\0';
    if (a->has_ids && a->raw)
        n += (size_t)snprintf(out, ABOUT_TEXT_MAX, "%s %" PRIu64 " raw",
                              a->mode == MODE_STEAL ? "steal" : "mirror", a->connection);
    else if (a->has_ids)
        n +=
            (size_t)snprintf(out, ABOUT_TEXT_MAX, "%s %" PRIu64 "/%u",
                             a->mode == MODE_STEAL ? "steal" : "mirror", a->connection, a->request);
    else if (a->raw)
        n += (size_t)snprintf(out, ABOUT_TEXT_MAX, "raw connection");
    if (a->exchange)
        n += (size_t)snprintf(out + n, ABOUT_TEXT_MAX - n, "%s%s%s%s", n ? " (" : "", "exchange ",
                              exchange_number_print(a->exchange, number), n ? ")" : "");
    if (a->method && n < ABOUT_TEXT_MAX)
        snprintf(out + n, ABOUT_TEXT_MAX - n, "%s%s %s", n ? " " : "", a->method,
                 a->target ? a->target : "");
    return out;
}
