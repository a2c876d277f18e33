/* messages/http1_parser.c
 *
 *             begin           whole head               body data
 *     IDLE --------> HEAD ------------------> BODY ---------------+
 *      ^               |  ^ 1xx: again          | last chunk      |
 *      |               |  +--+                  v                 v
 *      +-- END -- ENDED <-------------------- TRAILERS        (its end)
 *
 * LEFT (after an upgrade) and FAILED are for good. llhttp is run over a head only when it is whole,
 * so that each of its spans is whole and a name or value never has to be put together.
 */
#include "messages/http1_parser.h"
#include "messages/http1_detect.h"
#include "messages/http1_out.h"
#include "messages/http1_tidy.h"
#include <assert.h>
#include <string.h>

enum phase { IDLE, HEAD, BODY, TRAILERS, ENDED, LEFT, FAILED };

/* Within BODY, with chunks: the line with the size is ours, data and the CR LF behind it llhttp's. */
enum size_step { SIZE_BEGIN, SIZE_DIGITS, SIZE_BLANKS, SIZE_EXTENSION, SIZE_LF, SIZE_READ };

/* What llhttp's callbacks fill, for the time of one run. */
struct run {
    struct http1_parser *parser;
    struct http_head_builder *fields;
    struct http_text name;
    enum http1_fault fault;
};

/* llhttp parses a request's fields behind this line: our own code reads the real first line, since
 * llhttp knows a fixed list of methods only and lets odd targets and versions pass. */
static const char any_request_line[] = "POST / HTTP/1.1\r\n";

static const char *fault_text(enum http1_role role, enum http1_fault fault)
{
    static const char *const texts[HTTP1_FAULTS][2] = {
#define F(id, part, words)                                                                         \
    [HTTP1_FAULT_##                                                                                \
        id] = {"malformed response " part ": " words, "malformed request " part ": " words},
#include "messages/http1_faults.def"
#undef F
    };
    return texts[fault][role == HTTP1_REQUESTS];
}

static enum http1_event fail(struct http1_parser *p, const char *error)
{
    p->phase = FAILED;
    p->error = error;
    http1_lines_destroy(&p->section);
    return HTTP1_ERROR;
}

static enum http1_event fail_for(struct http1_parser *p, enum http1_fault fault)
{
    return fail(p, fault_text(p->role, fault));
}

/* --- llhttp's callbacks ------------------------------------------------------------------- */

static struct run *run_of(llhttp_t *llhttp)
{
    return llhttp->data;
}

static int on_header_field(llhttp_t *llhttp, const char *at, size_t length)
{
    run_of(llhttp)->name = (struct http_text){(const uint8_t *)at, length};
    return 0;
}

static enum http1_fault add_fault(enum http_add added)
{
    switch (added) {
    case HTTP_ADD_OK: return HTTP1_FAULT_NONE;
    case HTTP_ADD_TOO_MANY: return HTTP1_FAULT_TOO_MANY_FIELDS;
    case HTTP_ADD_BAD_NAME: return HTTP1_FAULT_NAME;
    default: return HTTP1_FAULT_VALUE;
    }
}

static int on_header_value(llhttp_t *llhttp, const char *at, size_t length)
{
    struct run *run = run_of(llhttp);
    struct http_text value = http_text_trim((struct http_text){(const uint8_t *)at, length});
    /* http1_lines has judged the whole line */
    run->fault = add_fault(http_head_builder_add_judged(run->fields, run->name, value));
    if (run->fault)
        return -1;
    if (run->parser->phase == HEAD)
        http_facts_note(&run->parser->facts, run->name, value);
    return 0;
}

/* RFC 9112 section 6.3, rules 1 and 2. */
static bool must_be_without_body(const struct http1_parser *p)
{
    if (p->role == HTTP1_REQUESTS)
        return false;
    return p->asked == HTTP1_ASKED_HEAD || p->status < 200 || p->status == 204 ||
           p->status == 304 || (p->asked == HTTP1_ASKED_CONNECT && p->status < 300);
}

