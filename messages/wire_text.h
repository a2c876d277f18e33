/* messages/wire_text.h -- messages as one line of text, for people; see wire_transcode.h.
 *
 *     TcpSteal(Data{connection_id: 7, bytes: "GET / HTTP/1.1\r\n"})
 *
 *     enum       Variant   Variant(value)   Variant(value, value)   Variant{name: value, name: value}
 *     struct     {name: value}   (value, value)
 *     option     None   Some(value)
 *     list       [value, value]
 *     headers    {"accept": ["text/html", "text/plain"], "host": ["a.example"]}
 *     integer    7   -7
 *     boolean    true   false
 *     address    10.0.0.1   ::1       with a port: 10.0.0.1:80   [::1]:80
 *     string     "in double quotes", where \" \\ \n \r \t and \xNN (a byte) stand for what cannot
 *                stand for itself; what is UTF-8 stands for itself, in byte strings ASCII alone
 *
 * Blanks may stand between any two words. A sink may be told to cut long byte strings; what was cut
 * reads `"first bytes"...(1048576 bytes)` and cannot be read back.
 */
#ifndef MESSAGES_WIRE_TEXT_H
#define MESSAGES_WIRE_TEXT_H

#include "messages/wire_transcode.h"

struct wire_text_sink {
    struct wire_buffer out;
    uint64_t most; /* bytes of a string that are shown; 0: all */
};

extern const struct wire_sink wire_text_sink;

struct wire_text_source {
    const char *begin, *at, *end;
    /* -- private -- */
    struct wire_buffer string;
};

extern const struct wire_source wire_text_source;

void wire_text_source_begin(struct wire_text_source *s, const char *text, size_t length);
/* Nothing but blanks is left. Errors as in wire_transcode. */
bool wire_text_source_over(struct wire_transcode *t);
void wire_text_source_release(struct wire_text_source *s);

/* Decimal, 39 digits at most. */
enum { WIRE_U128_TEXT_MAX = 40 };
const char *wire_u128_text(struct wire_u128 n, char out[WIRE_U128_TEXT_MAX]);
/* False: no digits, other characters, or more than 128 bits. */
bool wire_u128_parse(const char *text, size_t length, struct wire_u128 *out);

/* "10.0.0.1", "::1", and with a port "[::1]:80". */
enum { WIRE_ADDRESS_TEXT_MAX = 60 };
const char *wire_address_text(const struct wire_address *a, bool has_port,
                              char out[WIRE_ADDRESS_TEXT_MAX]);
bool wire_address_parse(const char *text, size_t length, bool has_port, struct wire_address *out);

#endif
