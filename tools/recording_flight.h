/* tools/recording_flight.h -- the last moments of a trace, in memory, until somebody wants them.
 *
 * Purpose  --trace-last: frames are kept for so long, in no more memory than that; then they are written out.
 * Thread   one at a time: the recorder's. recording_flight_write may be called by a signal handler when that
 *          thread is the one that crashed, or does not answer.
 * Limits   what is let go is a piece, of a sixteenth of the time and of the memory at most: so much more or less
 *          than was asked for may be there.
 */
#ifndef TOOLS_RECORDING_FLIGHT_H
#define TOOLS_RECORDING_FLIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct flight_piece;

struct recording_flight {
    uint64_t last_ns; /* so long */
    size_t bytes_max; /* so much; a piece alone may be more */
    struct flight_piece *oldest, *newest;
    struct flight_piece *spare; /* one that was let go, for the next */
    size_t bytes;               /* of all pieces */
    uint64_t crowded_out_ns;    /* of the last that went to make room; 0: none */
};

/* Whole frames, of records that ended about `now_ns`; the first has this number. */
void recording_flight_append(struct recording_flight *f, const uint8_t *bytes, size_t length,
                             uint64_t first_sequence, uint64_t now_ns);
/* What is older than it should be goes. */
void recording_flight_trim(struct recording_flight *f, uint64_t now_ns);
/* The number of the first record that is kept; UINT64_MAX: there is none. */
uint64_t recording_flight_first(const struct recording_flight *f);
/* Not all that is young enough is kept: there was no room. *kept_ns: how old the oldest is. */
bool recording_flight_is_short(const struct recording_flight *f, uint64_t now_ns,
                               uint64_t *kept_ns);
/* All that is kept. Async-signal-safe. False: errno. */
bool recording_flight_write(const struct recording_flight *f, int fd);
void recording_flight_free(struct recording_flight *f);
/* All of it, as far as it goes. Async-signal-safe. False: errno. */
bool recording_write_all(int fd, const uint8_t *bytes, size_t length);

#endif