/* Whether llhttp and http_facts, which read the same lines, came to the same framing. */
static enum http1_fault framing_fault(const struct http1_parser *p)
{
    const struct http_facts *f = &p->facts;
    bool coding = p->llhttp.flags & F_TRANSFER_ENCODING, chunked = p->llhttp.flags & F_CHUNKED;
    bool length = p->llhttp.flags & F_CONTENT_LENGTH;
    if (f->transfer_encoding && p->version == HTTP_VERSION_1_0)
        return HTTP1_FAULT_CODING_IN_1_0;
    if (f->transfer_encoding != coding || f->chunked_last != chunked)
        return HTTP1_FAULT_CODING;
    if (length != (f->length == HTTP_LENGTH_VALID) ||
        (length && p->llhttp.content_length != f->content_length))
        return HTTP1_FAULT_LENGTH;
    return HTTP1_FAULT_NONE;
}

/* 1: llhttp shall take it that there is no body, whatever the lines say (as it does not itself for
 * 204 with chunks, or 304 with a length). */
static int on_headers_complete(llhttp_t *llhttp)
{
    struct run *run = run_of(llhttp);
    struct http1_parser *p = run->parser;
    run->fault = framing_fault(p);
    if (run->fault)
        return -1;
    if (must_be_without_body(p)) {
        p->body = HTTP1_NO_BODY;
        return 1;
    }
    if (p->facts.chunked_last)
        p->body = HTTP1_CHUNKED;
    else if (p->facts.transfer_encoding)
        p->body = HTTP1_TO_EOF;
    else if (p->facts.length)
        p->body = p->facts.content_length ? HTTP1_LENGTH : HTTP1_NO_BODY;
    else
        p->body = p->role == HTTP1_REQUESTS ? HTTP1_NO_BODY : HTTP1_TO_EOF;
    return 0;
}

static int on_body(llhttp_t *llhttp, const char *at, size_t length)
{
    struct run *run = run_of(llhttp);
    if (!length)
        return 0;
    run->parser->piece = (struct http_text){(const uint8_t *)at, length};
    return HPE_PAUSED;
}

/* The section behind the last chunk is collected as a head is. */
static int on_chunk_header(llhttp_t *llhttp)
{
    return llhttp->content_length ? 0 : HPE_PAUSED;
}

/* Called behind a chunk, but behind the trailers too. */
static int on_chunk_complete(llhttp_t *llhttp)
{
    struct http1_parser *p = run_of(llhttp)->parser;
    if (p->phase != BODY)
        return 0;
    p->size_step = SIZE_BEGIN;
    p->chunk_bytes = 0;
    return HPE_PAUSED;
}

static int on_message_complete(llhttp_t *llhttp)
{
    run_of(llhttp)->parser->complete = true;
    return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
    .on_header_field = on_header_field,
    .on_header_value = on_header_value,
    .on_headers_complete = on_headers_complete,
    .on_body = on_body,
    .on_chunk_header = on_chunk_header,
    .on_chunk_complete = on_chunk_complete,
    .on_message_complete = on_message_complete,
};

static enum http1_fault llhttp_fault(llhttp_errno_t error)
{
    switch (error) {
    case HPE_INVALID_HEADER_TOKEN:
    case HPE_UNEXPECTED_SPACE: return HTTP1_FAULT_NAME;
    case HPE_INVALID_CONTENT_LENGTH: return HTTP1_FAULT_LENGTH;
    case HPE_UNEXPECTED_CONTENT_LENGTH: return HTTP1_FAULT_LENGTH_AND_TE;
    case HPE_INVALID_TRANSFER_ENCODING: return HTTP1_FAULT_CODING;
    case HPE_INVALID_STATUS: return HTTP1_FAULT_STATUS;
    case HPE_INVALID_VERSION: return HTTP1_FAULT_VERSION;
    case HPE_STRICT: return HTTP1_FAULT_CHUNK_END;
    default: return HTTP1_FAULT_OTHER;
    }
}

static llhttp_errno_t run_llhttp(struct http1_parser *p, struct run *run, const uint8_t *bytes,
                                 size_t length)
{
    p->llhttp.data = run;
    llhttp_resume(&p->llhttp);
    llhttp_errno_t error = llhttp_execute(&p->llhttp, (const char *)bytes, length);
    p->llhttp.data = NULL;
    return error;
}

