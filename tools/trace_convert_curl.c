/* tools/trace_convert_curl.c -- `convert --to curl`: a curl command an HTTP request, for sh.
 *
 * What curl would add of its own (Accept, User-Agent, Expect, a Content-Type) is taken away unless the request had
 * it; the target goes as it was sent. A body that is text stands in the command, any other comes through base64.
 * No command waits for ever for an answer that has no end.
 */
#include "messages/http_text.h"
#include "runtime/address.h"
#include "tools/trace_convert.h"
#include "tools/trace_gathered_http.h"
#include <stdlib.h>
#include <string.h>

enum { BODY_IN_COMMAND_MAX = 32 << 10, BASE64_LINE_BYTES = 57, NO_END_S = 5 };

/* ---- quoting ---- */

/* For sh: nothing within single quotes means anything but itself. */
static void put_quoted(struct trace_out *out, const void *bytes, size_t length)
{
    const char *at = bytes, *end = at + length;
    text_add(out, "'");
    for (; at < end; at++)
        if (*at == '\'')
            text_add(out, "'\\''");
        else
            text_bytes(out, at, 1);
    text_add(out, "'");
}

static void put_option(struct trace_out *out, const char *option, const void *bytes, size_t length)
{
    text_format(out, " %s ", option);
    put_quoted(out, bytes, length);
}

/* ---- header lines ---- */

static void put_field(struct trace_out *out, struct http_text name, struct http_text value)
{
    struct trace_out line = {0};
    text_bytes(&line, name.at, name.length);
    text_add(&line, value.length ? ": " : ";"); /* curl's way to send one without a value */
    text_bytes(&line, value.at, value.length);
    put_option(out, "-H", line.bytes, line.length);
    free(line.bytes);
}

/* What curl counts itself, and what it would take for something else: -H @x reads a file. */
static bool is_left_out(struct http_text name, bool has_body)
{
    return (HTTP_TEXT_IS(name, "content-length") && has_body) || !http_text_is_token(name);
}

static void put_fields(struct trace_out *out, const struct http_head *h, bool has_body)
{
    static const char *const added[] = {"host", "user-agent", "accept", "content-type", "expect"};
    enum { WITHOUT_BODY = 3, WITH_BODY = sizeof added / sizeof added[0] };
    struct http_fields f;
    struct http_text name, value;
    http_fields_begin(&f, h->fields);
    while (http_fields_next(&f, &name, &value))
        if (!is_left_out(name, has_body))
            put_field(out, name, value);
    for (unsigned i = 0; i < (has_body ? WITH_BODY : WITHOUT_BODY); i++)
        if (!http_fields_find(h->fields, added[i], &value))
            text_format(out, " -H '%s:'", added[i]);
}

/* ---- where to ---- */

static bool is_plain_target(struct http_text t)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "/?&=%.,_~:;@!$()*+-";
    for (size_t i = 0; i < t.length; i++)
        if (!t.at[i] || !strchr(plain, t.at[i]))
            return false;
    return t.length && t.at[0] == '/' && (t.length == 1 || t.at[1] != '/');
}

static void put_where(struct convert *c, const struct gathered *x, const struct http_head *h)
{
    struct trace_out *out = &c->out, url = {0};
    const char *to = c->to_host ? c->to_host : x->remote ? "" : x->address;
    struct http_text host;
    text_add(&url, x->tls && !x->address[0] ? "https://" : "http://");
    if (!strncmp(to, "unix:", 5)) {
        put_option(out, "--unix-socket", to + 5, strlen(to + 5));
        text_add(&url, "localhost");
    } else if (*to) {
        text_add(&url, to);
    } else if (http_fields_find(h->fields, "host", &host) && host.length) {
        text_bytes(&url, host.at, host.length);
    } else {
        text_format(&url, "localhost:%u", x->port);
    }
    if (is_plain_target(h->target))
        text_bytes(&url, h->target.at, h->target.length);
    else
        put_option(out, "--request-target", h->target.at, h->target.length);
    text_add(out, " ");
    put_quoted(out, url.bytes, url.length);
    free(url.bytes);
}

