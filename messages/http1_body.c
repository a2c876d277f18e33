#include "messages/http1_body.h"
#include "messages/http_head_builder.h"

void http1_body_create(struct http1_body *b, enum http1_framing framing, uint64_t length)
{
    *b = (struct http1_body){.framing = (uint8_t)framing,
                             .left = framing == HTTP1_LENGTH ? length : 0};
}

size_t http1_body_open(struct http1_body *b, struct http1_out *out, size_t length)
{
    if (b->ended || b->framing == HTTP1_NO_BODY || !length)
        return 0;
    if (b->framing == HTTP1_LENGTH) {
        size_t n = length < b->left ? length : (size_t)b->left;
        b->left -= n;
        return n;
    }
    if (b->framing == HTTP1_CHUNKED)
        http1_out_chunk_size(out, length);
    return length;
}

void http1_body_close(struct http1_body *b, struct http1_out *out)
{
    if (b->framing == HTTP1_CHUNKED)
        HTTP1_OUT_LITERAL(out, "\r\n");
}

bool http1_body_is_complete(const struct http1_body *b)
{
    return b->ended || b->framing == HTTP1_NO_BODY || (b->framing == HTTP1_LENGTH && !b->left);
}

static bool is_listed(struct http_text list, struct http_text name)
{
    struct http_text element;
    while (http_text_list_next(&list, &element))
        if (http_text_same(element, name))
            return true;
    return false;
}

/* Fields that would change framing, routing or the reading of what is past already. */
static bool may_be_trailer(struct http_text name)
{
    static const char never[] =
        "transfer-encoding,content-length,host,trailer,te,connection,upgrade,keep-alive,"
        "proxy-connection,content-encoding,content-type,content-range,cache-control,expect,"
        "max-forwards,pragma,range,authorization,www-authenticate,proxy-authorization,"
        "proxy-authenticate,set-cookie,cookie";
    return !is_listed((struct http_text){(const uint8_t *)never, sizeof never - 1}, name);
}

/* No more lines than a head may have: each is looked up in the whole of the list. */
static void write_trailers(struct http1_out *out, struct http_text trailers,
                           struct http_text allowed)
{
    struct http_fields fields;
    struct http_text name, value;
    unsigned lines = 0;
    http_fields_begin(&fields, trailers);
    while (lines++ < HTTP_FIELDS_MAX && http_fields_next(&fields, &name, &value))
        if (is_listed(allowed, name) && may_be_trailer(name))
            http1_out_field(out, name, value);
}

bool http1_body_end(struct http1_body *b, struct http1_out *out, struct http_text trailers,
                    struct http_text allowed)
{
    if (b->ended)
        return true;
    b->ended = true;
    if (b->framing == HTTP1_LENGTH)
        return b->left == 0;
    if (b->framing != HTTP1_CHUNKED)
        return true;
    HTTP1_OUT_LITERAL(out, "0\r\n");
    if (trailers.length && allowed.length)
        write_trailers(out, trailers, allowed);
    HTTP1_OUT_LITERAL(out, "\r\n");
    return true;
}

uint64_t http1_body_trailers_bytes_max(struct http_text trailers)
{
    struct http_fields fields;
    struct http_text name, value;
    uint64_t total = HTTP1_BODY_END_BYTES_MAX;
    http_fields_begin(&fields, trailers);
    while (trailers.length && http_fields_next(&fields, &name, &value))
        total += name.length + value.length + 4;
    return total;
}