/* Fields and empty line of a head, or trailers: whole, so the run must end exactly at its end. */
static enum http1_fault run_section(struct http1_parser *p, struct http_head_builder *fields,
                                    struct http_text text)
{
    struct run run = {.parser = p, .fields = fields};
    llhttp_errno_t error = run_llhttp(p, &run, text.at, text.length);
    if (run.fault)
        return run.fault;
    if (error != HPE_OK && error != HPE_PAUSED)
        return p->phase == TRAILERS ? HTTP1_FAULT_TRAILERS : llhttp_fault(error);
    const uint8_t *stopped = (const uint8_t *)llhttp_get_error_pos(&p->llhttp);
    bool whole = error == HPE_OK || (p->complete && stopped == text.at + text.length);
    return whole ? HTTP1_FAULT_NONE : HTTP1_FAULT_OTHER;
}

/* --- heads -------------------------------------------------------------------------------- */

/* "HTTP/1.1 200" and a blank or the end; llhttp would let 99 and 0200 pass. http1_lines has seen
 * to it that the first seven bytes are right and that CR LF is there. */
static enum http1_fault read_status_line(struct http1_parser *p, const uint8_t *line)
{
    if (line[7] != '0' && line[7] != '1')
        return HTTP1_FAULT_VERSION;
    if (line[8] != ' ')
        return line[8] == '\r' ? HTTP1_FAULT_START_LINE : HTTP1_FAULT_VERSION;
    unsigned status = 0;
    for (int i = 9; i < 12; i++) {
        if (line[i] < '0' || line[i] > '9')
            return HTTP1_FAULT_STATUS;
        status = status * 10 + line[i] - '0';
    }
    if (status < 100 || (line[12] != ' ' && line[12] != '\r'))
        return HTTP1_FAULT_STATUS;
    p->version = line[7] == '0' ? HTTP_VERSION_1_0 : HTTP_VERSION_1_1;
    p->status = (uint16_t)status;
    return HTTP1_FAULT_NONE;
}

/* method SP target SP version CR LF, single blanks (RFC 9112 section 3). */
static enum http1_fault read_request_line(struct http1_parser *p, struct http_text line)
{
    struct http1_detect rule = {0};
    const uint8_t *end = line.at + line.length;
    const uint8_t *first = memchr(line.at, ' ', line.length);
    const uint8_t *second = first ? memchr(first + 1, ' ', (size_t)(end - first - 1)) : NULL;
    if (!second)
        return HTTP1_FAULT_START_LINE;
    if (http1_detect(&rule, line.at, line.length) != HTTP1_DETECT_HTTP)
        return rule.step == HTTP1_DETECT_TARGET ? HTTP1_FAULT_TARGET : HTTP1_FAULT_VERSION;
    p->method = (struct http_text){line.at, (size_t)(first - line.at)};
    p->target = (struct http_text){first + 1, (size_t)(second - first - 1)};
    p->version = second[8] == '0' ? HTTP_VERSION_1_0 : HTTP_VERSION_1_1;
    return http_target_is_valid(p->target) ? HTTP1_FAULT_NONE : HTTP1_FAULT_TARGET;
}

static void begin_llhttp(struct http1_parser *p, struct http_head_builder *fields)
{
    llhttp_init(&p->llhttp, p->role == HTTP1_REQUESTS ? HTTP_REQUEST : HTTP_RESPONSE, &settings);
    http_head_builder_create(fields);
    http_facts_create(&p->facts);
    p->complete = false;
    p->size_step = SIZE_BEGIN;
    p->chunk_bytes = 0;
}

static enum http1_fault read_response(struct http1_parser *p, struct http_head_builder *fields,
                                      struct http_text text)
{
    enum http1_fault fault = read_status_line(p, text.at);
    begin_llhttp(p, fields);
    /* An answer with both is framed by its coding (RFC 9112 section 6.3); in a request it is
     * somebody's attempt to smuggle. */
    llhttp_set_lenient_chunked_length(&p->llhttp, 1);
    return fault ? fault : run_section(p, fields, text);
}

