/* messages/http1_detect.h -- is it HTTP/1? Decided from the first bytes of a connection (AG-1).
 *
 *     request line  =  token SP target SP "HTTP/1." ("0" | "1") CR LF
 *
 * HTTP as soon as a whole request line is there, OTHER at the first byte that cannot go on one. HTTP/2
 * is OTHER: its preface ends in another version. However the bytes are cut, each is looked at once.
 * A target is visible ASCII of any length here. http1_parser judges request lines by this rule too, and
 * then the target as a whole: what was taken for HTTP can only be refused for that. Pure.
 */
#ifndef MESSAGES_HTTP1_DETECT_H
#define MESSAGES_HTTP1_DETECT_H

#include <stddef.h>
#include <stdint.h>

#define HTTP1_METHOD_BYTES_MAX 32

enum http1_detected { HTTP1_DETECT_MORE, HTTP1_DETECT_HTTP, HTTP1_DETECT_OTHER };

enum http1_detect_step {
    HTTP1_DETECT_METHOD,
    HTTP1_DETECT_TARGET,
    HTTP1_DETECT_VERSION,
    HTTP1_DETECT_MINOR,
    HTTP1_DETECT_CR,
    HTTP1_DETECT_LF,
};

struct http1_detect { /* zeroed at the start */
    uint8_t step;     /* with OTHER: where the line went wrong */
    uint8_t matched;  /* bytes of this step */
};

enum http1_detected http1_detect(struct http1_detect *d, const uint8_t *bytes, size_t length);

#endif
