/* messages/redact_coding.h -- how a value may be written: as it is, or within something that escapes.
 *
 * Purpose  one value is found in all its forms, and its replacement takes the same form, as long as it was: letters
 *          become letters and digits digits, so what had to be escaped still has to be.
 * Thread   functions of bytes.
 */
#ifndef MESSAGES_REDACT_CODING_H
#define MESSAGES_REDACT_CODING_H

#include "messages/redact_bytes.h"
#include <stdbool.h>

enum redact_coding {
    REDACT_PLAIN,   /* as it is */
    REDACT_PERCENT, /* %XX */
    REDACT_FORM,    /* the same, and + for a blank */
    REDACT_STRING,  /* of JSON, without its quotes */
    REDACT_BASE64,  /* of either alphabet, padded or not */
    REDACT_PAIR,    /* user:password */
};

/* What is meant; out was empty. False: it is not of this coding, or nothing in it was coded. */
bool redact_decode(enum redact_coding coding, const uint8_t *bytes, size_t length,
                   struct redact_bytes *out);
/* `meaning` in place of what `bytes` mean, each part in the form that it has there. meaning is as long as what
 * redact_decode gives, out as long as bytes. */
void redact_recode(enum redact_coding coding, const uint8_t *bytes, size_t length,
                   const uint8_t *meaning, uint8_t *out);

/* The ways in which others would write it. */
enum redact_writing {
    REDACT_WRITE_PERCENT,
    REDACT_WRITE_PERCENT_LOWER,
    REDACT_WRITE_FORM,
    REDACT_WRITE_STRING,
    REDACT_WRITE_STRING_SLASH, /* \/ */
    REDACT_WRITE_STRING_ASCII, /* \uXXXX */
    REDACT_WRITE_BASE64,
    REDACT_WRITE_BASE64_URL,
    REDACT_WRITINGS
};
/* out was empty. */
void redact_write(enum redact_writing writing, const uint8_t *bytes, size_t length,
                  struct redact_bytes *out);
enum redact_coding redact_writing_coding(enum redact_writing writing);

/* The bytes of one character of UTF-8 at `bytes`; 0: there is none. */
size_t redact_utf8(const uint8_t *bytes, size_t length, uint32_t *code);

#endif
