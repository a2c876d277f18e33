/* tests/fuzz/fuzz_jsonl.c -- libFuzzer over JSON lines: any lines give a trace or errors.
 *
 * Lines stand behind the beginning of a trace of this build; if the input begins with '{"i' its first one is the
 * beginning itself. What was accepted is a trace: as far as it can be read, it becomes lines and the same bytes again,
 * and exchanges are gathered from it.
 */
#include "messages/kinds.h"
#include "messages/trace_encoder.h"
#include "messages/trace_gather.h"
#include "messages/trace_jsonl.h"
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* A file without records, of this build. */
static void begin(struct trace_out *out)
{
    static const struct actor_type interceptor = {"interceptor", 64, NULL, NULL};
    static const struct actor_type local = {"local_connection", 64, NULL, NULL};
    static const struct actor_type remote = {"agent_remote", 64, NULL, NULL};
    static const struct actor_type *const types[] = {&interceptor, &local, &remote, NULL};
    static const struct trace_setting settings[] = {{NULL, NULL}};
    struct trace_about about = {
        .program = "p", .build = "", .options = "", .protocol = "", .system = "", .why = ""};
    messages_init();
    struct trace_encoder *e = trace_encoder_new(&about, types, settings);
    trace_encode_beginning(e, out, 0, "");
    trace_encoder_free(e);
}

struct reading {
    struct trace_out lines;
    bool whole; /* all of it could be read */
};

static void take(struct reading *x, struct trace_reader *reader, struct jsonl_sink *sink,
                 struct trace_gather *const gather[2], const struct trace_record *r)
{
    if (!x->lines.length)
        jsonl_put_beginning(sink, &x->lines, reader, NULL, NULL);
    jsonl_put_record(sink, &x->lines, reader, r);
    trace_gather_take(gather[0], reader, r);
    trace_gather_take(gather[1], reader, r);
}

static struct reading read_trace(const struct trace_out *file)
{
    struct reading x = {.whole = true};
    struct jsonl_sink sink = {0};
    struct trace_reader *reader = trace_reader_new();
    struct trace_gather *gather[2] = {trace_gather_new(GATHER_APPLICATION),
                                      trace_gather_new(GATHER_REMOTE)};
    struct trace_record r;
    enum trace_got got;
    trace_reader_feed(reader, file->bytes, file->length);
    while ((got = trace_reader_next(reader, &r)) != TRACE_MORE)
        if (got == TRACE_RECORD && trace_reader_about(reader))
            take(&x, reader, &sink, gather, &r);
        else if (got == TRACE_BAD)
            x.whole = false;
    trace_gather_free(gather[0]);
    trace_gather_free(gather[1]);
    jsonl_sink_release(&sink);
    trace_reader_free(reader);
    return x;
}

/* Each line is taken as it comes. */
static unsigned write_trace(struct trace_out *file, const uint8_t *lines, size_t length,
                            struct jsonl_source *s)
{
    unsigned bad = 0;
    while (length) {
        const uint8_t *end = memchr(lines, '\n', length);
        size_t n = end ? (size_t)(end - lines) : length;
        size_t before = file->length;
        bool good = jsonl_source_take(s, file, (const char *)lines, n);
        must(good == !*jsonl_source_error(s));
        must(good || file->length == before);
        bad += !good;
        n += end ? 1 : 0;
        lines += n;
        length -= n;
    }
    return bad;
}

/* The whole table would be what takes the time. */
static void keep_few_kinds(struct trace_out *line)
{
    static const char names[] = " TIMER SOCKET_DATA SOCKET_CONNECTED SOCKET_ACCEPTED REQUEST "
                                "REQUEST_BODY DATA INTERCEPT ASSIGN ASSIGN_BODY RESPONSE "
                                "RESPONSE_BODY LOCAL_FAILED ANSWER AGENT_ROUTE AGENT_OFFER "
                                "AGENT_OFFER_BODY ";
    json_t *all = json_loadb((const char *)line->bytes, line->length, 0, NULL);
    json_t *kinds = json_object_get(all, "kinds");
    char name[64];
    for (size_t i = json_array_size(kinds); i-- > 0;) {
        snprintf(name, sizeof name, " %s ",
                 json_string_value(json_object_get(json_array_get(kinds, i), "name")));
        if (!strstr(names, name))
            json_array_remove(kinds, i);
    }
    char *text = json_dumps(all, JSON_COMPACT);
    line->length = 0;
    trace_out_put(line, text, strlen(text));
    trace_out_put(line, "\n", 1);
    free(text);
    json_decref(all);
}

static struct trace_out beginning_line(void)
{
    struct trace_out file = {0}, line = {0};
    struct jsonl_sink sink = {0};
    struct trace_reader *reader = trace_reader_new();
    struct trace_record r;
    begin(&file);
    trace_reader_feed(reader, file.bytes, file.length);
    while (trace_reader_next(reader, &r) != TRACE_MORE)
        ;
    jsonl_put_beginning(&sink, &line, reader, NULL, NULL);
    jsonl_sink_release(&sink);
    trace_reader_free(reader);
    free(file.bytes);
    keep_few_kinds(&line);
    return line;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct trace_out line;
    struct trace_out file = {0}, again = {0};
    struct jsonl_source *s = jsonl_source_new(false), *t = jsonl_source_new(false);
    if (!line.length)
        line = beginning_line();
    if (size < 3 || memcmp(data, "{\"i", 3) != 0)
        must(write_trace(&file, line.bytes, line.length, s) == 0);
    write_trace(&file, data, size, s);
    struct reading x = read_trace(&file);
    if (x.whole && x.lines.length) {
        must(write_trace(&again, x.lines.bytes, x.lines.length, t) == 0);
        must(again.length == file.length && !memcmp(again.bytes, file.bytes, file.length));
    }
    jsonl_source_free(s);
    jsonl_source_free(t);
    free(x.lines.bytes);
    free(file.bytes);
    free(again.bytes);
    return 0;
}
