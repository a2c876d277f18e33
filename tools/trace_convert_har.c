/* tools/trace_convert_har.c -- `convert --to har`: HTTP Archive 1.2, an entry an exchange.
 *
 * Times are computed from the records, in milliseconds; -1 is what is not known or was not done, 0 for send, wait and
 * receive, of which the format wants none below. Who got no answer waited to the end of the exchange. Answers come
 * without their content codings, as the format wants it; where these cannot be undone, "_contentEncoding" says of which
 * coding the text is, and the entry's comment why. Requests are as they were sent. What is not text comes as base64:
 * in `content` as the format has it, in `postData`, for which the format knows no way, with "_encoding". Own members
 * begin with _, as it asks.
 * Source   HTTP Archive (HAR) format 1.2, softwareishard.com/blog/har-12-spec
 */
#include "messages/http_text.h"
#include "messages/vocabulary.h"
#include "tools/trace_convert.h"
#include "tools/trace_har.h"
#include "tools/trace_gathered_http.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- bodies ---- */

static struct http_text type_of(const struct http_head *h)
{
    struct http_text type;
    if (!h || !http_fields_find(h->fields, "content-type", &type))
        type = (struct http_text){(const uint8_t *)"application/octet-stream", 24};
    return type;
}

/* The answer's body without its content codings. */
struct plain {
    struct trace_out text;
    bool is; /* false: there was none, or, with a reason, it could not be undone */
    const char *why;
};

static void open_plain(struct convert *c, struct plain *p, const struct gathered *x)
{
    *p = (struct plain){0};
    p->is = gathered_http_plain(&p->text, x, &p->why);
    if (p->is && c->redaction)
        redactor_hide(c->redaction->redactor, p->text.bytes, p->text.length);
    c->coded += p->why && x->response.data.length;
}

/* "text":..., and how it is to be read. */
static void put_text(struct trace_out *out, const char *encoding, const struct trace_out *data)
{
    text_add(out, ",\"text\":");
    if (text_is_text(data->bytes, data->length)) {
        text_json(out, data->bytes, data->length);
    } else {
        text_add(out, "\"");
        text_base64(out, data->bytes, data->length);
        text_format(out, "\",\"%s\":\"base64\"", encoding);
    }
}

static void put_body(struct trace_out *out, const char *encoding, const struct gathered_body *b)
{
    put_text(out, encoding, &b->data);
    if (gathered_missing(b))
        text_format(out,
                    ",\"comment\":\"%zu of %" PRIu64
                    " bytes were recorded\",\"_bytesMissing\":%" PRIu64,
                    b->data.length, b->length, gathered_missing(b));
}

/* As it was sent. */
static void put_coded(struct trace_out *out, const struct http_head *h,
                      const struct gathered_body *b)
{
    struct http_text coding;
    if (b->length)
        put_body(out, "encoding", b);
    if (http_fields_find(h->fields, "content-encoding", &coding)) {
        text_add(out, ",\"_contentEncoding\":");
        text_json(out, coding.at, coding.length);
    }
}

static void put_content(struct trace_out *out, const struct http_head *h,
                        const struct gathered_body *b, const struct plain *p)
{
    struct http_text type = type_of(h);
    uint64_t size = p->is ? p->text.length : b->length;
    text_format(out, "{\"size\":%" PRIu64 ",\"mimeType\":", size);
    text_json(out, type.at, type.length);
    if (p->is) {
        text_format(out, ",\"compression\":%" PRId64, (int64_t)size - (int64_t)b->length);
        put_text(out, "encoding", &p->text);
    } else {
        put_coded(out, h, b);
    }
    text_add(out, "}");
}

static void put_post_data(struct trace_out *out, const struct http_head *h,
                          const struct gathered_body *b)
{
    struct http_text type = type_of(h);
    text_add(out, ",\"postData\":{\"mimeType\":");
    text_json(out, type.at, type.length);
    put_body(out, "_encoding", b);
    text_add(out, "}");
}

/* ---- request and response ---- */

static int64_t size_of(const struct gathered_body *b, bool known)
{
    return known ? (int64_t)b->length : -1;
}

static void put_version(struct trace_out *out, const struct http_head *h)
{
    text_add(out, ",\"httpVersion\":");
    text_json_string(out, wire_httpver_texts[h->version]);
}

