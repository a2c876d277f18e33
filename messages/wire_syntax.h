/* messages/wire_syntax.h -- the syntaxes of strings inside protocol messages.
 *
 * Purpose  accept and refuse exactly what the original's decoder does, since one wrong string makes
 *          it drop the whole link: also to be asked before something is sent.
 * Thread   pure functions: any thread.
 * Source   wire-format.md 1.4 (UTF-8), 2.2 to 2.6, RFC 3629 (UTF-8), RFC 9110 5.5 and 5.6.2.
 *
 * The checks that end in _walk or take single bytes can be run over a string piece by piece.
 */
#ifndef MESSAGES_WIRE_SYNTAX_H
#define MESSAGES_WIRE_SYNTAX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    WIRE_URI_MAX = 65534, /* bytes; the original refuses longer ones */
    WIRE_HEADER_NAME_MAX = 65535,
    WIRE_HEADERS_MAX = 24576, /* different names of one header map */
    WIRE_HTTPVER_LENGTH = 8,  /* "HTTP/1.1" */
    WIRE_HTTPVERS = 5,
};

/* State of a UTF-8 walk: WIRE_UTF8_WHOLE at the start and after every complete character. */
enum { WIRE_UTF8_WHOLE = 0, WIRE_UTF8_BROKEN = 1 };

/* Goes on over `length` bytes. A text is UTF-8 if the state after its last byte is WIRE_UTF8_WHOLE;
 * WIRE_UTF8_BROKEN stays. */
uint32_t wire_utf8_walk(uint32_t state, const uint8_t *bytes, size_t length);
bool wire_utf8_check(const uint8_t *bytes, size_t length);

/* Nothing but token characters; an empty string passes. Methods and header names, upper case too. */
bool wire_token_check(const uint8_t *bytes, size_t length);

/* No control byte but TAB, and no DEL. Empty passes. May be asked piece by piece. */
bool wire_header_value_check(const uint8_t *bytes, size_t length);

/* HTTP/0.9, 1.0, 1.1, 2.0, 3.0, in this order (2.4); no other text is a version. */
extern const char wire_httpver_texts[WIRE_HTTPVERS][WIRE_HTTPVER_LENGTH + 1];
/* The place among them, or -1. */
int wire_httpver_index(const uint8_t *bytes, size_t length);
bool wire_httpver_check(const uint8_t *bytes, size_t length);

/* Whole strings: UTF-8, and a request target that the original's http library takes. */
bool wire_uri_check(const uint8_t *bytes, size_t length);

bool wire_method_check(const uint8_t *bytes, size_t length);      /* a token, not empty */
bool wire_header_name_check(const uint8_t *bytes, size_t length); /* a token of 1 to 65535 bytes */

#endif
