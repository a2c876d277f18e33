/* messages/trace_scanner.h -- where in the bytes of a trace file its frames are, whatever became of the bytes.
 *
 * Purpose  gives frame after frame. At a damaged place it says so once and goes on at the next frame that is
 *          whole: behind the damaged one, if its length is to be believed, else it looks at every byte.
 * Owner    trace_reader; scanner_free.
 * Thread   one at a time.
 * Limits   work in proportion to the bytes, whatever they are: heads that promise much and hold nothing are
 *          believed so often only.
 */
#ifndef MESSAGES_TRACE_SCANNER_H
#define MESSAGES_TRACE_SCANNER_H

#include "messages/trace_format.h"

struct trace_scanner {
    uint8_t *bytes;
    size_t length, room, at; /* what was fed, and how far it is used up */
    uint64_t offset;         /* of bytes[at] in the file */
    uint64_t damage;         /* of the damaged place that was said last */
    uint8_t
        head[FRAME_HEAD_BYTES]; /* of the frame there, if only its image is damaged; else zeros */
    bool lost;                  /* bytes[at] need not be the beginning of a frame */
    bool ended;                 /* nothing more will be fed */
    bool done;                  /* ... and what is left is the beginning of a frame */
    uint64_t credit;            /* bytes that may still be summed */
};

enum scanned {
    SCANNED_FRAME,  /* at bytes[at]; scanner_skip when it was used */
    SCANNED_DAMAGE, /* at `damage`; go on */
    SCANNED_MORE,   /* feed more; or when it has ended: what is left from bytes[at] on is torn */
};

void scanner_begin(struct trace_scanner *s);
void scanner_free(struct trace_scanner *s);
void scanner_feed(struct trace_scanner *s, const void *bytes, size_t length);
enum scanned scanner_next(struct trace_scanner *s, struct trace_head *head);
/* Bytes that are left. */
static inline size_t scanner_left(const struct trace_scanner *s)
{
    return s->length - s->at;
}
void scanner_skip(struct trace_scanner *s, size_t bytes);

#endif
