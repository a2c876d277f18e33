#include "messages/http1_writer.h"
#include <assert.h>

/* First line around method and URI or around the longest reason; all lines a plan can add. */
#define EXTRA_BYTES_MAX 192

uint64_t http1_head_bytes_max(const struct http_head *head, const struct http_facts *facts)
{
    return head->method.length + head->target.length + facts->text_bytes + EXTRA_BYTES_MAX;
}

static void write_version(struct http1_out *out, const struct http1_plan *plan)
{
    if (plan->version == HTTP_VERSION_1_0)
        HTTP1_OUT_LITERAL(out, "HTTP/1.0");
    else
        HTTP1_OUT_LITERAL(out, "HTTP/1.1");
}

static bool is_dropped(const struct http1_plan *plan, struct http_text name, struct http_text value)
{
    return (plan->drop_length && HTTP_TEXT_IS(name, "content-length")) ||
           (plan->drop_coding && HTTP_TEXT_IS(name, "transfer-encoding")) ||
           (plan->drop_keep_alive && HTTP_TEXT_IS(name, "connection") &&
            HTTP_TEXT_IS(value, "keep-alive"));
}

static void write_fields(struct http1_out *out, const struct http_head *head,
                         const struct http1_plan *plan)
{
    struct http_fields fields;
    struct http_text name, value;
    http_fields_begin(&fields, head->fields);
    while (http_fields_next(&fields, &name, &value))
        if (!is_dropped(plan, name, value))
            http1_out_field(out, name, value);
    if (plan->add_chunked)
        HTTP1_OUT_LITERAL(out, "transfer-encoding: chunked\r\n");
    if (plan->add_length_0)
        HTTP1_OUT_LITERAL(out, "content-length: 0\r\n");
    if (plan->add_close)
        HTTP1_OUT_LITERAL(out, "connection: close\r\n");
    if (plan->add_keep_alive)
        HTTP1_OUT_LITERAL(out, "connection: keep-alive\r\n");
    HTTP1_OUT_LITERAL(out, "\r\n");
}

static struct http_text without_fragment(struct http_text target)
{
    const uint8_t *hash = target.length ? memchr(target.at, '#', target.length) : NULL;
    if (hash)
        target.length = (size_t)(hash - target.at);
    return target;
}

void http1_write_request(struct http1_out *out, const struct http_head *head,
                         const struct http1_plan *plan)
{
    assert(!plan->refused);
    http1_out_text(out, head->method);
    HTTP1_OUT_LITERAL(out, " ");
    http1_out_text(out, without_fragment(head->target));
    HTTP1_OUT_LITERAL(out, " ");
    write_version(out, plan);
    HTTP1_OUT_LITERAL(out, "\r\n");
    write_fields(out, head, plan);
}

void http1_write_response(struct http1_out *out, const struct http_head *head,
                          const struct http1_plan *plan)
{
    assert(!plan->refused);
    const char *reason = http_reason(head->status);
    uint8_t status[5] = {' ', (uint8_t)('0' + head->status / 100),
                         (uint8_t)('0' + head->status / 10 % 10),
                         (uint8_t)('0' + head->status % 10), ' '};
    write_version(out, plan);
    http1_out_bytes(out, status, sizeof status);
    http1_out_bytes(out, reason, strlen(reason));
    HTTP1_OUT_LITERAL(out, "\r\n");
    write_fields(out, head, plan);
}
