/* tools/trace_strings.c -- see trace_strings.h */
#include "tools/trace_strings.h"
#include "runtime/heap.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

struct string {
    UT_hash_handle hh;
    char text[];
};

struct trace_strings {
    struct string *all;
};

static void *must(void *memory, size_t bytes)
{
    if (!memory)
        heap_exhausted("what a trace holds", bytes);
    return memory;
}

struct trace_strings *trace_strings_new(void)
{
    return must(calloc(1, sizeof(struct trace_strings)), sizeof(struct trace_strings));
}

void trace_strings_free(struct trace_strings *s)
{
    struct string *one, *next;
    if (!s)
        return;
    HASH_ITER(hh, s->all, one, next)
    {
        HASH_DEL(s->all, one);
        free(one);
    }
    free(s);
}

const char *trace_string(struct trace_strings *s, const char *text, size_t length)
{
    struct string *found;
    if (!length)
        text = ""; /* it may be NULL: an empty span has no bytes */
    HASH_FIND(hh, s->all, text, length, found);
    if (found)
        return found->text;
    found = must(malloc(sizeof *found + length + 1), length);
    memcpy(found->text, text, length);
    found->text[length] = '\0';
    HASH_ADD_KEYPTR(hh, s->all, found->text, length, found);
    return found->text;
}

const char *trace_string_of(struct trace_strings *s, const char *text)
{
    return trace_string(s, text, strlen(text));
}

const char *trace_string_format(struct trace_strings *s, const char *format, ...)
{
    char *text;
    va_list list;
    va_start(list, format);
    int length = vasprintf(&text, format, list);
    va_end(list);
    must(length < 0 ? NULL : text, 0);
    const char *kept = trace_string(s, text, (size_t)length);
    free(text);
    return kept;
}

void *trace_grow(void *array, size_t length, size_t *room, size_t size)
{
    if (length < *room)
        return array;
    *room = *room ? 2 * *room : 4;
    return must(realloc(array, *room * size), *room * size);
}