/* What was wrong with its framing may be something that the original takes. */
static enum http1_fault read_response_head(struct http1_parser *p, struct http_head_builder *fields,
                                           struct http_text text)
{
    enum http1_fault fault = read_response(p, fields, text);
    if (fault != HTTP1_FAULT_LENGTH && fault != HTTP1_FAULT_LENGTH_AND_TE &&
        fault != HTTP1_FAULT_CODING)
        return fault;
    if (!http1_lines_own(&p->section, &text))
        return fault;
    size_t length = http1_tidy_head(p->section.held, text.length);
    return length == text.length
               ? fault
               : read_response(p, fields, (struct http_text){p->section.held, length});
}

static enum http1_fault read_request_head(struct http1_parser *p, struct http_head_builder *fields,
                                          struct http_text text)
{
    const uint8_t *lf = memchr(text.at, '\n', text.length);
    enum http1_fault fault =
        read_request_line(p, (struct http_text){text.at, (size_t)(lf + 1 - text.at)});
    if (fault)
        return fault;
    struct run none = {.parser = p};
    begin_llhttp(p, fields);
    run_llhttp(p, &none, (const uint8_t *)any_request_line, sizeof any_request_line - 1);
    return run_section(p, fields,
                       (struct http_text){lf + 1, (size_t)(text.at + text.length - lf - 1)});
}

/* RFC 9112 section 9.3; an answer that said both length and coding is the last of its connection
 * (section 6.3). */
static bool may_be_used_again(const struct http1_parser *p)
{
    const struct http_facts *f = &p->facts;
    if (f->close || p->body == HTTP1_TO_EOF || (f->transfer_encoding && f->length))
        return false;
    return p->version == HTTP_VERSION_1_1 || f->keep_alive;
}

static bool leaves_http(const struct http1_parser *p)
{
    if (p->role == HTTP1_REQUESTS)
        return (p->facts.upgrade && p->facts.connection_upgrade) ||
               (p->method.length == 7 && !memcmp(p->method.at, "CONNECT", 7));
    return p->status == 101 ||
           (p->asked == HTTP1_ASKED_CONNECT && p->status >= 200 && p->status < 300);
}

static bool is_interim(const struct http1_parser *p)
{
    return p->role == HTTP1_RESPONSES && p->status < 200 && p->status != 101;
}

static void await_head(struct http1_parser *p)
{
    p->phase = HEAD;
    http1_lines_begin(&p->section,
                      p->role == HTTP1_REQUESTS ? HTTP1_REQUEST_HEAD : HTTP1_RESPONSE_HEAD);
}

static enum http1_event next_head(struct http1_parser *p, struct http_head_builder *fields,
                                  const uint8_t *bytes, size_t length, size_t *used)
{
    struct http_text text;
    enum http1_fault fault = HTTP1_FAULT_NONE;
    p->began |= length > 0;
    switch (http1_lines_feed(&p->section, bytes, length, used, &text, &fault)) {
    case HTTP1_LINES_MORE: return HTTP1_MORE;
    case HTTP1_LINES_BAD: return fail_for(p, fault);
    case HTTP1_LINES_DONE: break;
    }
    fault = p->role == HTTP1_REQUESTS ? read_request_head(p, fields, text)
                                      : read_response_head(p, fields, text);
    if (fault)
        return fail_for(p, fault);
    if (is_interim(p)) {
        if (++p->interim > HTTP1_INTERIM_MAX)
            return fail_for(p, HTTP1_FAULT_TOO_MANY_1XX);
        await_head(p);
        return HTTP1_MORE;
    }
    p->keep_alive = may_be_used_again(p);
    p->upgrade = leaves_http(p);
    p->phase = p->complete ? ENDED : BODY;
    return HTTP1_HEAD;
}

/* --- bodies ------------------------------------------------------------------------------- */

/* False: no digit, or a size beyond 64 bits. */
static bool size_digit(struct http1_parser *p, uint8_t byte)
{
    uint8_t letter = byte | 0x20;
    bool decimal = byte >= '0' && byte <= '9';
    if (p->chunk_bytes >> 60 || (!decimal && (letter < 'a' || letter > 'f')))
        return false;
    p->chunk_bytes = p->chunk_bytes << 4 | (uint8_t)(decimal ? byte - '0' : letter - 'a' + 10);
    p->size_step = SIZE_DIGITS;
    return true;
}

