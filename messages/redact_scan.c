/* messages/redact_scan.c -- see redact_scan.h
 *
 * Five small machines look at every byte, each for one way of writing. None knows of the others. What is coded is given
 * to five more, as it is meant (redact_scan_inner.c).
 */
#include "messages/redact_scan_parts.h"
#include "messages/http_text.h"

/* A head's line is not longer: the parsers refuse it. */
enum { URL_MAX = 1024, LINE_MAX_BYTES = 256 << 10 };

/* ---- "Name: value" ---- */

enum line_step { LINE_NAME, LINE_BLANKS, LINE_VALUE, LINE_REST };
enum line_is { IS_HEADER, IS_LENGTH, IS_CODING, IS_DISPOSITION };

static void value_end(struct redact_scan *s)
{
    const struct redact_gathered *g = &s->line;
    struct http_text value = {g->bytes.at, g->bytes.length};
    value.length -= value.length && value.at[value.length - 1] == '\n';
    value.length -= value.length && value.at[value.length - 1] == '\r';
    if (s->line_is == IS_LENGTH)
        redact_framing_length(&s->framing, value);
    else if (s->line_is == IS_CODING)
        redact_framing_coding(&s->framing, value);
    else if (s->line_is == IS_DISPOSITION)
        redact_part_disposition(s, value);
    else
        redact_header(s->rules, g->name, g->name_length, value.at, value.length, g->offset, s->take,
                      s->context);
}

static void line_end(struct redact_scan *s)
{
    struct redact_gathered *g = &s->line;
    if (g->on)
        value_end(s);
    g->on = false;
    s->line_step = LINE_NAME;
    s->line_name_length = 0;
}

static void line_colon(struct redact_scan *s)
{
    struct http_text name = {(const uint8_t *)s->line_name, s->line_name_length};
    s->line_is = HTTP_TEXT_IS(name, "content-length")        ? IS_LENGTH
                 : HTTP_TEXT_IS(name, "transfer-encoding")   ? IS_CODING
                 : HTTP_TEXT_IS(name, "content-disposition") ? IS_DISPOSITION
                                                             : IS_HEADER;
    bool wanted =
        name.length && name.length < REDACT_NAME_ROOM &&
        (s->line_is || redact_header_is_secret(s->rules, s->line_name, s->line_name_length));
    s->line_step = wanted ? LINE_BLANKS : LINE_REST;
}

static void line_byte(struct redact_scan *s, uint8_t c)
{
    switch (s->line_step) {
    case LINE_NAME:
        if (c == ':')
            line_colon(s);
        else if (http_is_token_byte(c))
            redact_name_add(s->line_name, &s->line_name_length, c);
        else
            s->line_step = LINE_REST;
        break;
    case LINE_BLANKS:
        if (c == ' ' || c == '\t')
            break;
        redact_gather_begin(&s->line, s->line_name, s->line_name_length, s->at);
        s->line_step = LINE_VALUE;
        redact_bytes_add(&s->line.bytes, c);
        break;
    case LINE_VALUE:
        if (s->line.bytes.length < LINE_MAX_BYTES)
            redact_bytes_add(&s->line.bytes, c);
        break;
    default: break;
    }
}

static bool in_body(const struct redact_scan *s)
{
    return s->framing.body_left || s->framing.in_chunks;
}

/* The value of a header goes on in the next line, if that begins with a blank (RFC 9112, 5.2): what it is waits for
 * that. A body may be YAML, where such lines are no part of it. */
static void line_feed(struct redact_scan *s)
{
    bool has_value = s->line_step == LINE_BLANKS || s->line.on;
    if (!has_value || s->line_is != IS_HEADER || in_body(s)) {
        line_end(s);
        return;
    }
    line_byte(s, '\n');
    s->line_step = LINE_NAME;
    s->line_name_length = 0;
}

static bool line_waits(const struct redact_scan *s)
{
    return s->line.on && s->line_step == LINE_NAME;
}

static void line_goes_on(struct redact_scan *s, uint8_t c)
{
    if (c == ' ' || c == '\t')
        s->line_step = LINE_VALUE;
    else
        line_end(s);
}

/* ---- name=value ---- */

static bool ends_pair(uint8_t c)
{
    return c <= ' ' || c >= 0x7f || strchr("&#\"'<>;(){}|\\^`", c);
}

/* Marks that mostly stand behind a value, or around it; but encodeURIComponent() leaves some of them as they are, and
 * browsers leave others. A letter or digit behind them says that the value goes on. */
static bool may_end_pair(uint8_t c)
{
    return c && strchr("'(){}|^`", c);
}

