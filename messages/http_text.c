#include "messages/http_text.h"
#include "messages/wire_syntax.h"
#include <string.h>

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

bool http_text_is(struct http_text text, const char *literal, size_t length)
{
    if (text.length != length)
        return false;
    for (size_t i = 0; i < length; i++)
        if (http_lower(text.at[i]) != (uint8_t)literal[i])
            return false;
    return true;
}

bool http_text_same(struct http_text a, struct http_text b)
{
    if (a.length != b.length)
        return false;
    for (size_t i = 0; i < a.length; i++)
        if (http_lower(a.at[i]) != http_lower(b.at[i]))
            return false;
    return true;
}

struct http_text http_text_trim(struct http_text text)
{
    while (text.length && is_blank(text.at[text.length - 1]))
        text.length--;
    while (text.length && is_blank(text.at[0])) {
        text.at++;
        text.length--;
    }
    return text;
}

bool http_text_list_next(struct http_text *rest, struct http_text *element)
{
    while (rest->length) {
        const uint8_t *comma = memchr(rest->at, ',', rest->length);
        size_t n = comma ? (size_t)(comma - rest->at) : rest->length;
        size_t eaten = comma ? n + 1 : n;
        *element = http_text_trim((struct http_text){rest->at, n});
        rest->at += eaten;
        rest->length -= eaten;
        if (element->length)
            return true;
    }
    return false;
}

bool http_text_number(struct http_text text, uint64_t *number)
{
    uint64_t n = 0;
    if (!text.length)
        return false;
    for (size_t i = 0; i < text.length; i++) {
        unsigned digit = (unsigned)text.at[i] - '0';
        if (digit > 9 || n > (UINT64_MAX - digit) / 10)
            return false;
        n = n * 10 + digit;
    }
    *number = n;
    return true;
}

bool http_text_is_token(struct http_text text)
{
    return wire_method_check(text.at, text.length);
}

bool http_is_token_byte(uint8_t byte)
{
    return wire_token_check(&byte, 1);
}

bool http_text_is_value(struct http_text text)
{
    return !text.length || wire_header_value_check(text.at, text.length);
}

/* Bytes that the newest http crate takes in a path and that others may not (2.3). */
static bool is_doubtful_in_path(uint8_t c)
{
    return c == '"' || c == '\\' || c == '^' || c == '{' || c == '|' || c == '}';
}

/* An authority has no doubtful bytes: wire_uri_check() lets none of them stand there. */
bool http_target_is_valid(struct http_text target)
{
    bool query = false;
    if (!wire_uri_check(target.at, target.length) || target.at[0] == ':')
        return false;
    for (size_t i = 0; i < target.length; i++) {
        uint8_t c = target.at[i];
        query |= c == '?';
        if (!http_is_target_byte(c) || c == '#' || (!query && is_doubtful_in_path(c)))
            return false;
    }
    return true;
}

struct http_text http_target_authority(struct http_text target)
{
    const uint8_t *mark =
        target.length && target.at[0] != '/' ? memmem(target.at, target.length, "://", 3) : NULL;
    if (!mark)
        return (struct http_text){NULL, 0};
    struct http_text authority = {mark + 3, 0};
    size_t most = target.length - (size_t)(authority.at - target.at);
    while (authority.length < most && authority.at[authority.length] != '/' &&
           authority.at[authority.length] != '?')
        authority.length++;
    return authority;
}

struct http_text http_target_path(struct http_text target)
{
    struct http_text authority = http_target_authority(target);
    if (!authority.at)
        return target;
    const uint8_t *at = authority.at + authority.length;
    return (struct http_text){at, target.length - (size_t)(at - target.at)};
}

static const struct {
    uint16_t status;
    const char *reason;
} reasons[] = {
    {200, "OK"},
    {204, "No Content"},
    {304, "Not Modified"},
    {404, "Not Found"},
    {502, "Bad Gateway"},
    {100, "Continue"},
    {101, "Switching Protocols"},
    {102, "Processing"},
    {103, "Early Hints"},
    {201, "Created"},
    {202, "Accepted"},
    {203, "Non-Authoritative Information"},
    {205, "Reset Content"},
    {206, "Partial Content"},
    {207, "Multi-Status"},
    {208, "Already Reported"},
    {226, "IM Used"},
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {305, "Use Proxy"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {407, "Proxy Authentication Required"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {418, "I'm a teapot"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {423, "Locked"},
    {424, "Failed Dependency"},
    {425, "Too Early"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {451, "Unavailable For Legal Reasons"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {506, "Variant Also Negotiates"},
    {507, "Insufficient Storage"},
    {508, "Loop Detected"},
    {510, "Not Extended"},
    {511, "Network Authentication Required"},
};

const char *http_reason(unsigned status)
{
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return "";
}
