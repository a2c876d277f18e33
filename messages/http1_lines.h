/* messages/http1_lines.h -- collects the lines of a head or of trailers, and judges their shape.
 *
 * A head that lies whole in one piece of input is not copied. Of one that is cut, the bytes are
 * held until its empty line has come, and no longer. Each byte is looked at once, and what is found
 * wrong, and when, does not depend on the cuts.
 *
 * Judged here: CR LF at every end of line, no other control bytes, no folding, the limits, and the
 * first bytes of the first line (so that a peer that does not speak HTTP is found out at once).
 * In response heads LF alone may end a line, since applications do it and the original takes it (RFC
 * 9112 section 2.2 allows it); such a head is held, its lines with CR LF. Requests and trailers stay
 * strict: there a line's end that others do not see is a way to smuggle.
 * One owner; memory: held is as large as the part of the head that has come.
 */
#ifndef MESSAGES_HTTP1_LINES_H
#define MESSAGES_HTTP1_LINES_H

#include "messages/http_text.h"

enum http1_fault {
    HTTP1_FAULT_NONE,
#define F(id, part, words) HTTP1_FAULT_##id,
#include "messages/http1_faults.def"
#undef F
    HTTP1_FAULTS
};

enum http1_section { HTTP1_RESPONSE_HEAD, HTTP1_REQUEST_HEAD, HTTP1_TRAILER_LINES };

enum http1_lines_verdict { HTTP1_LINES_MORE, HTTP1_LINES_DONE, HTTP1_LINES_BAD };

struct http1_lines {
    uint8_t *held;
    uint32_t length; /* of held */
    uint32_t room;
    uint32_t line;   /* where the line begins that is not complete yet */
    uint16_t lines;  /* complete ones, the first line included */
    uint8_t section; /* enum http1_section */
    uint8_t skipped; /* empty lines in front of a request (RFC 9112 section 2.2) */
};

/* A zeroed struct holds nothing. */
void http1_lines_begin(struct http1_lines *l, enum http1_section section);
void http1_lines_destroy(struct http1_lines *l);

/* Behind DONE: moves *text to held, where it may be changed, if it is not there. False: no memory. */
bool http1_lines_own(struct http1_lines *l, struct http_text *text);

/* Eats from bytes. DONE: *text is the section with its empty line, in bytes or in held, valid until
 * begin or destroy; *used says where it ended. MORE: all was eaten. BAD: *fault says why. */
enum http1_lines_verdict http1_lines_feed(struct http1_lines *l, const uint8_t *bytes,
                                          size_t length, size_t *used, struct http_text *text,
                                          enum http1_fault *fault);

#endif
