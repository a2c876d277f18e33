/* messages/redact_scan_parts.h -- what the machines of a scan share; of redact_scan*.c alone. */
#ifndef MESSAGES_REDACT_SCAN_PARTS_H
#define MESSAGES_REDACT_SCAN_PARTS_H

#include "messages/redact_scan.h"

/* ---- what is gathered ---- */

static inline void redact_gather_begin(struct redact_gathered *g, const char *name,
                                       uint8_t name_length, uint64_t offset)
{
    g->on = true;
    g->offset = offset;
    g->bytes.length = 0;
    g->name_length = name_length;
    memcpy(g->name, name, name_length);
}

static inline void redact_give(struct redact_scan *s, const struct redact_gathered *g,
                               enum redact_place place, enum redact_coding coding, size_t length)
{
    struct redact_found found = {place,       coding, g->name,   g->name_length,
                                 g->bytes.at, length, g->offset, s->is_cut};
    if (length)
        s->take(s->context, &found);
}

/* What is very long is given in pieces. */
static inline void redact_gather(struct redact_scan *s, struct redact_gathered *g,
                                 enum redact_place place, uint8_t byte)
{
    enum { PIECE = 8192 };
    if (g->bytes.length == PIECE) {
        redact_give(s, g, place, REDACT_PLAIN, PIECE);
        g->offset += PIECE;
        g->bytes.length = 0;
    }
    redact_bytes_add(&g->bytes, byte);
}

/* A name that is too long is none. */
static inline void redact_name_add(char name[REDACT_NAME_ROOM], uint8_t *length, uint8_t byte)
{
    if (*length < REDACT_NAME_ROOM)
        name[(*length)++] = (char)byte;
}

/* ---- multipart/form-data: redact_scan_part.c ---- */

void redact_part_byte(struct redact_scan *s, uint8_t c);
void redact_part_disposition(struct redact_scan *s, struct http_text value);
void redact_part_blank_line(struct redact_scan *s);
/* It ends, and its value was not whole. */
void redact_part_boundary(struct redact_scan *s);

/* ---- JSON: redact_scan_json.c ---- */

enum json_step { JSON_BETWEEN, JSON_STRING, JSON_NUMBER };

void redact_json_byte(struct redact_scan *s, uint8_t c);
/* A string of JSON has no end of line in it: this was none. */
void redact_json_line_end(struct redact_scan *s);
/* What was under way is given, as far as it came. */
void redact_json_boundary(struct redact_scan *s);

#endif