/* Behind the digits, and the blanks behind them. */
static enum http1_fault size_end(struct http1_parser *p, uint8_t byte)
{
    switch (byte) {
    case ' ':
    case '\t': p->size_step = SIZE_BLANKS; return HTTP1_FAULT_NONE;
    case ';': p->size_step = SIZE_EXTENSION; return HTTP1_FAULT_NONE;
    case '\r': p->size_step = SIZE_LF; return HTTP1_FAULT_NONE;
    case '\n': return HTTP1_FAULT_CHUNK_END;
    default: return HTTP1_FAULT_CHUNK_SIZE;
    }
}

/* size [BWS] [";" anything] CR LF. Whoever sees another size or another end of the line than we do
 * sees other messages: so digits only, and no bare CR or LF (RFC 9112 sections 7.1 and 11.2). */
static enum http1_fault size_byte(struct http1_parser *p, uint8_t byte)
{
    switch ((enum size_step)p->size_step) {
    case SIZE_BEGIN: return size_digit(p, byte) ? HTTP1_FAULT_NONE : HTTP1_FAULT_CHUNK_SIZE;
    case SIZE_DIGITS: return size_digit(p, byte) ? HTTP1_FAULT_NONE : size_end(p, byte);
    case SIZE_BLANKS: return size_end(p, byte);
    case SIZE_EXTENSION:
        if (byte == '\r' || byte == '\n')
            return size_end(p, byte);
        return http_text_is_value((struct http_text){&byte, 1}) ? HTTP1_FAULT_NONE
                                                                : HTTP1_FAULT_CHUNK_EXTENSION;
    default:
        p->size_step = SIZE_READ;
        return byte == '\n' ? HTTP1_FAULT_NONE : HTTP1_FAULT_CHUNK_END;
    }
}

/* llhttp hears the size as it likes it. */
static enum http1_event begin_chunk(struct http1_parser *p)
{
    uint8_t line[HTTP1_CHUNK_SIZE_BYTES_MAX];
    struct http1_out out = {line, line + sizeof line, false};
    struct run run = {.parser = p};
    http1_out_chunk_size(&out, p->chunk_bytes);
    llhttp_errno_t error = run_llhttp(p, &run, line, (size_t)(out.at - line));
    if (error != (p->chunk_bytes ? HPE_OK : HPE_PAUSED))
        return fail_for(p, HTTP1_FAULT_OTHER);
    if (p->chunk_bytes == 0) {
        http1_lines_begin(&p->section, HTTP1_TRAILER_LINES);
        p->phase = TRAILERS;
    }
    return HTTP1_MORE;
}

/* Byte by byte, the limit before the byte's meaning: what is wrong first does not depend on cuts. */
static enum http1_event next_size(struct http1_parser *p, const uint8_t *bytes, size_t length,
                                  size_t *used)
{
    while (*used < length && p->size_step != SIZE_READ) {
        enum http1_fault fault = HTTP1_FAULT_CHUNK_OVERHEAD;
        if (++p->overhead_bytes <= HTTP1_CHUNK_OVERHEAD_BYTES_MAX)
            fault = size_byte(p, bytes[(*used)++]);
        if (fault)
            return fail_for(p, fault);
    }
    return p->size_step == SIZE_READ ? begin_chunk(p) : HTTP1_MORE;
}

static enum http1_event next_body(struct http1_parser *p, const uint8_t *bytes, size_t length,
                                  size_t *used)
{
    struct run run = {.parser = p};
    p->piece = (struct http_text){NULL, 0};
    http1_lines_destroy(&p->section);
    if (p->body == HTTP1_CHUNKED && p->size_step != SIZE_READ)
        return next_size(p, bytes, length, used);
    llhttp_errno_t error = run_llhttp(p, &run, bytes, length);
    if (error != HPE_OK && error != HPE_PAUSED)
        return fail_for(p, llhttp_fault(error));
    *used = error == HPE_OK ? length
                            : (size_t)((const uint8_t *)llhttp_get_error_pos(&p->llhttp) - bytes);
    if (p->piece.length) {
        p->overhead_bytes = 0;
        return HTTP1_BODY;
    }
    if (p->body == HTTP1_CHUNKED)
        p->overhead_bytes += (uint32_t)*used;
    if (p->complete)
        p->phase = ENDED;
    return HTTP1_MORE;
}

