/* messages/redact_key.h -- a secret's replacement, made with a key.
 *
 * Purpose  digits for digits, letters for letters of the same case, of UTF-8 other characters of the same length;
 *          all else stays. What is hexadecimal stays so. The same key and text give the same, and without the key
 *          nothing is learned of the text but its shape (BLAKE2b, of libsodium).
 * Thread   functions of bytes.
 */
#ifndef MESSAGES_REDACT_KEY_H
#define MESSAGES_REDACT_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { REDACT_KEY_BYTES = 32 };
struct redact_key {
    uint8_t bytes[REDACT_KEY_BYTES];
};

/* Of any bytes. */
void redact_key_set(struct redact_key *k, const void *bytes, size_t length);
/* Bytes that are replaced. */
size_t redact_changeable(const uint8_t *bytes, size_t length);
/* The attempt-th replacement, from 0. */
void redact_key_replace(const struct redact_key *k, const uint8_t *bytes, size_t length,
                        uint32_t attempt, uint8_t *out);
uint64_t redact_key_hash(const struct redact_key *k, uint64_t hash, uint32_t length);

#endif
