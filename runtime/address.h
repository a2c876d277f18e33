/* runtime/address.h -- where a socket connects to or listens on, as a value.
 *
 * Forms of the text   PORT (loopback)   HOST:PORT   1.2.3.4:PORT   [::1]:PORT   unix:/path   internal:NAME
 * `internal` is a listener of this very process; it is reached over a socketpair.
 */
#ifndef RUNTIME_ADDRESS_H
#define RUNTIME_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum address_family {
    ADDRESS_NONE,
    ADDRESS_V4,
    ADDRESS_V6,
    ADDRESS_UNIX,
    ADDRESS_NAME,
    ADDRESS_INTERNAL
};

struct address {
    uint8_t family; /* enum address_family */
    uint16_t port;  /* host byte order; V4, V6 and NAME */
    uint8_t ip[16]; /* network order; V4 uses the first four */
    char name[108]; /* path, host name or internal name; NUL-terminated */
};

enum { ADDRESS_TEXT_MAX = 128, ADDRESS_PACKED_BYTES = 19 };

/* Reads the text. On false, `error` (room for 160 bytes) says what is wrong and what to write. */
bool address_parse(struct address *a, const char *text, char *error);
/* Writes the form above. Returns out. */
const char *address_print(const struct address *a, char out[ADDRESS_TEXT_MAX]);
bool address_equal(const struct address *a, const struct address *b);
/* 0.0.0.0 and :: become loopback of the same family: a wildcard is no destination (DEL-9). */
void address_wildcard_to_loopback(struct address *a);
/* V4 and V6 only: family, ip, port little-endian. */
void address_pack(const struct address *a, uint8_t out[ADDRESS_PACKED_BYTES]);
void address_unpack(struct address *a, const uint8_t in[ADDRESS_PACKED_BYTES]);

#endif