static enum http1_event next_trailers(struct http1_parser *p, struct http_head_builder *fields,
                                      const uint8_t *bytes, size_t length, size_t *used)
{
    struct http_text text;
    enum http1_fault fault = HTTP1_FAULT_NONE;
    switch (http1_lines_feed(&p->section, bytes, length, used, &text, &fault)) {
    case HTTP1_LINES_MORE: return HTTP1_MORE;
    case HTTP1_LINES_BAD: return fail_for(p, HTTP1_FAULT_TRAILERS);
    case HTTP1_LINES_DONE: break;
    }
    http_head_builder_create(fields);
    fault = run_section(p, fields, text);
    if (fault || !p->complete)
        return fail_for(p, HTTP1_FAULT_TRAILERS);
    p->phase = ENDED;
    return fields->lines ? HTTP1_TRAILERS : HTTP1_MORE;
}

static enum http1_event end(struct http1_parser *p, size_t left)
{
    p->surplus = p->role == HTTP1_RESPONSES && !p->upgrade && left;
    p->phase = p->upgrade && p->role == HTTP1_RESPONSES ? LEFT : IDLE;
    http1_lines_destroy(&p->section);
    return HTTP1_END;
}

/* --- the face ----------------------------------------------------------------------------- */

void http1_parser_create(struct http1_parser *p, enum http1_role role)
{
    memset(p, 0, sizeof *p);
    p->role = (uint8_t)role;
    p->phase = IDLE;
}

void http1_parser_destroy(struct http1_parser *p)
{
    http1_lines_destroy(&p->section);
}

void http1_parser_begin(struct http1_parser *p, enum http1_asked asked)
{
    assert(p->phase == IDLE);
    p->asked = (uint8_t)asked;
    p->interim = 0;
    p->overhead_bytes = 0;
    p->began = p->surplus = p->upgrade = false;
    await_head(p);
}

enum http1_event http1_parser_next(struct http1_parser *p, struct http_head_builder *fields,
                                   const uint8_t *bytes, size_t length, size_t *consumed)
{
    enum http1_event event;
    *consumed = 0;
    if (!length)
        bytes = (const uint8_t *)""; /* llhttp adds to it, which NULL does not allow */
    for (;;) {
        enum phase before = p->phase;
        size_t left = length - *consumed, used = 0;
        const uint8_t *at = bytes + *consumed;
        switch (before) {
        case HEAD: event = next_head(p, fields, at, left, &used); break;
        case BODY: event = next_body(p, at, left, &used); break;
        case TRAILERS: event = next_trailers(p, fields, at, left, &used); break;
        case ENDED: return end(p, left);
        case FAILED: return HTTP1_ERROR;
        default:
            if (!left || p->role == HTTP1_REQUESTS)
                return HTTP1_MORE;
            p->surplus = true;
            return fail(p, "bytes from the application that belong to no request");
        }
        *consumed += used;
        /* MORE of one phase may be the beginning of another, or of the head behind a 1xx. */
        if (event != HTTP1_MORE || (p->phase == before && *consumed == length))
            return event;
    }
}

enum http1_event http1_parser_eof(struct http1_parser *p)
{
    bool response = p->role == HTTP1_RESPONSES;
    switch ((enum phase)p->phase) {
    case HEAD:
        if (!p->section.length && !p->began)
            return response ? fail(p, "closed before a byte of the response") : HTTP1_MORE;
        if (!response && !p->section.length)
            return HTTP1_MORE;
        return fail(p,
                    response ? "response ended within its head" : "request ended within its head");
    case BODY:
        if (p->body == HTTP1_TO_EOF)
            return end(p, 0);
        return fail(p,
                    response ? "response ended within its body" : "request ended within its body");
    case TRAILERS:
        return fail(p, response ? "response ended within its trailers"
                                : "request ended within its trailers");
    case ENDED: return end(p, 0);
    case FAILED: return HTTP1_ERROR;
    default: return HTTP1_MORE;
    }
}
