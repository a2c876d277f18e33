/* messages/redact_framing.c -- see redact_framing.h */
#include "messages/redact_framing.h"

enum redact_method { METHOD_UNKNOWN, METHOD_OTHER, METHOD_HEAD, METHOD_CONNECT };

static const char version[] = "HTTP/1.";
enum { VERSION_LENGTH = sizeof version - 1, STATUS_AT = VERSION_LENGTH + 2 };

void redact_asked_forget(struct redact_asked *a)
{
    a->methods.length = 0;
    a->lost = false;
}

void redact_asked_free(struct redact_asked *a)
{
    free(a->methods.at);
}

/* ---- requests ---- */

/* Another stream may have brought it before. */
static void asked(struct redact_framing *f, enum redact_method method)
{
    if (f->asked && f->requests == f->asked->methods.length)
        redact_bytes_add(&f->asked->methods, (uint8_t)method);
    f->requests++;
}

static enum redact_method method_of(struct http_text token)
{
    return token.length == 4 && memcmp(token.at, "HEAD", 4) == 0      ? METHOD_HEAD
           : token.length == 7 && memcmp(token.at, "CONNECT", 7) == 0 ? METHOD_CONNECT
                                                                      : METHOD_OTHER;
}

/* METHOD target HTTP/1.x */
static bool is_request(const struct redact_framing *f, struct http_text *method)
{
    uint64_t ends = 0;
    for (unsigned i = 0; i < VERSION_LENGTH; i++)
        ends = ends << 8 | (uint8_t)version[i];
    const uint8_t *blank = memchr(f->line, ' ', f->line_length);
    *method = (struct http_text){f->line, blank ? (size_t)(blank - f->line) : 0};
    return f->recent >> 8 == ends && (f->recent & 0xff) - '0' < 10 && http_text_is_token(*method);
}

/* ---- answers ---- */

/* HTTP/1.x NNN; 0: it is no status line. */
static unsigned status_of(const struct redact_framing *f)
{
    uint64_t status;
    struct http_text digits = {f->line + STATUS_AT, 3};
    bool is_one = f->line_length >= STATUS_AT + 3 &&
                  memcmp(f->line, version, VERSION_LENGTH) == 0 && f->line[STATUS_AT - 1] == ' ';
    return is_one && http_text_number(digits, &status) ? (unsigned)status : 0;
}

/* What the next answer is to. One to a request that nobody saw, before the stream began, is not counted. */
static enum redact_method next_answered(struct redact_framing *f)
{
    const struct redact_asked *a = f->asked;
    if (!a || a->lost || f->answers >= a->methods.length)
        return METHOD_UNKNOWN;
    return (enum redact_method)a->methods.at[f->answers++];
}

static void answered(struct redact_framing *f, unsigned status)
{
    bool is_final = status >= 200;
    enum redact_method method = is_final || status == 101 ? next_answered(f) : METHOD_OTHER;
    f->without_body = !is_final || status == 204 || status == 304 || method == METHOD_HEAD ||
                      (method == METHOD_CONNECT && status < 300);
    f->is_doubtful = method == METHOD_UNKNOWN && !f->without_body;
}

/* ---- lines ---- */

static void forget_head(struct redact_framing *f)
{
    f->length_said = UINT64_MAX;
    f->coded = f->without_body = f->is_doubtful = false;
}

static void forget_line(struct redact_framing *f)
{
    f->line_length = 0;
    f->recent = 0;
}

void redact_framing_byte(struct redact_framing *f, uint8_t c)
{
    if (f->line_length < REDACT_FIRST_LINE_ROOM)
        f->line[f->line_length++] = c;
    f->recent = f->recent << 8 | c;
}

static void first_line(struct redact_framing *f)
{
    struct http_text method = {0};
    unsigned status = status_of(f);
    bool request = !status && is_request(f, &method);
    if (!status && !request)
        return;
    forget_head(f);
    if (request)
        asked(f, method_of(method));
    else
        answered(f, status);
}

void redact_framing_line_end(struct redact_framing *f)
{
    if (f->line_length > STATUS_AT && !f->body_left && !f->in_chunks)
        first_line(f);
    forget_line(f);
}

void redact_framing_length(struct redact_framing *f, struct http_text value)
{
    uint64_t length;
    if (!f->in_chunks && !f->body_left && http_text_number(http_text_trim(value), &length))
        f->length_said = length;
}

void redact_framing_coding(struct redact_framing *f, struct http_text value)
{
    struct http_text coding;
    while (!f->in_chunks && !f->body_left && http_text_list_next(&value, &coding))
        f->coded |= HTTP_TEXT_IS(coding, "chunked");
}

void redact_framing_blank_line(struct redact_framing *f)
{
    if (f->body_left || f->in_chunks)
        return;
    f->in_chunks = f->coded && !f->without_body;
    f->body_left = redact_framing_is_counted(f) ? f->length_said : 0;
    f->status_seen = f->is_doubtful ? 0 : UINT8_MAX;
    forget_head(f);
}

/* ---- bodies ---- */

bool redact_framing_is_counted(const struct redact_framing *f)
{
    return f->body_left ||
           (f->length_said != UINT64_MAX && !f->coded && !f->without_body && !f->in_chunks);
}

/* It begins as a status line does, so it is the next head. */
static bool is_no_body(struct redact_framing *f, uint8_t c)
{
    if (f->status_seen >= VERSION_LENGTH)
        return false;
    f->status_seen = c == (uint8_t)version[f->status_seen] ? f->status_seen + 1 : UINT8_MAX;
    return f->status_seen == VERSION_LENGTH;
}

bool redact_framing_body_byte(struct redact_framing *f, uint8_t c)
{
    if (is_no_body(f, c)) {
        f->body_left = 0;
        return false;
    }
    if (--f->body_left)
        return false;
    forget_line(f);
    return true;
}

void redact_framing_chunk(struct redact_framing *f, uint64_t size)
{
    f->chunk_left = f->in_chunks ? size : 0;
    f->in_chunks &= size > 0;
    if (!size)
        forget_line(f);
}

/* Within a body nothing of the framing is lost; elsewhere there may have been a head. */
void redact_framing_gap(struct redact_framing *f, uint64_t missing)
{
    uint64_t left = f->body_left + f->chunk_left; /* one of them is 0 */
    bool in_body = left && left >= missing;
    forget_line(f);
    f->status_seen = UINT8_MAX;
    if (in_body) {
        f->body_left -= f->body_left ? missing : 0;
        f->chunk_left -= f->chunk_left ? missing : 0;
        return;
    }
    f->body_left = f->chunk_left = 0;
    forget_head(f);
    f->in_chunks = false;
    if (f->asked)
        f->asked->lost = true;
}

void redact_framing_begin(struct redact_framing *f, struct redact_asked *asked)
{
    *f = (struct redact_framing){.asked = asked, .length_said = UINT64_MAX};
}
