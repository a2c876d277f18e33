#include "messages/http_facts.h"
#include <string.h>

void http_facts_create(struct http_facts *f)
{
    memset(f, 0, sizeof *f);
}

static void note_one_length(struct http_facts *f, struct http_text value)
{
    uint64_t n;
    if (!http_text_number(value, &n)) {
        f->length = HTTP_LENGTH_INVALID;
    } else if (f->length == HTTP_LENGTH_NONE) {
        f->length = HTTP_LENGTH_VALID;
        f->content_length = n;
    } else if (f->length == HTTP_LENGTH_VALID && f->content_length != n) {
        f->length = HTTP_LENGTH_CONFLICTING;
    }
}

/* "5, 5" is what a recipient may make of two equal lines (RFC 9110 section 8.6). */
static void note_content_length(struct http_facts *f, struct http_text value)
{
    struct http_text element;
    bool any = false;
    while (http_text_list_next(&value, &element)) {
        note_one_length(f, element);
        any = true;
    }
    if (!any)
        f->length = HTTP_LENGTH_INVALID;
}

static void note_transfer_encoding(struct http_facts *f, struct http_text value)
{
    struct http_text coding;
    f->transfer_encoding = true;
    while (http_text_list_next(&value, &coding))
        f->chunked_last = HTTP_TEXT_IS(coding, "chunked");
}

static void note_connection(struct http_facts *f, struct http_text value)
{
    struct http_text option;
    while (http_text_list_next(&value, &option)) {
        f->close |= HTTP_TEXT_IS(option, "close");
        f->keep_alive |= HTTP_TEXT_IS(option, "keep-alive");
        f->connection_upgrade |= HTTP_TEXT_IS(option, "upgrade");
    }
}

static void note_keep_alive(struct http_facts *f, struct http_text value)
{
    static const char key[] = "timeout=";
    const size_t n = sizeof key - 1;
    struct http_text parameter;
    uint64_t seconds;
    while (http_text_list_next(&value, &parameter)) {
        if (parameter.length <= n || !http_text_is((struct http_text){parameter.at, n}, key, n))
            continue;
        if (!http_text_number((struct http_text){parameter.at + n, parameter.length - n}, &seconds))
            continue;
        f->has_keep_alive_timeout = true;
        f->keep_alive_timeout_s = seconds > UINT32_MAX ? UINT32_MAX : (uint32_t)seconds;
    }
}

static void note_trailer(struct http_facts *f, struct http_text value)
{
    size_t room = HTTP_TRAILER_LIST_BYTES_MAX - f->trailer_bytes;
    f->trailer_bytes += (uint32_t)(value.length < room ? value.length + 1 : room);
}

/* By length first: of the usual lines hardly one is compared with anything. */
void http_facts_note(struct http_facts *f, struct http_text name, struct http_text value)
{
    f->text_bytes += name.length + value.length + 4;
    switch (name.length) {
    case 2:
        if (HTTP_TEXT_IS(name, "te"))
            f->te_trailers = HTTP_TEXT_IS(value, "trailers");
        break;
    case 6:
        if (HTTP_TEXT_IS(name, "expect"))
            f->expect_continue |= HTTP_TEXT_IS(value, "100-continue");
        break;
    case 7:
        if (HTTP_TEXT_IS(name, "upgrade"))
            f->upgrade = true;
        else if (HTTP_TEXT_IS(name, "trailer"))
            note_trailer(f, value);
        break;
    case 10:
        if (HTTP_TEXT_IS(name, "connection"))
            note_connection(f, value);
        else if (HTTP_TEXT_IS(name, "keep-alive"))
            note_keep_alive(f, value);
        break;
    case 14:
        if (HTTP_TEXT_IS(name, "content-length"))
            note_content_length(f, value);
        break;
    case 17:
        if (HTTP_TEXT_IS(name, "transfer-encoding"))
            note_transfer_encoding(f, value);
        break;
    default: break;
    }
}
