/* messages/http1_detect.h -- is it HTTP/1? Decided from the first bytes of a connection (AG-1).
 *
 *     request line  =  token SP target SP "HTTP/1." ("0" | "1") [CR] LF
 *
 * HTTP as soon as a whole request line is there, OTHER at the first byte that cannot go on one. HTTP/2
 * is OTHER: its preface ends in another version. However the bytes are cut, each is looked at once.
 * A target may be of any length. Pure.
 */
#ifndef MESSAGES_HTTP1_DETECT_H
#define MESSAGES_HTTP1_DETECT_H

#include <stddef.h>
#include <stdint.h>

enum http1_detected { HTTP1_DETECT_MORE, HTTP1_DETECT_HTTP, HTTP1_DETECT_OTHER };

struct http1_detect { /* zeroed at the start */
    uint8_t step;
    uint8_t matched; /* bytes of this step */
};

enum http1_detected http1_detect(struct http1_detect *d, const uint8_t *bytes, size_t length);

#endif
