/* tools/recording_loss.h -- what is missing in a trace of records that were encoded and are not in the file.
 *
 * Owner    whoever zeroed it.
 * Thread   one at a time.
 */
#ifndef TOOLS_RECORDING_LOSS_H
#define TOOLS_RECORDING_LOSS_H

#include "messages/trace_encoder.h"
#include "runtime/limits.h"

struct recording_loss {
    uint64_t lost[WORKERS_MAX]; /* records, and those that were missing among them */
    uint64_t records;           /* ... without these */
    uint64_t first;             /* the number of the first; UINT64_MAX: there is none */
};

/* These frames of records, which the encoder made. */
struct recording_loss recording_loss_of(struct trace_encoder *e, const uint8_t *frames,
                                        size_t length);

#endif
