/* messages/wire_buffer.c -- bytes that grow, and say so when they cannot; see wire_transcode.h */
#include "messages/wire_transcode.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 256 };

bool wire_buffer_room(struct wire_buffer *b, size_t more)
{
    if (more <= b->room - b->length)
        return true;
    if (more > SIZE_MAX / 2 - b->length)
        return false;
    size_t room = b->room ? b->room : FIRST_ROOM;
    while (room < b->length + more)
        room *= 2;
    uint8_t *grown = (b->reallocate ? b->reallocate : realloc)(b->at, room);
    if (!grown)
        return false;
    b->at = grown;
    b->room = room;
    return true;
}

bool wire_buffer_put(struct wire_buffer *b, const void *bytes, size_t length)
{
    if (!wire_buffer_room(b, length))
        return false;
    if (length)
        memcpy(b->at + b->length, bytes, length);
    b->length += length;
    return true;
}

bool wire_buffer_text(struct wire_buffer *b, const char *text)
{
    return wire_buffer_put(b, text, strlen(text));
}

bool wire_buffer_format(struct wire_buffer *b, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    int needed = vsnprintf(NULL, 0, format, list);
    va_end(list);
    if (needed < 0 || !wire_buffer_room(b, (size_t)needed + 1))
        return false;
    va_start(list, format);
    vsnprintf((char *)b->at + b->length, (size_t)needed + 1, format, list);
    va_end(list);
    b->length += (size_t)needed;
    return true;
}

bool wire_buffer_insert(struct wire_buffer *b, size_t offset, const void *bytes, size_t length)
{
    if (!wire_buffer_room(b, length))
        return false;
    memmove(b->at + offset + length, b->at + offset, b->length - offset);
    memcpy(b->at + offset, bytes, length);
    b->length += length;
    return true;
}

void wire_buffer_release(struct wire_buffer *b)
{
    free(b->at);
    b->at = NULL;
    b->length = b->room = 0;
}
