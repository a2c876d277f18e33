/* tools/trace_convert_read.c -- reading for `convert`: passes over the trace, what is wanted, what is secret.
 *
 * An exchange is wanted if one of its records is, which only the end of the trace tells; and what is secret is learned
 * anywhere in it, and hidden everywhere. So it is read several times, and what can be read only once is
 * kept (trace_reread.h). Filters see what was recorded, forms what may be seen.
 */
#include "actors/exit_codes.h"
#include "messages/trace_grow.h"
#include "tools/trace_convert.h"
#include "tools/trace_filter.h"
#include "tools/trace_gathered_http.h"
#include "tools/trace_input.h"
#include "tools/trace_reread.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- one pass -------------------------------------------------------------------------------- */

struct pass {
    struct trace_input in;
    struct trace_exchanges
        *exchanges;                /* as they were recorded: a filter may ask for what is secret */
    struct trace_exchanges *shown; /* as the form sees them; NULL: it gets nothing in this pass */
    struct trace_filter *filter;
    struct trace_gather *gather;
    uint64_t begun; /* parts that the form knows of */
};

static void pass_begin(struct pass *p, struct convert *c, bool quiet)
{
    char error[FILTER_ERROR_MAX];
    *p = (struct pass){.in.quiet = quiet, .exchanges = trace_exchanges_new()};
    p->shown = quiet ? NULL : trace_exchanges_new();
    p->filter = trace_filter_new(c->filter, error);
    trace_input_open(&p->in, c->paths, c->count);
    trace_filter_reader(p->filter, p->in.reader);
    c->reader = p->in.reader;
}

/* The next record. NULL: there is none. */
static const struct trace_record *pass_next(struct pass *p, struct convert *c,
                                            struct trace_record *r)
{
    if (c->failed || !trace_input_next(&p->in, r))
        return NULL;
    c->wanted = trace_filter_wants(p->filter, r, trace_exchanges_take(p->exchanges, r));
    return r;
}

/* The same, as the form may see it: without its secrets. NULL also: the file has grown since they were looked for. */
static const struct trace_record *pass_show(struct pass *p, struct convert *c,
                                            struct trace_record *r)
{
    const struct trace_record *shown = pass_next(p, c, r);
    if (shown && c->redaction)
        shown = redactor_apply(c->redaction->redactor, c->reader, shown);
    if (shown)
        c->x = trace_exchanges_take(p->shown, shown);
    return shown;
}

static int pass_end(struct pass *p)
{
    int status = trace_input_status(&p->in);
    trace_filter_free(p->filter);
    trace_exchanges_free(p->exchanges);
    if (p->shown)
        trace_exchanges_free(p->shown);
    trace_input_close(&p->in);
    return status;
}

static void select_wanted(struct convert *c)
{
    struct pass p;
    struct trace_record r;
    pass_begin(&p, c, true);
    c->selection = trace_selection_new();
    while (pass_next(&p, c, &r))
        if (c->wanted)
            trace_selection_add(c->selection, &r);
    pass_end(&p);
}

/* ---- what the form decodes ------------------------------------------------------------------- */

/* The stand-in agent alone has no other exchanges than those of its remote clients. */
static enum gather_at gathered_at(const struct convert *c, const char *program)
{
    if (c->has_at)
        return c->at;
    return strcmp(program, "intproxy-agent") ? GATHER_APPLICATION : GATHER_REMOTE;
}

static void learn_contents(struct redactor *d, struct trace_gather *gather)
{
    struct gathered *x;
    const char *why;
    while ((x = trace_gather_next(gather))) {
        struct trace_out plain = {0};
        if (gathered_http_plain(&plain, x, &why))
            redactor_learn_bytes(d, plain.bytes, plain.length);
        free(plain.bytes);
        gathered_free(x);
    }
}

/* No record has what a form decodes, so a pass of its own learns what is secret there, of all exchanges: it may stand
 * elsewhere, too. */
static void learn_all_contents(void *context, struct redactor *d)
{
    struct convert *c = context;
    struct pass p;
    struct trace_record r;
    pass_begin(&p, c, true);
    while (pass_next(&p, c, &r)) {
        const struct trace_about *about = trace_input_about(&p.in);
        if (!p.gather)
            p.gather = trace_gather_new(gathered_at(c, about ? about->program : ""));
        trace_gather_take(p.gather, c->reader, &r);
        learn_contents(d, p.gather);
    }
    if (p.gather) {
        trace_gather_end(p.gather);
        learn_contents(d, p.gather);
        trace_gather_free(p.gather);
    }
    pass_end(&p);
}

/* ---- what the form gets ---------------------------------------------------------------------- */

static void give_exchange(struct convert *c, const struct gathered *x)
{
    bool wanted = x->remote ? trace_selection_has_party(c->selection, x->local)
                            : trace_selection_has_exchange(c->selection, x->number);
    if (!wanted)
        return;
    c->raw += x->raw;
    if (x->raw)
        return;
    c->exchanges++;
    c->unfinished += !gathered_is_whole(x);
    c->form->exchange(c, x);
    convert_flush(c, false);
}

static void give_exchanges(struct convert *c, struct trace_gather *gather)
{
    struct gathered *x;
    while ((x = trace_gather_next(gather))) {
        give_exchange(c, x);
        gathered_free(x);
    }
}

/* What a file whose header is damaged says of itself. */
static const struct trace_about nothing = {.first_sequence = UINT64_MAX,
                                           .program = "",
                                           .build = "",
                                           .options = "",
                                           .protocol = "",
                                           .system = "",
                                           .why = ""};

