/* messages/redact_scan_inner.c -- codings within codings; see redact_scan.h
 *
 * A string of JSON with escapes, or a run of text with %XX, may have JSON, a form or a URL in it. As it is meant, it is
 * given byte by byte to a scan of its own. What that finds is told as it means, to be learned, and as it is written
 * where it stands.
 */
#include "messages/redact_scan_parts.h"

/* No more is remembered: of what has had no escape yet, and of a value under way (a head's line is the longest). */
enum { BEFORE_MAX = 8192, WRITTEN_MAX = 512 << 10, UNIT_U = 6, UNIT_PERCENT = 3 };

/* ---- what is found ---- */

/* Where the byte of the inner scan is written. */
static size_t written_at(const struct redact_inner *in, uint64_t at)
{
    uint32_t mark;
    size_t i = (size_t)(at - in->first) * sizeof mark;
    if (i >= in->marks.length)
        return in->written.length;
    memcpy(&mark, in->marks.at + i, sizeof mark);
    return mark;
}

/* A + is scanned as it is, so it ends no value; but it may mean a blank. */
static void take_inner(void *context, const struct redact_found *f)
{
    const struct redact_inner *in = context;
    const struct redact_scan *s = in->outer;
    struct redact_found written = *f, meant = *f;
    if (f->only_meant) {
        s->take(s->context, f);
        return;
    }
    size_t from = written_at(in, f->offset);
    written.bytes = in->written.at + from;
    written.length = written_at(in, f->offset + f->length) - from;
    written.offset = in->at + from;
    meant.only_meant = true;
    if (written.length != f->length || memcmp(written.bytes, f->bytes, f->length) != 0 ||
        (in->coding == REDACT_PERCENT && memchr(f->bytes, '+', f->length))) {
        s->take(s->context, &meant);
        written.coding = in->coding == REDACT_PERCENT ? REDACT_FORM : in->coding;
    }
    s->take(s->context, &written);
}

/* ---- what is scanned ---- */

static void forget(struct redact_inner *in)
{
    in->at += in->written.length;
    in->first = in->scan.at;
    in->written.length = in->marks.length = 0;
}

static void end_scan(struct redact_inner *in, bool is_cut)
{
    in->scan.is_cut = is_cut;
    redact_scan_boundary(&in->scan);
    in->scan.is_cut = false;
    redact_framing_begin(&in->scan.framing, NULL);
}

static void feed(struct redact_inner *in, const uint8_t *meant, size_t length, size_t at)
{
    uint32_t mark = (uint32_t)at;
    for (size_t i = 0; i < length; i++) {
        redact_bytes_put(&in->marks, &mark, sizeof mark);
        redact_scan_feed(&in->scan, meant + i, 1);
    }
}

static void put(struct redact_inner *in, const uint8_t *written, size_t length,
                const uint8_t *meant, size_t meant_length)
{
    size_t at = in->written.length;
    redact_bytes_put(&in->written, written, length);
    if (in->is_coded)
        feed(in, meant, meant_length, at);
}

static void first_escape(struct redact_inner *in)
{
    in->is_coded = true;
    for (size_t i = 0; i < in->written.length; i++)
        feed(in, in->written.at + i, 1, i);
}

static bool unit_is_whole(const struct redact_inner *in)
{
    if (in->coding == REDACT_PERCENT)
        return in->unit_length == UNIT_PERCENT;
    return in->unit_length == UNIT_U || (in->unit_length == 2 && in->unit[1] != 'u');
}

static void add(struct redact_inner *in, uint8_t c);

/* What is no escape is text, and may have one in it: %%41. */
static void unit_end(struct redact_inner *in)
{
    uint8_t unit[REDACT_UNIT_ROOM];
    size_t length = in->unit_length;
    memcpy(unit, in->unit, length);
    in->unit_length = 0;
    in->meant.length = 0;
    if (redact_decode(in->coding, unit, length, &in->meant)) {
        if (!in->is_coded)
            first_escape(in);
        put(in, unit, length, in->meant.at, in->meant.length);
        return;
    }
    put(in, unit, 1, unit, 1);
    for (size_t i = 1; i < length; i++)
        add(in, unit[i]);
}

static void add(struct redact_inner *in, uint8_t c)
{
    if (!in->unit_length && c != (in->coding == REDACT_PERCENT ? '%' : '\\')) {
        put(in, &c, 1, &c, 1);
        return;
    }
    in->unit[in->unit_length++] = c;
    if (unit_is_whole(in))
        unit_end(in);
}

/* ---- begin and end ---- */

void redact_inner_begin(struct redact_scan *s, struct redact_inner **inner,
                        enum redact_coding coding, uint64_t at)
{
    struct redact_inner *in = *inner;
    if (s->layer == REDACT_INNER_MAX)
        return;
    if (!in) {
        in = *inner = redact_zeroed(sizeof *in);
        redact_scan_begin(&in->scan, s->rules, take_inner, in);
        in->outer = s;
        in->coding = coding;
        in->scan.layer = s->layer + 1;
    }
    in->on = true;
    in->at = at;
}

void redact_inner_byte(struct redact_inner *in, uint8_t c)
{
    add(in, c);
    if (in->is_coded && in->written.length > WRITTEN_MAX)
        end_scan(in, true);
    if (in->is_coded ? redact_scan_needs(&in->scan) == in->scan.at
                     : in->written.length > BEFORE_MAX)
        forget(in);
}

void redact_inner_end(struct redact_inner *in)
{
    if (!redact_inner_is_on(in))
        return;
    put(in, in->unit, in->unit_length, in->unit, in->unit_length);
    in->unit_length = 0;
    if (in->is_coded)
        end_scan(in, in->outer->is_cut);
    in->on = in->is_coded = false;
    forget(in);
}

void redact_inner_free(struct redact_inner *in)
{
    if (!in)
        return;
    redact_scan_free(&in->scan);
    free(in->written.at);
    free(in->marks.at);
    free(in->meant.at);
    free(in);
}

/* ---- runs with %XX ---- */

/* Whatever else may end a value, the inner scan sees. */
static bool ends_run(uint8_t c)
{
    return c <= ' ' || strchr("&\"\\<>", c);
}

/* Names are all that is needed of what came before the first escape. */
static void run_begin(struct redact_scan *s)
{
    size_t name = s->pair_name_length < REDACT_NAME_ROOM ? s->pair_name_length : 0;
    redact_inner_begin(s, &s->in_run, REDACT_PERCENT, s->at - name);
    for (size_t i = 0; i < name && redact_inner_is_on(s->in_run); i++)
        redact_inner_byte(s->in_run, (uint8_t)s->pair_name[i]);
}

void redact_run_byte(struct redact_scan *s, uint8_t c)
{
    if (s->pair.on || ends_run(c)) {
        redact_inner_end(s->in_run);
        return;
    }
    if (!redact_inner_is_on(s->in_run))
        run_begin(s);
    if (redact_inner_is_on(s->in_run))
        redact_inner_byte(s->in_run, c);
}
