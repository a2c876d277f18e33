/* tools/trace_flight.h -- the last moments of a trace, in memory, until somebody wants them.
 *
 * Purpose  --trace-last: frames are kept for so long, in no more memory than that; then they are written out.
 * Thread   one at a time: the recorder's. trace_flight_write may be called by a signal handler when that
 *          thread is the one that crashed.
 */
#ifndef TOOLS_TRACE_FLIGHT_H
#define TOOLS_TRACE_FLIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct flight_piece;

struct trace_flight {
    uint64_t last_ns; /* so long */
    size_t bytes_max; /* so much */
    struct flight_piece *oldest, *newest;
    size_t bytes; /* of all pieces */
};

/* Whole frames, of records that ended about `now_ns`. */
void trace_flight_append(struct trace_flight *f, const uint8_t *bytes, size_t length,
                         uint64_t now_ns);
/* All that is kept. Async-signal-safe. False: errno. */
bool trace_flight_write(const struct trace_flight *f, int fd);
void trace_flight_free(struct trace_flight *f);

#endif
