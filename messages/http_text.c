#include "messages/http_text.h"
#include <string.h>

#define EACH_BYTE(b)     (0x0101010101010101u * (uint64_t)(b))
#define URI_BYTES_MAX    65534
#define SCHEME_BYTES_MAX 64

#define SAME(c) [c] = (c)
#define FOLD(c) [c] = (c), [(c) - 'a' + 'A'] = (c)
const uint8_t http_token_lower[256] = {
    SAME('!'), SAME('#'), SAME('$'), SAME('%'), SAME('&'), SAME('\''), SAME('*'), SAME('+'),
    SAME('-'), SAME('.'), SAME('^'), SAME('_'), SAME('`'), SAME('|'),  SAME('~'), SAME('0'),
    SAME('1'), SAME('2'), SAME('3'), SAME('4'), SAME('5'), SAME('6'),  SAME('7'), SAME('8'),
    SAME('9'), FOLD('a'), FOLD('b'), FOLD('c'), FOLD('d'), FOLD('e'),  FOLD('f'), FOLD('g'),
    FOLD('h'), FOLD('i'), FOLD('j'), FOLD('k'), FOLD('l'), FOLD('m'),  FOLD('n'), FOLD('o'),
    FOLD('p'), FOLD('q'), FOLD('r'), FOLD('s'), FOLD('t'), FOLD('u'),  FOLD('v'), FOLD('w'),
    FOLD('x'), FOLD('y'), FOLD('z'),
};

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

bool http_text_is(struct http_text text, const char *literal, size_t length)
{
    if (text.length != length)
        return false;
    for (size_t i = 0; i < length; i++)
        if (lower(text.at[i]) != (uint8_t)literal[i])
            return false;
    return true;
}

bool http_text_same(struct http_text a, struct http_text b)
{
    if (a.length != b.length)
        return false;
    for (size_t i = 0; i < a.length; i++)
        if (lower(a.at[i]) != lower(b.at[i]))
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
    for (size_t i = 0; i < text.length; i++)
        if (!http_token_lower[text.at[i]])
            return false;
    return text.length > 0;
}

static bool is_value_byte(uint8_t c)
{
    return c == '\t' || (c >= 0x20 && c != 0x7f);
}

/* Some byte of the eight is below 0x20 or is 0x7F (a TAB counts: the caller looks closer). */
static bool may_hold_control(uint64_t eight)
{
    uint64_t del = eight ^ EACH_BYTE(0x7f);
    uint64_t below = (eight - EACH_BYTE(0x20)) & ~eight;
    return ((below | ((del - EACH_BYTE(1)) & ~del)) & EACH_BYTE(0x80)) != 0;
}

static uint64_t load_eight(const uint8_t *at)
{
    uint64_t eight;
    memcpy(&eight, at, sizeof eight);
    return eight;
}

static bool each_is_value_byte(const uint8_t *at, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!is_value_byte(at[i]))
            return false;
    return true;
}

/* Eight bytes at a time, the last eight overlapping those before. */
bool http_text_is_value(struct http_text text)
{
    if (text.length < 8)
        return each_is_value_byte(text.at, text.length);
    for (size_t i = 0; i < text.length; i += 8) {
        const uint8_t *at = text.at + (text.length - i < 8 ? text.length - 8 : i);
        if (may_hold_control(load_eight(at)) && !each_is_value_byte(at, 8))
            return false;
    }
    return true;
}

/* Path and query: what every http crate accepts, and a few bytes that only newer ones do. */
static bool path_and_query_valid(struct http_text t)
{
    bool query = false;
    for (size_t i = 0; i < t.length; i++) {
        uint8_t c = t.at[i];
        if (c <= 0x20 || c >= 0x7f || c == '<' || c == '>' || c == '#')
            return false;
        if (c == (query ? '"' : '`'))
            return false;
        if (c == '?')
            query = true;
    }
    return true;
}

static bool authority_byte(uint8_t c)
{
    return c > 0x20 && c < 0x7f && !strchr("\"#/<>?\\^`{|}", c);
}

/* Colons and percents start anew behind '@' and ']': what matters is the part after the last. */
static bool authority_valid(struct http_text t)
{
    unsigned colons = 0, percents = 0, open = 0, closed = 0;
    for (size_t i = 0; i < t.length; i++) {
        uint8_t c = t.at[i];
        if (!authority_byte(c))
            return false;
        colons += c == ':';
        percents += c == '%';
        if (c == '[' && (open++ || percents))
            return false;
        if (c == ']' && (closed++ || !open))
            return false;
        if (colons > 8)
            return false;
        if (c == '@' || c == ']')
            colons = percents = 0;
    }
    return t.length && open == closed && colons <= 1 && !percents && t.at[t.length - 1] != '@';
}

/* The length of "scheme://" at the front; 0 if there is none. */
static size_t scheme_length(struct http_text t)
{
    size_t n = 0;
    while (n < t.length && n <= SCHEME_BYTES_MAX &&
           ((http_token_lower[t.at[n]] >= 'a' && http_token_lower[t.at[n]] <= 'z') ||
            (t.at[n] >= '0' && t.at[n] <= '9') || (t.at[n] && strchr("+-.", t.at[n]))))
        n++;
    if (!n || n > SCHEME_BYTES_MAX || t.length - n < 3 || memcmp(t.at + n, "://", 3))
        return 0;
    return n + 3;
}

bool http_target_is_valid(struct http_text target)
{
    if (!target.length || target.length > URI_BYTES_MAX)
        return false;
    if (target.at[0] == '/')
        return path_and_query_valid(target);
    if (target.length == 1 && target.at[0] == '*')
        return true;
    size_t scheme = scheme_length(target);
    struct http_text rest = {target.at + scheme, target.length - scheme};
    size_t n = 0;
    while (n < rest.length && rest.at[n] != '/' && rest.at[n] != '?' && rest.at[n] != '#')
        n++;
    if (!scheme && n < rest.length)
        return false;
    return authority_valid((struct http_text){rest.at, n}) &&
           path_and_query_valid((struct http_text){rest.at + n, rest.length - n});
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
