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
    struct redact_found found = {place,  coding,    g->name,   g->name_length, g->bytes.at,
                                 length, g->offset, s->is_cut, false};
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

/* ---- codings within codings: redact_scan_inner.c ---- */

enum { REDACT_INNER_MAX = 2, REDACT_UNIT_ROOM = 6 };

struct redact_inner {
    struct redact_scan *outer;
    struct redact_scan scan; /* of what is meant */
    enum redact_coding coding;
    bool on, is_coded;                  /* is_coded: an escape has come, and all is scanned */
    uint64_t at;                        /* where in `outer` what is written begins */
    uint64_t first;                     /* byte of `scan` that is in it */
    struct redact_bytes written, marks; /* as far as a value may need it; where each byte of `scan`
                                           is in it, as uint32_t */
    uint8_t unit[REDACT_UNIT_ROOM];     /* an escape that is under way */
    uint8_t unit_length;
    struct redact_bytes meant;
};

static inline bool redact_inner_is_on(const struct redact_inner *in)
{
    return in && in->on;
}

/* Off if there are too many codings around it. */
void redact_inner_begin(struct redact_scan *s, struct redact_inner **inner,
                        enum redact_coding coding, uint64_t at);
/* It is on. */
void redact_inner_byte(struct redact_inner *in, uint8_t c);
void redact_inner_end(struct redact_inner *in);
void redact_inner_free(struct redact_inner *in);
/* Text with %XX: from the first % on. */
void redact_run_byte(struct redact_scan *s, uint8_t c);

/* ---- JSON: redact_scan_json.c ---- */

enum json_step { JSON_BETWEEN, JSON_STRING, JSON_NUMBER };

void redact_json_byte(struct redact_scan *s, uint8_t c);
/* A string of JSON has no end of line in it: this was none. */
void redact_json_line_end(struct redact_scan *s);
/* What was under way is given, as far as it came. */
void redact_json_boundary(struct redact_scan *s);

#endif
