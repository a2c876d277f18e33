/* tools/trace_replay_step.c -- `replay --step`: record by record; see trace_replay.h */
#include "tools/output.h"
#include "tools/trace_replay.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER_MAX = 2000 };

static const char help[] =
    "  Enter    this record, then ask again\n"
    "  N        so many records\n"
    "  u EXPR   up to the first record that the filter wants, e.g. u kind == ANSWER\n"
    "  c        to the end\n"
    "  q        no further\n";

void replay_step_begin(struct replay_step *s, const struct trace_reader *reader)
{
    s->view = (struct trace_view){.excerpt = TRACE_EXCERPT, .effects = true};
    s->exchanges = trace_exchanges_new();
    trace_view_create(&s->view, reader);
}

void replay_step_end(struct replay_step *s)
{
    if (s->until)
        trace_filter_free(s->until);
    trace_exchanges_free(s->exchanges);
    trace_view_destroy(&s->view);
    trace_text_free(&s->text);
}

static void go_until(struct replay_step *s, const char *text)
{
    char error[FILTER_ERROR_MAX];
    s->until = trace_filter_new(text, error);
    if (!s->until)
        fprintf(stderr, "%s\n", error);
    else
        trace_filter_reader(s->until, s->view.reader);
}

/* False: it was no answer, or one to be asked after again. */
static bool take(struct replay_step *s, char *answer, enum step_answer *out)
{
    char *end;
    answer[strcspn(answer, "\n")] = '\0';
    *out = STEP_GO;
    if (*answer == '\0')
        return true;
    if (strcmp(answer, "q") == 0) {
        *out = STEP_QUIT;
        return true;
    }
    if (strcmp(answer, "c") == 0)
        return s->to_the_end = true;
    if (answer[0] == 'u' && answer[1] == ' ') {
        go_until(s, answer + 2);
        return s->until != NULL;
    }
    s->go = strtoull(answer, &end, 10);
    if (end != answer && !*end && s->go && !strchr(answer, '-')) { /* -1 would be very many */
        s->go--;
        return true;
    }
    s->go = 0;
    fputs(help, stderr);
    return false;
}

static enum step_answer ask(struct replay_step *s)
{
    char answer[ANSWER_MAX];
    enum step_answer out;
    for (;;) {
        output_flush();
        fputs("step> ", stderr);
        if (!fgets(answer, sizeof answer, stdin))
            return STEP_QUIT;
        if (take(s, answer, &out))
            return out;
    }
}

static bool is_silent(struct replay_step *s, const struct trace_record *r,
                      const struct trace_exchange *x)
{
    if (s->until && trace_filter_wants(s->until, r, x)) {
        trace_filter_free(s->until);
        s->until = NULL;
        return false;
    }
    if (s->until || s->to_the_end)
        return true;
    return s->go && s->go--;
}

enum step_answer replay_step(struct replay_step *s, const struct trace_record *r)
{
    const struct trace_exchange *x = trace_exchanges_take(s->exchanges, r);
    trace_view_take(&s->view, r);
    if (is_silent(s, r, x))
        return STEP_GO;
    trace_line(&s->view, &s->text, r, x);
    trace_text_print(&s->text);
    return ask(s);
}
