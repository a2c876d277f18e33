/* messages/redact_key.c -- see redact_key.h */
#include "messages/redact_key.h"
#include "messages/hex.h"
#include "messages/redact_coding.h"
#include "runtime/hash.h"
#include <sodium.h>

/* What is made with the key begins with its purpose. */
enum { OF_KEY = 'k', OF_TEXT = 't', OF_HASH = 'h' };

void redact_key_set(struct redact_key *k, const void *bytes, size_t length)
{
    crypto_generichash_state s;
    const uint8_t purpose = OF_KEY;
    crypto_generichash_init(&s, NULL, 0, sizeof k->bytes);
    crypto_generichash_update(&s, &purpose, 1);
    crypto_generichash_update(&s, bytes, length);
    crypto_generichash_final(&s, k->bytes, sizeof k->bytes);
}

uint64_t redact_key_hash(const struct redact_key *k, uint64_t hash, uint32_t length)
{
    uint8_t in[13] = {OF_HASH}, out[crypto_generichash_BYTES];
    memcpy(in + 1, &hash, 8);
    memcpy(in + 9, &length, 4);
    crypto_generichash(out, sizeof out, in, sizeof in, k->bytes, sizeof k->bytes);
    memcpy(&hash, out, 8);
    return hash_hidden(hash);
}

/* ---- what becomes of each byte ---- */

enum class {
    STAYS,
    DIGIT,
    UPPER,
    LOWER,
    HIGH,
    TAIL, /* the last byte of a character of UTF-8 */
};

static enum class class_of(uint8_t c) {
    return c >= '0' && c <= '9'   ? DIGIT
           : c >= 'A' && c <= 'Z' ? UPPER
           : c >= 'a' && c <= 'z' ? LOWER
           : c >= 0x80            ? HIGH
                                  : STAYS;
}

size_t redact_changeable(const uint8_t *bytes, size_t length)
{
    size_t n = 0;
    for (size_t i = 0; i < length; i++)
        n += class_of(bytes[i]) != STAYS;
    return n;
}

static bool is_utf8(const uint8_t *bytes, size_t length)
{
    uint32_t code;
    for (size_t at = 0, n; at < length; at += n)
        if (!(n = redact_utf8(bytes + at, length - at, &code)))
            return false;
    return true;
}

/* Letters and digits both, enough of them, and none that is no hexadecimal digit. */
static bool is_hexadecimal(const uint8_t *bytes, size_t length)
{
    size_t digits = 0, letters = 0;
    for (size_t i = 0; i < length; i++) {
        enum class class = class_of(bytes[i]);
        if (class == HIGH || (class != STAYS && hex_digit((char)bytes[i]) < 0))
            return false;
        digits += class == DIGIT;
        letters += class == UPPER || class == LOWER;
    }
    return digits && letters && digits + letters >= 8;
}

/* ---- random bytes of a text ---- */

struct stream {
    uint8_t seed[crypto_generichash_BYTES];
    uint8_t block[crypto_generichash_BYTES_MAX];
    uint32_t attempt, blocks;
    size_t used;
};

/* Texts that differ only in what stays are the same here: "a b" and the "a+b" of a form get the same letters, and so
 * do "a.b" and the "a\.b" of a regular expression. */
static void stream_begin(struct stream *s, const struct redact_key *k, const uint8_t *bytes,
                         size_t length, uint32_t attempt)
{
    crypto_generichash_state state;
    uint8_t byte = OF_TEXT;
    *s = (struct stream){.attempt = attempt, .used = sizeof s->block};
    crypto_generichash_init(&state, k->bytes, sizeof k->bytes, sizeof s->seed);
    crypto_generichash_update(&state, &byte, 1);
    for (size_t i = 0; i < length; i++) {
        bool stays = class_of(bytes[i]) == STAYS;
        bool again = stays && i && class_of(bytes[i - 1]) == STAYS;
        byte = stays ? 0 : bytes[i];
        if (!again)
            crypto_generichash_update(&state, &byte, 1);
    }
    crypto_generichash_final(&state, s->seed, sizeof s->seed);
}

static uint32_t stream_next(struct stream *s)
{
    uint16_t out;
    if (s->used + sizeof out > sizeof s->block) {
        uint32_t which[2] = {s->attempt, s->blocks++};
        crypto_generichash(s->block, sizeof s->block, (const uint8_t *)which, sizeof which, s->seed,
                           sizeof s->seed);
        s->used = 0;
    }
    memcpy(&out, s->block + s->used, sizeof out);
    s->used += sizeof out;
    return out;
}

static uint8_t one_of(uint32_t random, uint8_t first, uint32_t count)
{
    return (uint8_t)(first + (random * count >> 16));
}

static uint8_t replaced(enum class class, uint8_t byte, uint32_t random, bool first_digit,
                        uint32_t letters)
{
    switch (class) {
    case DIGIT: /* a number of JSON does not begin with 0 */
        return first_digit ? one_of(random, '1', 9) : one_of(random, '0', 10);
    case UPPER: return one_of(random, 'A', letters);
    case LOWER: return one_of(random, 'a', letters);
    case TAIL: return one_of(random, 0x80, 64);
    case HIGH: return one_of(random, 0x80, 128);
    default: return byte;
    }
}

static enum class class_in_utf8(const uint8_t *bytes, size_t length, size_t i) {
    if (bytes[i] < 0x80) return class_of(bytes[i]);
    bool last = i + 1 == length || (bytes[i + 1] & 0xc0) != 0x80;
    return last ? TAIL : STAYS;
}

void redact_key_replace(const struct redact_key *k, const uint8_t *bytes, size_t length,
                        uint32_t attempt, uint8_t *out)
{
    struct stream s;
    bool utf8 = is_utf8(bytes, length), first_digit = true;
    uint32_t letters = is_hexadecimal(bytes, length) ? 6 : 26;
    stream_begin(&s, k, bytes, length, attempt);
    for (size_t i = 0; i < length; i++) {
        enum class class = utf8 ? class_in_utf8(bytes, length, i) : class_of(bytes[i]);
        uint32_t random = class == STAYS ? 0 : stream_next(&s);
        out[i] = replaced(class, bytes[i], random, first_digit, letters);
        first_digit = first_digit && class != DIGIT;
    }
}
