/* messages/filter_words.c -- see filter_words.h */
#include "messages/filter_words.h"
#include "messages/escape.h"
#include <stdio.h>
#include <string.h>

static const char signs[] = "()!=<>~&|";

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Either: a filter mostly stands in the other ones, the shell's. */
static bool is_quote(char c)
{
    return c == '"' || c == '\'';
}

static bool is_bare(char c)
{
    return c && !is_blank(c) && !is_quote(c) && !strchr(signs, c);
}

static struct filter_word quoted(const char *at)
{
    const char *end = at + 1;
    while (*end && *end != *at)
        end += end[0] == '\\' && end[1] ? 2 : 1;
    if (!*end)
        return (struct filter_word){FILTER_WORD_OPEN_QUOTE, at, (size_t)(end - at), at, end};
    return (struct filter_word){FILTER_WORD_QUOTED, at + 1, (size_t)(end - at - 1), at, end + 1};
}

/* Two signs that belong together; and & | alone are words too, to be told what is meant. */
static size_t sign_length(const char *at)
{
    static const char *const pairs[] = {"&&", "||", "==", "!=", "<=", ">=", "!~"};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        if (memcmp(at, pairs[i], 2) == 0)
            return 2;
    return 1;
}

struct filter_word filter_word_next(const char *at)
{
    const char *end;
    while (is_blank(*at))
        at++;
    end = at;
    if (!*at)
        return (struct filter_word){FILTER_WORD_END, at, 0, at, at};
    if (is_quote(*at))
        return quoted(at);
    while (is_bare(*end))
        end++;
    if (end > at)
        return (struct filter_word){FILTER_WORD_BARE, at, (size_t)(end - at), at, end};
    size_t n = at[1] ? sign_length(at) : 1;
    return (struct filter_word){FILTER_WORD_SIGN, at, n, at, at + n};
}

bool filter_word_is(const struct filter_word *w, const char *text)
{
    return w->kind != FILTER_WORD_QUOTED && w->length == strlen(text) &&
           memcmp(w->at, text, w->length) == 0;
}

const char *filter_word_show(const struct filter_word *w, char out[FILTER_WORD_SHOWN_MAX])
{
    size_t n = (size_t)(w->end - w->begin);
    bool has_quotes = w->kind == FILTER_WORD_QUOTED || w->kind == FILTER_WORD_OPEN_QUOTE;
    const char *quote = has_quotes ? "" : "\"";
    if (w->kind == FILTER_WORD_END)
        snprintf(out, FILTER_WORD_SHOWN_MAX, "the end");
    else if (n > 40)
        snprintf(out, FILTER_WORD_SHOWN_MAX, "%s%.36s...%s", quote, w->begin, quote);
    else
        snprintf(out, FILTER_WORD_SHOWN_MAX, "%s%.*s%s", quote, (int)n, w->begin, quote);
    return out;
}

unsigned filter_column(const char *text, const char *at)
{
    unsigned column = 1;
    for (; text < at; text++)
        column += ((unsigned char)*text & 0xC0) != 0x80; /* not within a character */
    return column;
}

/* ---- escapes --------------------------------------------------------------------------------- */

const char *filter_word_unescape(const struct filter_word *w, char *out, size_t *length)
{
    const char *at = w->at, *end = w->at + w->length;
    size_t n = 0;
    while (at < end) {
        uint8_t byte = (uint8_t)*at;
        size_t escaped = 0;
        if (*at == '\\' && w->kind == FILTER_WORD_QUOTED) {
            escaped = escape_read(at + 1, end, &byte);
            if (!escaped)
                return at;
        }
        out[n++] = (char)byte;
        at += 1 + escaped;
    }
    *length = n;
    return NULL;
}
