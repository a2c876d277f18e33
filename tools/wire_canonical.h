/* tools/wire_canonical.h -- what the original would say of some bytes.
 *
 * `ok`: the first message takes so many bytes, and is written again as `again` (NULL: it holds a set
 * or map of two and more, whose order means nothing).
 */
#ifndef TOOLS_WIRE_CANONICAL_H
#define TOOLS_WIRE_CANONICAL_H

#include "messages/wire_decoder.h"
#include "messages/wire_transcode.h"

struct wire_judgement {
    enum wire_verdict verdict;
    size_t consumed;
    const struct wire_buffer *again; /* valid until the next call */
    char why[WIRE_ERROR_MAX];        /* when it is bad */
};

struct wire_judgement wire_judge(enum wire_from from, const uint8_t *bytes, size_t length);

#endif
