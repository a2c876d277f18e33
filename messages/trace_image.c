/* messages/trace_image.c -- see trace_image.h
 *
 * An image: "tpl", flags u8, length of all u32, the format and its NUL, a u32 for each # of it, the values.
 * A text is its length + 1 (0: NULL), then the text; bytes are their length, then the bytes; an array is its
 * count, then its elements.
 */
#include "messages/trace_image.h"
#include "messages/trace_format.h"
#include <tpl.h>

enum { TPL_FLAG_TEXTS = 2 }; /* a text may be NULL: set when the format has texts */

struct walk {
    const uint8_t *at, *end;
};

static bool pass(struct walk *w, size_t bytes)
{
    if ((size_t)(w->end - w->at) < bytes)
        return false;
    w->at += bytes;
    return true;
}

static bool pass_number(struct walk *w, uint32_t *n)
{
    const uint8_t *at = w->at;
    if (!pass(w, 4))
        return false;
    memcpy(n, at, 4);
    return true;
}

static bool pass_text(struct walk *w)
{
    uint32_t n;
    return pass_number(w, &n) && pass(w, n ? n - 1 : 0);
}

static bool pass_bytes(struct walk *w)
{
    uint32_t n;
    return pass_number(w, &n) && pass(w, n);
}

static size_t width(char letter)
{
    switch (letter) {
    case 'c': return 1;
    case 'v': return 2;
    case 'U': return 8;
    default: return 4;
    }
}

/* The ) of the ( that stands at f. */
static const char *closing(const char *f)
{
    unsigned open = 0;
    for (;; f++) {
        open += *f == '(';
        if (*f == ')' && --open == 0)
            return f;
    }
}

static bool pass_values(struct walk *w, const char *f, const char *end);

static bool pass_array(struct walk *w, const char *f, const char *end)
{
    uint32_t count;
    if (!pass_number(w, &count))
        return false;
    while (count--) /* each takes a byte or more, so they end */
        if (!pass_values(w, f, end))
            return false;
    return true;
}

/* One letter, or with what belongs to it. Returns where the next one stands; NULL: it is not there. */
static const char *pass_value(struct walk *w, const char *f)
{
    if (*f == 'A') {
        const char *close = closing(f + 1);
        return pass_array(w, f + 2, close) ? close + 1 : NULL;
    }
    if (*f == 's')
        return pass_text(w) ? f + 1 : NULL;
    if (*f == 'B')
        return pass_bytes(w) ? f + 1 : NULL;
    bool many = f[1] == '#';
    return pass(w, width(*f) * (many ? TRACE_WORDS : 1)) ? f + 1 + many : NULL;
}

static bool pass_values(struct walk *w, const char *f, const char *end)
{
    while (f && f < end)
        f = pass_value(w, f);
    return f != NULL;
}

static_assert(TRACE_WORDS == TRACE_SMALLS, "one number for every #");

static bool pass_head(struct walk *w, const char *format, size_t length)
{
    uint8_t head[4] = {'t', 'p', 'l', strchr(format, 's') ? TPL_FLAG_TEXTS : 0};
    const uint8_t *at = w->at;
    uint32_t whole, n;
    if (!pass(w, sizeof head) || memcmp(at, head, sizeof head) != 0)
        return false;
    if (!pass_number(w, &whole) || whole != length)
        return false;
    at = w->at;
    if (!pass(w, strlen(format) + 1) || memcmp(at, format, strlen(format) + 1) != 0)
        return false;
    for (const char *f = format; (f = strchr(f, '#')); f++)
        if (!pass_number(w, &n) || n != TRACE_WORDS)
            return false;
    return true;
}

bool trace_image_fits(const char *format, const uint8_t *image, size_t length)
{
    struct walk w = {image, image + length};
    return pass_head(&w, format, length) && pass_values(&w, format, format + strlen(format)) &&
           w.at == w.end;
}

bool trace_image_load(struct tpl_node *map, const char *format, void *image, size_t length)
{
    return trace_image_fits(format, image, length) && tpl_load(map, TPL_MEM, image, length) == 0 &&
           tpl_unpack(map, 0) >= 0;
}
