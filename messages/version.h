/* messages/version.h -- protocol versions, and the gates that they meet.
 *
 * Purpose  the one place where protocol versions are parsed, compared and asked what they allow.
 * Thread   pure functions: any thread.
 * Errors   a text that is no semantic version gives false; nothing else can fail.
 * Source   wire-format.md 2.1 (texts), 5.1 (the smaller version wins), 5.2 and 5.3 (gates).
 *
 * A version is one number, so that a gate costs one comparison:
 *
 *      63        62..42   41..21   20..0
 *      release   major    minor    patch       each part saturates at 2^21 - 1
 *
 * The top bit is set for a release and clear for a pre-release. A gate's number has it set, so a
 * pre-release, of however high a version, is smaller than every gate and meets none (5.3). Build
 * metadata is not kept. What identifiers a pre-release had is not kept either: to find the smaller
 * of two versions, compare the texts.
 */
#ifndef MESSAGES_VERSION_H
#define MESSAGES_VERSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct version {
    uint64_t ordinal;
};

#define VERSION_PART_BITS 21
#define VERSION_PART_MAX  ((UINT64_C(1) << VERSION_PART_BITS) - 1)
#define VERSION_RELEASE   (UINT64_C(1) << 63)

/* The ordinal of a release, as a constant; no part above VERSION_PART_MAX. */
#define VERSION_ORDINAL(major, minor, patch)                                                       \
    (VERSION_RELEASE | (UINT64_C(major) << 2 * VERSION_PART_BITS) |                                \
     (UINT64_C(minor) << VERSION_PART_BITS) | UINT64_C(patch))

/* Room for version_format: "2097151.2097151.2097151-pre" and a NUL. */
enum { VERSION_TEXT_MAX = 28 };

enum gate {
#define GATE(name, major, minor, patch, words) GATE_##name,
#include "messages/gates.def"
#undef GATE
    GATE_COUNT
};

/* What we announce: the newest version, all of whose messages the decoder walks. */
struct version version_newest(void);

/* What a peer is that never negotiated: the last version without negotiation (HS-11). */
struct version version_unnegotiated(void);

struct version version_of(uint64_t major, uint64_t minor, uint64_t patch);

/* Strict: MAJOR.MINOR.PATCH[-PRE][+BUILD], no blanks, no "v", no leading zeros. Parts above
 * VERSION_PART_MAX saturate, parts above 2^64 - 1 are malformed. On false `*out` is unchanged. */
bool version_parse(const void *text, size_t length, struct version *out);

/* "1.29.0"; a pre-release ends in "-pre", whatever its identifiers were. Returns the length. */
size_t version_format(struct version v, char out[VERSION_TEXT_MAX]);

/* Order of two well-formed texts, < 0, 0 or > 0, as the original orders them: semantic versioning's
 * precedence, and build metadata last (1.29.0-rc.1 < 1.29.0 < 1.29.0+z). */
int version_compare_texts(const char *a, size_t a_length, const char *b, size_t b_length);

/* a is newer than b; any release is newer than any pre-release. */
bool version_is_after(struct version a, struct version b);
bool version_is_prerelease(struct version v);
bool version_allows(struct version v, enum gate gate);

/* For messages to the user: "1.8.1 (HTTP responses sent in parts)" is minimum (words). */
const char *gate_name(enum gate gate);
const char *gate_words(enum gate gate);
struct version gate_minimum(enum gate gate);

#endif
