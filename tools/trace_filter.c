/* tools/trace_filter.c -- see trace_filter.h; what values the fields have stands in trace_fields.c */
#include "tools/trace_filter.h"
#include "messages/filter_program.h"
#include "tools/output.h"
#include "tools/trace_fields.h"
#include <stdlib.h>

struct trace_filter {
    struct filter_program *program; /* NULL: everything */
    bool asks_who;                  /* a field needs the types of other actors */
    struct trace_seen seen;
};

static bool asks_for(const struct filter_program *p, unsigned first, unsigned last)
{
    for (unsigned i = 0; p && i < p->test_count; i++)
        if (p->tests[i].field >= first && p->tests[i].field <= last)
            return true;
    return false;
}

struct trace_filter *trace_filter_new(const char *text, char error[FILTER_ERROR_MAX])
{
    struct filter_program *p = NULL;
    trace_fields_prepare();
    if (text && !(p = filter_new(text, trace_filter_fields, error)))
        return NULL;
    struct trace_filter *f = calloc(1, sizeof *f);
    if (!f)
        heap_exhausted("a filter", sizeof *f);
    f->program = p;
    f->asks_who = asks_for(p, TRACE_FIELD_FROM, TRACE_FIELD_ACTOR);
    f->seen.actors = trace_actors_new();
    return f;
}

void trace_filter_free(struct trace_filter *f)
{
    if (!f)
        return;
    filter_free(f->program);
    trace_actors_free(f->seen.actors);
    free(f->seen.scratch);
    free(f);
}

void trace_filter_reader(struct trace_filter *f, const struct trace_reader *reader)
{
    f->seen.reader = reader;
}

bool trace_filter_wants(struct trace_filter *f, const struct trace_record *r,
                        const struct trace_exchange *x)
{
    struct trace_seen *s = &f->seen;
    if (!f->program)
        return true;
    if (!s->has_begun) {
        s->has_begun = true;
        s->began_ns = r->ended_ns - r->took_ns;
    }
    if (f->asks_who)
        trace_actors_take(s->actors, s->reader, r);
    s->record = r;
    s->exchange = x;
    return filter_judge(f->program, trace_field_get, s) == FILTER_YES;
}

bool trace_filter_is_of_request(const struct trace_filter *f)
{
    bool is = f->program && f->program->test_count;
    for (unsigned i = 0; is && i < f->program->test_count; i++) {
        unsigned field = f->program->tests[i].field;
        is = field == TRACE_FIELD_METHOD || field == TRACE_FIELD_PATH;
    }
    return is;
}

bool trace_filter_wants_request(struct trace_filter *f, const char *method, const char *target)
{
    static const struct trace_record none;
    char *words[] = {strdup(method), strdup(target)};
    if (!words[0] || !words[1])
        heap_exhausted("a filter", strlen(target));
    struct trace_exchange x = {.has_request = true, .method = words[0], .target = words[1]};
    f->seen.record = &none;
    f->seen.exchange = &x;
    bool wants = filter_judge(f->program, trace_field_get, &f->seen) == FILTER_YES;
    free(words[0]);
    free(words[1]);
    return wants;
}

void trace_option_filter(struct command_line *c, const char *value, struct trace_filter **out)
{
    char error[FILTER_ERROR_MAX];
    trace_filter_free(*out);
    *out = trace_filter_new(value, error);
    if (!*out)
        command_line_mistake(c, "%s", error);
}

void trace_filter_help(void)
{
    output_text(
        "A filter says which records are wanted:\n\n"
        "    kind ~ \"HttpResponse*\" && conn == 7 && t < 2s && path ~ \"/api\"\n\n"
        "a || b   a && b   !a   (a)   has(conn)\n"
        "numbers and times   ==  !=  <  <=  >  >=        7  0x1f  64K    2s  15ms  3us  100ns\n"
        "texts               ==  !=  ~  !~               \"in quotes\", 'in quotes' or a bare "
        "word;\n"
        "    ~ looks for it anywhere, or, with * and ?, compares the whole value\n\n"
        "What a record does not have compares false with everything. Fields:\n\n");
    for (const struct filter_field *f = trace_filter_fields; f->name; f++)
        output_format("    %-9s %s\n", f->name, f->help);
}
