/* messages/http1_detect.c -- see http1_detect.h */
#include "messages/http1_detect.h"
#include "messages/http_text.h"

static const char version[] = "HTTP/1.";

/* Bytes of a word, `most` of them (0: any number), up to its space. False: this byte cannot stand
 * there. */
static bool word(struct http1_detect *d, bool fits, unsigned most, uint8_t byte)
{
    if (byte == ' ' && d->matched) {
        d->step++;
        d->matched = 0;
        return true;
    }
    if (!fits || (most && d->matched == most))
        return false;
    if (most || !d->matched)
        d->matched++;
    return true;
}

static bool version_byte(struct http1_detect *d, uint8_t byte)
{
    if (byte != (uint8_t)version[d->matched])
        return false;
    if (++d->matched == sizeof version - 1)
        d->step++;
    return true;
}

static bool next(struct http1_detect *d, bool fits)
{
    if (fits)
        d->step++;
    return fits;
}

static bool step(struct http1_detect *d, uint8_t byte)
{
    switch ((enum http1_detect_step)d->step) {
    case HTTP1_DETECT_METHOD:
        return word(d, http_is_token_byte(byte), HTTP1_METHOD_BYTES_MAX, byte);
    case HTTP1_DETECT_TARGET: return word(d, http_is_target_byte(byte), 0, byte);
    case HTTP1_DETECT_VERSION: return version_byte(d, byte);
    case HTTP1_DETECT_MINOR: return next(d, byte == '0' || byte == '1');
    case HTTP1_DETECT_CR: return next(d, byte == '\r');
    default: return byte == '\n';
    }
}

enum http1_detected http1_detect(struct http1_detect *d, const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (!step(d, bytes[i]))
            return HTTP1_DETECT_OTHER;
        if (bytes[i] == '\n')
            return HTTP1_DETECT_HTTP;
    }
    return HTTP1_DETECT_MORE;
}
