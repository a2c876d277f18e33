/* messages/http_head_builder.h -- header lines in, wire form out.
 *
 * A parser adds lines as it meets them; the wire form has each name once, in lower case, with all
 * its values (wire format 2.6: sent twice, a name would lose values). Names stay in the order of
 * their first line, values of a name in theirs.
 *
 * Lines are borrowed: what was added must stay in place until the head is written. No allocation;
 * the struct (5 KiB, of which only the used part is ever touched) belongs on the stack or to a
 * worker. Any thread, one at a time.
 */
#ifndef MESSAGES_HTTP_HEAD_BUILDER_H
#define MESSAGES_HTTP_HEAD_BUILDER_H

#include "messages/http_head.h"

#define HTTP_FIELDS_MAX     128
#define HTTP_HEAD_BYTES_MAX (128 * 1024) /* of a head as text; its wire form may be 3 % larger */

enum http_add {
    HTTP_ADD_OK,
    HTTP_ADD_TOO_MANY,  /* HTTP_FIELDS_MAX lines are there already */
    HTTP_ADD_BAD_NAME,  /* empty, longer than 65535, or no token */
    HTTP_ADD_BAD_VALUE, /* a control byte (W-7: it would cost the whole agent link) */
};

struct http_head_line {
    struct http_text name, value;
};

struct http_head_builder {
    /* zeroed by create; of the arrays the first `lines` or `distinct` entries mean something */
    uint64_t seen;    /* bit hash % 64 of each distinct name: a clear bit spares the search */
    size_t map_bytes; /* of the map without its count */
    unsigned lines;
    unsigned distinct;
    uint32_t hash[HTTP_FIELDS_MAX];
    uint8_t first[HTTP_FIELDS_MAX]; /* [d]: first line of the d-th distinct name */
    uint8_t last[HTTP_FIELDS_MAX];  /* [d]: its newest line */
    uint8_t count[HTTP_FIELDS_MAX]; /* [d]: how many lines */
    uint8_t next[HTTP_FIELDS_MAX];  /* [line]: next line of the same name */
    struct http_head_line line[HTTP_FIELDS_MAX];
};

void http_head_builder_create(struct http_head_builder *b);

/* The value loses the blanks at its ends. */
enum http_add http_head_builder_add(struct http_head_builder *b, struct http_text name,
                                    struct http_text value);

/* The same for a value that http_text_is_value() has accepted, without blanks at its ends. */
enum http_add http_head_builder_add_judged(struct http_head_builder *b, struct http_text name,
                                           struct http_text value);

/* Exact sizes; write puts exactly that many bytes at out and returns what comes behind them, so
 * whoever prepends ids leaves their room in front. A map alone is what a trailers frame holds. */
size_t http_head_builder_map_size(const struct http_head_builder *b);
uint8_t *http_head_builder_map_write(const struct http_head_builder *b, uint8_t *out);

size_t http_head_builder_response_size(const struct http_head_builder *b, unsigned status);
uint8_t *http_head_builder_response_write(const struct http_head_builder *b, unsigned status,
                                          enum http_version version, uint8_t *out);

size_t http_head_builder_request_size(const struct http_head_builder *b, struct http_text method,
                                      struct http_text target);
uint8_t *http_head_builder_request_write(const struct http_head_builder *b, struct http_text method,
                                         struct http_text target, enum http_version version,
                                         uint8_t *out);

#endif