static void put_request(struct trace_out *out, const struct gathered *x, const struct http_head *h)
{
    struct trace_out url = {0};
    gathered_http_url(&url, x, h);
    text_add(out, "\"request\":{\"method\":");
    text_json(out, h->method.at, h->method.length);
    text_add(out, ",\"url\":");
    text_json(out, url.bytes, url.length);
    free(url.bytes);
    put_version(out, h);
    har_put_fields(out, h->fields);
    har_put_request_cookies(out, h->fields);
    har_put_query(out, h->target);
    text_format(out, ",\"headersSize\":-1,\"bodySize\":%" PRId64,
                size_of(&x->request, x->request.ended));
    if (x->request.length)
        put_post_data(out, h, &x->request);
    text_add(out, "}");
}

static void put_response(struct trace_out *out, const struct gathered *x, const struct plain *p)
{
    struct http_head h;
    struct http_text location;
    if (!gathered_http_response(x, &h)) {
        text_add(out, ",\"response\":{\"status\":0,\"statusText\":\"\",\"httpVersion\":\"\","
                      "\"headers\":[],\"cookies\":[],\"content\":{\"size\":0,\"mimeType\":"
                      "\"x-unknown\"},\"redirectURL\":\"\",\"headersSize\":-1,\"bodySize\":-1}");
        return;
    }
    text_format(out, ",\"response\":{\"status\":%u,\"statusText\":", h.status);
    text_json_string(out, http_reason(h.status));
    put_version(out, &h);
    har_put_fields(out, h.fields);
    har_put_response_cookies(out, h.fields);
    text_add(out, ",\"content\":");
    put_content(out, &h, &x->response, p);
    text_add(out, ",\"redirectURL\":");
    if (!http_fields_find(h.fields, "location", &location))
        location.length = 0;
    text_json(out, location.at, location.length);
    text_format(out, ",\"headersSize\":-1,\"bodySize\":%" PRId64 "}",
                size_of(&x->response, x->response.ended));
}

/* ---- times ---- */

struct phase {
    const char *name;
    uint64_t from, to; /* 0: not known */
    bool always;       /* the format has no -1 for it */
};

static bool is_known(const struct phase *p)
{
    return p->from && p->to && p->to >= p->from;
}

static uint64_t ns_of(const struct phase *p)
{
    return is_known(p) ? p->to - p->from : 0;
}

static void put_ms(struct trace_out *out, uint64_t ns)
{
    text_format(out, "%" PRIu64 ".%06u", ns / 1000000, (unsigned)(ns % 1000000));
}

/* Until when it was waited. An answer may begin before all of the request was sent, which is no wait. */
static uint64_t waited_to(const struct gathered *x)
{
    return x->times.first_byte ? x->times.first_byte : x->over ? x->times.ended : 0;
}

/* In the order in which they follow each other. A connection that was there already is neither looked up nor dialed
 * for. */
static void put_timings(struct trace_out *out, const struct gathered *x)
{
    const struct gathered_times *t = &x->times;
    uint64_t first = t->resolve ? t->resolve : t->dial ? t->dial : t->assigned;
    uint64_t ready = t->connected > t->assigned ? t->connected : t->assigned;
    uint64_t answer = t->first_byte && t->sent > t->first_byte ? t->sent : t->first_byte;
    if (t->dial && !t->connected)
        ready = 0;
    const struct phase phases[] = {
        {"blocked", t->began, first, false},       {"dns", t->resolve, t->resolved, false},
        {"connect", t->dial, t->connected, false}, {"send", t->sent ? ready : 0, t->sent, true},
        {"wait", t->sent, waited_to(x), true},     {"receive", answer, t->last_byte, true}};
    enum { PHASES = sizeof phases / sizeof phases[0] };
    uint64_t all = 0;
    for (unsigned i = 0; i < PHASES; i++)
        all += ns_of(&phases[i]);
    text_add(out, "\"time\":");
    put_ms(out, all);
    text_add(out, ",\"timings\":{\"ssl\":-1");
    for (unsigned i = 0; i < PHASES; i++) {
        text_json_name(out, phases[i].name, false);
        if (phases[i].always || is_known(&phases[i]))
            put_ms(out, ns_of(&phases[i]));
        else
            text_add(out, "-1");
    }
    text_add(out, "}");
}

