/* messages/http1_detect.c -- see http1_detect.h */
#include "messages/http1_detect.h"
#include "messages/http_text.h"

enum step { STEP_METHOD, STEP_TARGET, STEP_VERSION, STEP_MINOR, STEP_CR, STEP_LF };

static const char version[] = "HTTP/1.";

/* Bytes of a word up to its space. False: this byte cannot stand there. */
static bool word(struct http1_detect *d, bool fits, uint8_t byte)
{
    if (byte == ' ' && d->matched) {
        d->step++;
        d->matched = 0;
        return true;
    }
    d->matched = 1;
    return fits;
}

static bool version_byte(struct http1_detect *d, uint8_t byte)
{
    if (byte != (uint8_t)version[d->matched])
        return false;
    if (++d->matched == sizeof version - 1)
        d->step++;
    return true;
}

static bool line_end(struct http1_detect *d, uint8_t byte)
{
    if (byte == '\r' && d->step == STEP_CR) {
        d->step = STEP_LF;
        return true;
    }
    return byte == '\n';
}

static bool step(struct http1_detect *d, uint8_t byte)
{
    switch (d->step) {
    case STEP_METHOD: return word(d, http_token_lower[byte] != 0, byte);
    case STEP_TARGET: return word(d, byte > ' ' && byte != 0x7f, byte);
    case STEP_VERSION: return version_byte(d, byte);
    case STEP_MINOR: d->step = STEP_CR; return byte == '0' || byte == '1';
    default: return line_end(d, byte);
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