/* ---- the command ---- */

static bool fits_in_command(const struct trace_out *data)
{
    return data->length <= BODY_IN_COMMAND_MAX && text_is_text(data->bytes, data->length) &&
           !(data->length && memchr(data->bytes, '\r', data->length));
}

static void put_here_document(struct trace_out *out, const struct trace_out *data)
{
    for (size_t at = 0; at < data->length; at += BASE64_LINE_BYTES) {
        size_t left = data->length - at;
        text_base64(out, data->bytes + at, left < BASE64_LINE_BYTES ? left : BASE64_LINE_BYTES);
        text_add(out, "\n");
    }
    text_add(out, "END_OF_BODY\n");
}

/* curl waits for a body unless it knows better, and with --head for none. */
static void put_method(struct trace_out *out, const struct http_head *h, bool has_body)
{
    if (HTTP_TEXT_IS(h->method, "head") && !has_body)
        text_add(out, " --head");
    else if (has_body || !HTTP_TEXT_IS(h->method, "get"))
        put_option(out, "-X", h->method.at, h->method.length);
}

/* curl waits for the end of an answer: of what was upgraded, and of what was not over when the trace ended or the
 * client went away, there may be none, and no command behind it would be run. */
static bool has_no_end(const struct gathered *x)
{
    return x->upgraded || !x->response.ended;
}

static void put_command(struct convert *c, const struct gathered *x, const struct http_head *h,
                        const struct http_facts *facts)
{
    const struct trace_out *data = &x->request.data;
    bool has_body = data->length || facts->chunked_last ||
                    (facts->length == HTTP_LENGTH_VALID && facts->content_length > 0);
    bool piped = has_body && !fits_in_command(data);
    if (piped)
        text_add(&c->out, "base64 -d <<'END_OF_BODY' | ");
    text_add(&c->out, h->version == HTTP_VERSION_1_0 ? "curl --http1.0" : "curl --http1.1");
    text_add(&c->out, " -g --path-as-is");
    if (has_no_end(x))
        text_format(&c->out, " --max-time %d", NO_END_S);
    put_method(&c->out, h, has_body);
    put_fields(&c->out, h, has_body);
    if (piped)
        text_add(&c->out, " --data-binary @-");
    else if (has_body)
        put_option(&c->out, "--data-raw", data->bytes, data->length);
    put_where(c, x, h);
    text_add(&c->out, "\n");
    if (piped)
        put_here_document(&c->out, data);
}

static void put_comments(struct convert *c, const struct gathered *x)
{
    struct trace_out remarks = {0};
    text_add(&c->out, "\n# ");
    gathered_http_title(&c->out, x);
    text_add(&c->out, "\n");
    gathered_http_remarks(&remarks, x);
    if (remarks.length) {
        text_add(&c->out, "# ");
        text_bytes(&c->out, remarks.bytes, remarks.length);
        text_add(&c->out, "\n");
    }
    if (x->request.trailers.length)
        text_add(&c->out, "# its body had trailers, which curl cannot send\n");
    if (has_no_end(x))
        text_format(&c->out, "# its answer may have no end: curl gives up after %d s\n", NO_END_S);
    free(remarks.bytes);
}

static void exchange(struct convert *c, const struct gathered *x)
{
    struct http_head h;
    struct http_facts facts;
    put_comments(c, x);
    if (!gathered_http_request(x, &h, &facts)) {
        text_add(&c->out, "# not written: its head is not in the trace\n");
        c->headless++;
        return;
    }
    convert_count_body(c, &x->request);
    convert_count_coded(c, &h, &x->request);
    put_command(c, x, &h, &facts);
}

static void begin(struct convert *c)
{
    text_add(&c->out, "#!/bin/sh\n# the requests of a trace of ");
    text_printable(&c->out, c->about.program, strlen(c->about.program), 80);
    text_add(&c->out, ", by intproxy-trace convert\n");
}

const struct convert_form convert_curl = {
    .name = "curl", .begin = begin, .exchange = exchange, .selects = true};