static void put_date(struct trace_out *out, uint64_t ns)
{
    char text[40];
    time_t seconds = (time_t)(ns / 1000000000);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
    text_format(out, "\"startedDateTime\":\"%s.%06uZ\",", text, (unsigned)(ns / 1000 % 1000000));
}

/* ---- entries ---- */

static void put_connection(struct trace_out *out, const struct gathered *x)
{
    struct address a;
    char error[160], text[ADDRESS_TEXT_MAX];
    if (!ref_is_nobody(x->local))
        text_format(out, ",\"connection\":\"%" PRIu32 ".%" PRIu32 "\"", x->local.place,
                    x->local.generation);
    if (!x->address[0])
        return;
    text_add(out, x->remote ? ",\"_client\":" : ",\"_address\":");
    text_json_string(out, x->address);
    if (x->remote || !address_parse(&a, x->address, error) ||
        (a.family != ADDRESS_V4 && a.family != ADDRESS_V6))
        return;
    address_print(&a, text);
    char *colon = strrchr(text, ':');
    *colon = '\0';
    bool brackets = text[0] == '[';
    if (brackets)
        colon[-1] = '\0';
    text_add(out, ",\"serverIPAddress\":");
    text_json_string(out, text + brackets);
}

/* Answered, and the trace has every byte of both bodies. */
static bool is_all_here(const struct gathered *x)
{
    return gathered_is_whole(x) && !gathered_missing(&x->request) &&
           !gathered_missing(&x->response);
}

static void put_remarks(struct trace_out *out, const struct gathered *x, const struct plain *p)
{
    struct trace_out remarks = {0};
    text_format(out, ",\"_exchange\":%" PRIu32, x->number);
    if (x->has_ids)
        text_format(out, ",\"_mode\":\"%s\",\"_connectionId\":\"%" PRIu64 "\",\"_requestId\":%u",
                    x->mode == MODE_MIRROR ? "mirror" : "steal", x->connection, x->request_id);
    text_format(out, ",\"_whole\":%s", is_all_here(x) ? "true" : "false");
    gathered_http_remarks(&remarks, x);
    if (p->why)
        text_format(&remarks, "%sthe answer's body is encoded still: %s",
                    remarks.length ? "; " : "", p->why);
    if (remarks.length) {
        text_add(out, ",\"comment\":");
        text_json(out, remarks.bytes, remarks.length);
    }
    free(remarks.bytes);
}

static void exchange(struct convert *c, const struct gathered *x)
{
    struct http_head h;
    struct plain plain;
    if (!gathered_http_request(x, &h, NULL)) {
        c->headless++;
        return;
    }
    open_plain(c, &plain, x);
    convert_count_coded(c, &h, &x->request);
    convert_count_body(c, &x->request);
    convert_count_body(c, &x->response);
    text_add(&c->out, c->exchanges > 1 + c->headless ? ",\n{" : "\n{");
    put_date(&c->out, convert_wall_ns(c, x->times.began));
    put_timings(&c->out, x);
    text_add(&c->out, ",");
    put_request(&c->out, x, &h);
    put_response(&c->out, x, &plain);
    text_add(&c->out, ",\"cache\":{}");
    put_connection(&c->out, x);
    put_remarks(&c->out, x, &plain);
    text_add(&c->out, "}");
    free(plain.text.bytes);
}

static void begin(struct convert *c)
{
    text_add(&c->out, "{\"log\":{\"version\":\"1.2\",\"creator\":{\"name\":\"intproxy-trace\","
                      "\"version\":\"" INTPROXYD_VERSION "\"},\"comment\":");
    struct trace_out text = {0};
    text_format(&text, "a trace of %s %s", c->about.program, c->about.build);
    text_json(&c->out, text.bytes, text.length);
    free(text.bytes);
    text_add(&c->out, ",\"entries\":[");
}

static void end(struct convert *c)
{
    text_add(&c->out, "\n]}}\n");
}

const struct convert_form convert_har = {.name = "har",
                                         .begin = begin,
                                         .exchange = exchange,
                                         .selects = true,
                                         .decodes = true,
                                         .end = end};
