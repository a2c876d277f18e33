/* tests/fuzz/fuzz_http1.c -- libFuzzer over the HTTP/1 parser and writer.
 *
 * The first three bytes choose what is done with the rest:
 *   parser: the rest whole, cut once, and in small pieces gives the same events;
 *   head:   the rest as a wire-form head: written as text it fits the bound, and the text of a head
 *           that our own parser accepts is that head again;
 *   body:   the rest as payload in pieces, written and read again, is the same payload.
 */
#include "messages/http1_body.h"
#include "messages/http1_writer.h"
#include "tests/http1_log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TEXT_BYTES_MAX (1 << 20)

static void must(bool holds, const char *what, const char *one, const char *other)
{
    if (holds)
        return;
    fprintf(stderr, "%s\n--- one\n%s\n--- other\n%s\n", what, one, other);
    abort();
}

static void cut_parser(const uint8_t *choice, const uint8_t *bytes, size_t length)
{
    enum http1_role role = choice[0] & 1 ? HTTP1_REQUESTS : HTTP1_RESPONSES;
    enum http1_asked asked =
        role == HTTP1_REQUESTS ? HTTP1_ASKED_OTHER : (enum http1_asked)(choice[0] >> 1 & 3) % 3;
    bool eof = choice[0] & 8;
    size_t cut = length ? (choice[1] | (size_t)choice[2] << 8) % length : 0;
    char *whole = http1_log_run(role, asked, bytes, length, length, length, eof);
    char *in_two = http1_log_run(role, asked, bytes, length, cut, length, eof);
    char *small = http1_log_run(role, asked, bytes, length, 1, 1 + choice[1] % 7, eof);
    must(!strcmp(whole, in_two), "a cut matters", whole, in_two);
    must(!strcmp(whole, small), "small pieces matter", whole, small);
    free(whole);
    free(in_two);
    free(small);
}

/* What the parser makes of the text, in wire form; NULL if it does not accept it. */
static uint8_t *parse_back(const uint8_t *bytes, size_t length, size_t *wire_bytes)
{
    struct http_head_builder fields;
    struct http1_parser p;
    size_t consumed;
    uint8_t *wire = NULL;
    http1_parser_create(&p, HTTP1_REQUESTS);
    http1_parser_begin(&p, HTTP1_ASKED_OTHER);
    if (http1_parser_next(&p, &fields, bytes, length, &consumed) == HTTP1_HEAD) {
        *wire_bytes = http_head_builder_request_size(&fields, p.method, p.target);
        wire = malloc(*wire_bytes);
        if (!wire || http_head_builder_request_write(&fields, p.method, p.target, p.version,
                                                     wire) != wire + *wire_bytes)
            abort();
    }
    http1_parser_destroy(&p);
    return wire;
}

/* wire opened as a request: text, and the heads that come back from it, over and over the same. */
static void write_request(const struct http_head *head, const struct http_facts *facts,
                          enum http1_body_known known)
{
    struct http1_plan plan = http1_plan_request(head, facts, known);
    uint64_t bound = http1_head_bytes_max(head, facts);
    if (plan.refused || bound > TEXT_BYTES_MAX)
        return;
    uint8_t *text = malloc((size_t)bound);
    struct http1_out out = {.at = text, .end = text + bound};
    http1_write_request(&out, head, &plan);
    must(!out.overflow, "the bound is too small", "", "");
    size_t first_bytes = 0, second_bytes = 0;
    uint8_t *first = parse_back(text, (size_t)(out.at - text), &first_bytes);
    if (first) {
        struct http_head again;
        struct http_facts again_facts;
        must(http_head_open_request(&again, &again_facts, first, first_bytes), "not open", "", "");
        struct http1_plan again_plan = http1_plan_request(&again, &again_facts, HTTP1_BODY_UNKNOWN);
        struct http1_out over = {.at = text, .end = text + bound};
        must(!again_plan.refused, "refused what was parsed", again_plan.refused, "");
        http1_write_request(&over, &again, &again_plan);
        must(!over.overflow, "grew", "", "");
        uint8_t *second = parse_back(text, (size_t)(over.at - text), &second_bytes);
        must(second && first_bytes == second_bytes && !memcmp(first, second, first_bytes),
             "not the same head", "", "");
        free(second);
    }
    free(first);
    free(text);
}