/* Texts of ours in place of those that were read, without their secrets. */
static const char *own_text(const char *text)
{
    return trace_text(text, strlen(text));
}

static const char *shown_text(const struct convert *c, const char *text)
{
    return c->redaction ? redactor_text(c->redaction->redactor, text) : own_text(text);
}

static struct trace_setting shown_setting(const struct convert *c, const struct trace_setting *s)
{
    return (struct trace_setting){shown_text(c, s->name),
                                  c->redaction ? redactor_setting(c->redaction->redactor, s)
                                               : own_text(s->value)};
}

static void forget_about(struct convert *c)
{
    const char *const texts[] = {c->about.program,  c->about.build,  c->about.options,
                                 c->about.protocol, c->about.system, c->about.why};
    for (unsigned i = 0; i < sizeof texts / sizeof texts[0]; i++)
        free((void *)(uintptr_t)texts[i]);
    for (struct trace_setting *s = c->settings; s && s->name; s++) {
        free((void *)(uintptr_t)s->name);
        free((void *)(uintptr_t)s->value);
    }
    free(c->settings);
    c->about = (struct trace_about){0};
    c->settings = NULL;
}

static void show_about(struct convert *c, const struct trace_about *about,
                       const struct trace_setting *settings)
{
    const char **const texts[] = {&c->about.program,  &c->about.build,  &c->about.options,
                                  &c->about.protocol, &c->about.system, &c->about.why};
    size_t count = 0;
    forget_about(c);
    c->about = *about;
    for (unsigned i = 0; i < sizeof texts / sizeof texts[0]; i++)
        *texts[i] = shown_text(c, *texts[i]);
    while (settings[count].name)
        count++;
    c->settings = calloc(count + 1, sizeof *c->settings);
    if (!c->settings)
        heap_exhausted("the settings of a trace", count);
    for (size_t i = 0; i < count; i++)
        c->settings[i] = shown_setting(c, &settings[i]);
}

/* A file into which nothing was written yet makes a form without anything in it, which its readers can read. */
static void begin_empty(struct convert *c, struct pass *p)
{
    struct trace_about about = nothing;
    about.program = "nothing";
    show_about(c, &about, trace_reader_settings(c->reader));
    if (c->form->begin)
        c->form->begin(c);
    p->begun = 1;
}

static void begin_part(struct convert *c, struct pass *p)
{
    const struct trace_about *about = trace_input_about(&p->in);
    show_about(c, about ? about : &nothing, trace_reader_settings(c->reader));
    if (!p->begun && c->form->begin)
        c->form->begin(c);
    if (c->form->part)
        c->form->part(c);
    p->begun = p->in.files ? p->in.files : 1;
}

static void give_record(struct convert *c, struct pass *p, const struct trace_record *r)
{
    if (c->form->record)
        c->form->record(c, r);
    if (c->form->exchange) {
        if (!p->gather)
            p->gather = trace_gather_new(gathered_at(c, c->about.program));
        trace_gather_take(p->gather, c->reader, r);
        give_exchanges(c, p->gather);
    }
    convert_flush(c, false);
}

static int write_all(struct convert *c)
{
    struct pass p;
    struct trace_record r;
    const struct trace_record *shown;
    pass_begin(&p, c, false);
    while ((shown = pass_show(&p, c, &r))) {
        if (!p.begun || p.in.files > p.begun)
            begin_part(c, &p);
        give_record(c, &p, shown);
    }
    if (p.in.files > p.begun) /* it holds no record */
        begin_part(c, &p);
    else if (!p.begun && !trace_input_status(&p.in))
        begin_empty(c, &p);
    if (p.gather) {
        trace_gather_end(p.gather);
        give_exchanges(c, p.gather);
        trace_gather_free(p.gather);
    }
    if (p.begun && c->form->end)
        c->form->end(c);
    forget_about(c);
    return pass_end(&p);
}

/* ---- all ------------------------------------------------------------------------------------- */

int convert_read(struct convert *c)
{
    bool selects = c->filter && c->form->selects;
    const char **names = calloc(c->count, sizeof *names);
    if (!names)
        heap_exhausted("names of files", c->count * sizeof *names);
    int status = EXIT_IO;
    if (c->redaction && c->form->decodes) {
        c->redaction->learn_more = learn_all_contents;
        c->redaction->context = c;
    }
    memcpy(names, c->paths, c->count * sizeof *names);
    c->paths = names;
    if ((!selects && !c->redaction) || trace_reread_keep(names, c->count))
        status = c->redaction ? trace_redaction_prepare(c->redaction, c->paths, c->count, true) : 0;
    if (!status) {
        if (selects)
            select_wanted(c);
        status = write_all(c);
    }
    trace_selection_free(c->selection);
    free(names);
    return status;
}

/* ---- what forms ask for ---------------------------------------------------------------------- */

void convert_count_body(struct convert *c, const struct gathered_body *b)
{
    if (!gathered_missing(b))
        return;
    c->capped++;
    c->capped_bytes += gathered_missing(b);
}

void convert_count_coded(struct convert *c, const struct http_head *h,
                         const struct gathered_body *b)
{
    struct trace_out list = {0};
    c->coded += b->data.length && gathered_http_codings(&list, h);
    free(list.bytes);
}

uint64_t convert_wall_ns(const struct convert *c, uint64_t ns)
{
    return c->about.wall_us * 1000 + (ns - c->about.clock_ns);
}
