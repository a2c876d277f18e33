/* messages/redact_scan.h -- values behind secret names, in bytes that come piece by piece.
 *
 * Purpose  looks, in whatever comes, for what people write values as: "Name: value" at the beginning of a line (with
 *          the lines behind it that go on with it, but not in a body), name=value, "name": "value" of JSON,
 *          user:password@ behind ://, parts of multipart/form-data. It needs no more of HTTP or JSON to be sound than
 *          just this, so it also works on what was cut, on logs and on lines of JSON.
 * Owner    whoever called redact_scan_begin. Memory: a few hundred bytes, and a value while it is gathered.
 * Thread   one at a time.
 *
 * Strings with escapes and text with %XX are also looked at as they are meant: JSON in a string of JSON, or in a field
 * of a form, a URL in one. Two such codings are undone, not more.
 *
 * A blank line ends a head: behind it is a body, if there is one (redact_framing.h); where it ends, names and values do
 * not go on.
 */
#ifndef MESSAGES_REDACT_SCAN_H
#define MESSAGES_REDACT_SCAN_H

#include "messages/redact_bytes.h"
#include "messages/redact_coding.h"
#include "messages/redact_framing.h"
#include "messages/redact_rules.h"

struct redact_found {
    enum redact_place place;
    enum redact_coding coding;
    const char *name; /* that stood before it; not NUL-terminated */
    size_t name_length;
    const uint8_t *bytes;
    size_t length;
    uint64_t offset; /* of the value, in what was scanned */
    bool partial;    /* its end has not come */
    bool only_meant; /* it is written otherwise, so it stands nowhere: offset does not count */
};
typedef void redact_take(void *context, const struct redact_found *found);

enum { REDACT_NAME_ROOM = 64, REDACT_DELIMITER_ROOM = 80 };

struct redact_gathered {
    struct redact_bytes bytes;
    uint64_t offset;
    bool on;
    char name[REDACT_NAME_ROOM];
    uint8_t name_length;
};

struct redact_json_frame {
    char name[REDACT_NAME_ROOM]; /* of the field that holds this, or is in it now */
    uint8_t name_length;
    bool list;
    bool secret, secret_number; /* all within is; of this, all numbers are */
};

struct redact_part {
    struct redact_gathered value;
    uint8_t delimiter[REDACT_DELIMITER_ROOM]; /* CR LF -- boundary */
    uint8_t length, skipped;                  /* of it; skipped 1: lines end with LF alone */
    uint8_t matched;                          /* of it, in the value */
    uint8_t column;                           /* of the line, at most 2 */
    bool is_delimiter;                        /* the line, so far */
    bool in_form, is_secret;                  /* is_secret: the part whose headers these are */
    char name[REDACT_NAME_ROOM];
    uint8_t name_length;
};

struct redact_inner; /* of codings: redact_scan_parts.h */

struct redact_scan {
    struct redact_rules *rules;
    redact_take *take;
    void *context;
    uint64_t at;
    bool is_cut;   /* what is given now ends too early */
    uint8_t layer; /* of codings that were undone */
    struct redact_framing framing;
    struct redact_part part;

    /* lines */
    struct redact_gathered line;
    char line_name[REDACT_NAME_ROOM];
    uint8_t line_name_length, line_step;
    uint8_t line_is;

    /* name=value */
    struct redact_gathered pair;
    char pair_name[REDACT_NAME_ROOM];
    uint8_t pair_name_length, pair_quote;

    /* :// */
    struct redact_gathered url;
    uint8_t url_step;

    /* JSON */
    struct redact_gathered string; /* or a number */
    struct redact_json_frame *frames;
    unsigned depth, frames_room;
    uint8_t json_step;
    bool escaped, value_follows, number_exact;
    char key[REDACT_NAME_ROOM];
    uint8_t key_length;
    struct redact_bytes key_written; /* as it is written */

    /* codings; NULL: none yet */
    struct redact_inner *in_string, *in_run;
};

/* rules NULL: nothing is looked at. Where it is a connection's, s->framing begins again. */
void redact_scan_begin(struct redact_scan *s, struct redact_rules *rules, redact_take *take,
                       void *context);
void redact_scan_feed(struct redact_scan *s, const uint8_t *bytes, size_t length);
/* Nothing that is under way goes on behind this. */
void redact_scan_boundary(struct redact_scan *s);
/* The same, and what is under way has not come whole: so many bytes are missing. */
void redact_scan_cut(struct redact_scan *s, uint64_t missing);
/* The next byte, which is held back, is none that a value goes on with. */
void redact_scan_no_fold(struct redact_scan *s);
/* A blank line, which was left out. */
void redact_scan_blank_line(struct redact_scan *s);
/* Sizes of chunks may stand at the next end of line. */
bool redact_scan_may_be_chunks(const struct redact_scan *s);
/* The first byte of a value that is under way; s->at: none is. */
uint64_t redact_scan_needs(const struct redact_scan *s);
/* Behind a boundary. */
void redact_scan_free(struct redact_scan *s);

/* Of name=value. */
static inline bool redact_is_name_byte(uint8_t c)
{
    return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') ||
           (c && strchr("_.-[]%$", c));
}

/* One header's line: its value, as parts that are secret. `offset` is the value's. */
void redact_header(struct redact_rules *rules, const char *name, size_t name_length,
                   const uint8_t *value, size_t length, uint64_t offset, redact_take *take,
                   void *context);
/* The value of a secret parameter in the expression of a filter, "token=(ab|cd)", in the same way. Returns how long it
 * is; 0: it is no expression's. */
size_t redact_expression(const char *name, size_t name_length, const uint8_t *value, size_t length,
                         uint64_t offset, redact_take *take, void *context);
bool redact_header_is_secret(struct redact_rules *rules, const char *name, size_t name_length);

#endif