/* What is remembered of a Trailer list fits where it is put, and ends behind a name. */
static void join_trailer_names(const struct http_head *head, const struct http_facts *facts)
{
    uint8_t *names = malloc(facts->trailer_bytes + 1u);
    size_t n = http_fields_join(head->fields, "trailer", names, facts->trailer_bytes);
    must(n <= facts->trailer_bytes, "more than there is room", "", "");
    must(!n || names[n - 1] == ',', "half a name", "", "");
    free(names);
}

static void write_response(const struct http_head *head, const struct http_facts *facts,
                           const uint8_t *choice)
{
    struct http1_asker asker = {.version = HTTP_VERSION_1_0 + (choice[1] & 1),
                                .head = choice[1] & 2,
                                .connect = choice[1] & 4,
                                .keep_alive = choice[1] & 8};
    struct http1_plan plan =
        http1_plan_response(head, facts, &asker, (enum http1_body_known)(choice[2] % 3));
    uint64_t bound = http1_head_bytes_max(head, facts);
    if (plan.refused || bound > TEXT_BYTES_MAX)
        return;
    uint8_t *text = malloc((size_t)bound);
    struct http1_out out = {.at = text, .end = text + bound};
    http1_write_response(&out, head, &plan);
    must(!out.overflow, "the bound is too small", "", "");
    free(text);
}

static void write_trailers(struct http_text map)
{
    struct http1_body b;
    uint64_t bound = http1_body_trailers_bytes_max(map);
    if (bound > TEXT_BYTES_MAX)
        return;
    uint8_t *text = malloc((size_t)bound);
    struct http1_out out = {.at = text, .end = text + bound};
    http1_body_create(&b, HTTP1_CHUNKED, 0);
    http1_body_end(&b, &out, map, (struct http_text){(const uint8_t *)"a,b,x,host", 10});
    must(!out.overflow, "the bound is too small", "", "");
    free(text);
}

static void write_heads(const uint8_t *choice, const uint8_t *bytes, size_t length)
{
    struct http_head head;
    struct http_facts facts;
    if (http_head_open_request(&head, &facts, bytes, length)) {
        write_request(&head, &facts, (enum http1_body_known)(choice[1] % 3));
        join_trailer_names(&head, &facts);
    }
    if (http_head_open_response(&head, &facts, bytes, length))
        write_response(&head, &facts, choice);
    write_trailers((struct http_text){bytes, length});
}

static void write_body(const uint8_t *choice, const uint8_t *bytes, size_t length)
{
    static const char head[] = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    size_t step = 1 + choice[1], room = sizeof head + length + (length / step + 2) * 32;
    uint8_t *text = malloc(room);
    struct http1_out out = {.at = text, .end = text + room};
    struct http1_body b;
    struct http1_log want = {.text = NULL};
    http1_out_bytes(&out, head, sizeof head - 1);
    http1_body_create(&b, HTTP1_CHUNKED, 0);
    for (size_t at = 0; at < length; at += step) {
        size_t n = http1_body_open(&b, &out, step < length - at ? step : length - at);
        http1_out_bytes(&out, bytes + at, n);
        http1_body_close(&b, &out);
    }
    http1_body_end(&b, &out, (struct http_text){NULL, 0}, (struct http_text){NULL, 0});
    http1_log_say(&want, "200 1.1 [transfer-encoding: chunked] chunked\n%s", length ? "body " : "");
    http1_log_text(&want, (struct http_text){bytes, length});
    http1_log_say(&want, length ? "\nend keep\n" : "end keep\n");
    size_t total = (size_t)(out.at - text), cut = choice[2] % total;
    char *log = http1_log_run(HTTP1_RESPONSES, HTTP1_ASKED_OTHER, text, total, cut, total, false);
    must(!strcmp(log, want.text), "the body changed", log, want.text);
    free(log);
    free(want.text);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3)
        return 0;
    switch (data[0] >> 6) {
    case 0:
    case 1: cut_parser(data, data + 3, size - 3); break;
    case 2: write_heads(data, data + 3, size - 3); break;
    default: write_body(data, data + 3, size - 3); break;
    }
    return 0;
}
