/* messages/http_text.h -- stretches of HTTP text: tokens, lists, request targets, reason phrases.
 *
 * Nothing here allocates, copies or keeps what it is given. Any thread.
 * Source: RFC 9110 section 5.6; W-7 for what mirrord-protocol can carry.
 */
#ifndef MESSAGES_HTTP_TEXT_H
#define MESSAGES_HTTP_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes that belong to somebody else; at may be NULL when length is 0. */
struct http_text {
    const uint8_t *at;
    size_t length;
};

static inline uint8_t http_lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

/* literal is in lower case; letters of text compare in either case. */
bool http_text_is(struct http_text text, const char *literal, size_t length);
#define HTTP_TEXT_IS(text, literal) http_text_is((text), (literal), sizeof(literal) - 1)

/* Both in either case. */
bool http_text_same(struct http_text a, struct http_text b);

/* Without blanks (SP, TAB) at both ends. */
struct http_text http_text_trim(struct http_text text);

/* Takes the next element of a comma-separated list off *rest, trimmed; empty ones are skipped.
 * False: none is left. Commas inside quoted strings separate too: none of the lists read here
 * (Connection, Transfer-Encoding, Trailer, Keep-Alive) has use for them. */
bool http_text_list_next(struct http_text *rest, struct http_text *element);

/* Decimal digits only, at least one, no overflow. */
bool http_text_number(struct http_text text, uint64_t *number);

bool http_text_is_token(struct http_text text);
bool http_is_token_byte(uint8_t byte);

/* Visible ASCII. Which of these bytes may stand where is for http_target_is_valid() to say. */
static inline bool http_is_target_byte(uint8_t byte)
{
    return byte > ' ' && byte < 0x7f;
}

/* May stand in a header value: no control byte except TAB, no DEL; bytes from 0x80 on may (W-7). */
bool http_text_is_value(struct http_text text);

/* Whether a request target can travel as a mirrord-protocol URI (wire format 2.3), judged for the
 * sender: one that its decoder refuses costs the link (W-7). So what decoders differ on is refused
 * too: bytes above 0x7E, a fragment, an empty scheme, and " { } | ^ \ in a path. */
bool http_target_is_valid(struct http_text target);

/* Of a request target: what stands behind the authority, with its query; and the authority, empty if
 * the target is not scheme://authority/path. */
struct http_text http_target_path(struct http_text target);
struct http_text http_target_authority(struct http_text target);

/* "OK" for 200; "" for a status without a registered phrase. */
const char *http_reason(unsigned status);

#endif