static bool goes_on(uint8_t c)
{
    return c == '%' || (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
}

static bool pair_goes_on(const struct redact_gathered *g, uint8_t c)
{
    if (!g->bytes.length || may_end_pair(c))
        return !ends_pair(c) || g->bytes.length;
    return goes_on(c) || (!ends_pair(c) && !may_end_pair(g->bytes.at[g->bytes.length - 1]));
}

/* A $ stays what it is anyhow; behind a value it is mostly that of an expression, "token=abc$", as in a header's. */
static void pair_end(struct redact_scan *s)
{
    struct redact_gathered *g = &s->pair;
    size_t length = g->bytes.length;
    while (length && g->on && !s->pair_quote &&
           (strchr(",.:$", g->bytes.at[length - 1]) || may_end_pair(g->bytes.at[length - 1])))
        length--;
    if (g->on)
        redact_give(s, g, REDACT_QUERY, REDACT_FORM, length);
    g->on = false;
    s->pair_name_length = 0;
}

/* By its name as it is written, or as it is meant: %70assword. */
static bool pair_is_secret(const struct redact_scan *s)
{
    const uint8_t *name = (const uint8_t *)s->pair_name;
    struct redact_bytes meant = {0};
    bool secret = redact_rules_want(s->rules, REDACT_QUERY, s->pair_name, s->pair_name_length);
    if (!secret && memchr(name, '%', s->pair_name_length) &&
        redact_decode(REDACT_PERCENT, name, s->pair_name_length, &meant))
        secret = redact_rules_want(s->rules, REDACT_QUERY, (const char *)meant.at, meant.length);
    free(meant.at);
    return secret;
}

static void pair_byte(struct redact_scan *s, uint8_t c)
{
    struct redact_gathered *g = &s->pair;
    if (g->on && !g->bytes.length && !s->pair_quote && (c == '"' || c == '\'')) {
        s->pair_quote = c;
        g->offset++;
    } else if (g->on && (s->pair_quote ? c != s->pair_quote && c >= ' ' : pair_goes_on(g, c))) {
        redact_gather(s, g, REDACT_QUERY, c);
    } else if (g->on) {
        pair_end(s);
    } else if (c == '=' && s->pair_name_length && s->pair_name_length < REDACT_NAME_ROOM &&
               pair_is_secret(s)) {
        redact_gather_begin(g, s->pair_name, s->pair_name_length, s->at + 1);
        s->pair_quote = 0;
    } else if (redact_is_name_byte(c)) {
        redact_name_add(s->pair_name, &s->pair_name_length, c);
    } else {
        s->pair_name_length = 0;
    }
}

/* ---- ://user:password@ ---- */

/* It was cut before an @ came. A host and its port, which are digits, or [::1], is none. */
static bool may_be_userinfo(const struct redact_bytes *b)
{
    const uint8_t *colon = b->length ? memchr(b->at, ':', b->length) : NULL;
    if (!colon || b->at[0] == '[')
        return false;
    for (size_t i = (size_t)(colon - b->at) + 1; i < b->length; i++)
        if (b->at[i] < '0' || b->at[i] > '9')
            return true;
    return false;
}

static void url_end(struct redact_scan *s)
{
    struct redact_gathered *g = &s->url;
    size_t at = g->on ? g->bytes.length : 0;
    while (at && g->bytes.at[at - 1] != '@')
        at--;
    if (g->on && !at && s->is_cut && may_be_userinfo(&g->bytes))
        at = g->bytes.length + 1;
    if (at > 1 && redact_rules_want(s->rules, REDACT_URL, g->name, g->name_length))
        redact_give(s, g, REDACT_URL,
                    memchr(g->bytes.at, ':', at - 1) ? REDACT_PAIR : REDACT_PERCENT, at - 1);
    g->on = false;
    s->url_step = 0;
}

static void url_byte(struct redact_scan *s, uint8_t c)
{
    static const char begins[] = "://", name[] = "userinfo";
    if (s->url.on) {
        if (ends_pair(c) || c == '/' || c == '?' || c == ',' || s->url.bytes.length == URL_MAX)
            url_end(s);
        else
            redact_bytes_add(&s->url.bytes, c);
        return;
    }
    s->url_step = c == (uint8_t)begins[s->url_step] ? s->url_step + 1 : c == ':';
    if (s->url_step == 3)
        redact_gather_begin(&s->url, name, sizeof name - 1, s->at + 1);
}

/* ---- all of them ---- */

static void lines_end(struct redact_scan *s)
{
    line_end(s);
    pair_end(s);
    url_end(s);
    redact_inner_end(s->in_run);
}

void redact_scan_boundary(struct redact_scan *s)
{
    if (s->rules) {
        lines_end(s);
        redact_json_boundary(s);
    }
    redact_part_boundary(s);
}

void redact_scan_cut(struct redact_scan *s, uint64_t missing)
{
    s->is_cut = true;
    redact_scan_boundary(s);
    s->is_cut = false;
    redact_framing_gap(&s->framing, missing);
}

void redact_scan_no_fold(struct redact_scan *s)
{
    if (line_waits(s))
        line_end(s);
}

/* Whatever it ends, names and values do not go on behind it, but for those of parts, which begin there. In what is
 * known to be a body it ends nothing of JSON, where it is a blank. */
void redact_scan_blank_line(struct redact_scan *s)
{
    bool was_in_body = in_body(s);
    if (s->rules) {
        lines_end(s);
        if (!was_in_body)
            redact_json_boundary(s);
    }
    redact_framing_blank_line(&s->framing);
    redact_part_blank_line(s);
}

static void end_of_line(struct redact_scan *s)
{
    bool blank = s->line_step == LINE_NAME && !s->line_name_length;
    line_feed(s);
    redact_framing_line_end(&s->framing);
    pair_byte(s, '\n');
    url_byte(s, '\n');
    redact_inner_end(s->in_run);
    redact_json_line_end(s);
    s->at++;
    if (blank)
        redact_scan_blank_line(s);
}

static void one_byte(struct redact_scan *s, uint8_t c)
{
    if (line_waits(s))
        line_goes_on(s, c);
    if (c == '\n') {
        end_of_line(s);
        return;
    }
    if (c == '\r') { /* of CR LF, or it means nothing to anybody */
        if (s->line_step == LINE_VALUE || s->line_step == LINE_BLANKS)
            line_byte(s, c);
        else if (s->line_step == LINE_NAME && s->line_name_length)
            s->line_step = LINE_REST;
        pair_byte(s, c);
        url_byte(s, c);
        redact_inner_end(s->in_run);
        redact_json_line_end(s);
        s->at++;
        return;
    }
    redact_framing_byte(&s->framing, c);
    if (s->line_step != LINE_REST)
        line_byte(s, c);
    if (c == '%' || redact_inner_is_on(s->in_run))
        redact_run_byte(s, c);
    pair_byte(s, c);
    if (s->url.on || s->url_step || c == ':')
        url_byte(s, c);
    redact_json_byte(s, c);
    s->at++;
}

void redact_scan_feed(struct redact_scan *s, const uint8_t *bytes, size_t length)
{
    if (!s->rules) {
        s->at += length;
        return;
    }
    for (size_t i = 0; i < length; i++) {
        bool counted = s->framing.body_left > 0;
        redact_part_byte(s, bytes[i]);
        one_byte(s, bytes[i]);
        s->framing.chunk_left -= s->framing.chunk_left > 0;
        if (counted && redact_framing_body_byte(&s->framing, bytes[i]))
            redact_scan_boundary(s);
    }
}

/* In a chunk, or where there are none, what looks like the size of one is text; and a field of a form often does. */
bool redact_scan_may_be_chunks(const struct redact_scan *s)
{
    const struct redact_framing *f = &s->framing;
    return f->in_chunks ? !f->chunk_left : !redact_framing_is_counted(f) && !s->part.in_form;
}

uint64_t redact_scan_needs(const struct redact_scan *s)
{
    const struct redact_gathered *all[] = {&s->line, &s->pair, &s->url, &s->string, &s->part.value};
    uint64_t least = s->at;
    for (unsigned i = 0; i < sizeof all / sizeof all[0]; i++)
        if (all[i]->on && all[i]->offset < least)
            least = all[i]->offset;
    if (redact_inner_is_on(s->in_string) && s->in_string->at < least)
        least = s->in_string->at;
    if (redact_inner_is_on(s->in_run) && s->in_run->at < least)
        least = s->in_run->at;
    return least;
}

void redact_scan_begin(struct redact_scan *s, struct redact_rules *rules, redact_take *take,
                       void *context)
{
    *s = (struct redact_scan){.rules = rules, .take = take, .context = context};
    redact_framing_begin(&s->framing, NULL);
}

void redact_scan_free(struct redact_scan *s)
{
    free(s->line.bytes.at);
    free(s->pair.bytes.at);
    free(s->url.bytes.at);
    free(s->string.bytes.at);
    free(s->part.value.bytes.at);
    free(s->key_written.at);
    free(s->frames);
    s->frames = NULL;
    redact_inner_free(s->in_string);
    redact_inner_free(s->in_run);
}
