/* tools/recording_writer.h -- entries of a recorder become the bytes of a trace, and these go where they belong.
 *
 * Purpose  all that the recorder's thread does, without the thread: it takes what is in the rings, encodes it,
 *          and appends it to the file, or keeps it in memory. While the file takes nothing, a little is held and the
 *          rest is counted; the trace says so as soon as it can.
 * Owner    whoever called writer_open.
 * Thread   one at a time.
 * Errors   writer_open: an errno. Later: said on stderr once each time that it begins.
 */
#ifndef TOOLS_RECORDING_WRITER_H
#define TOOLS_RECORDING_WRITER_H

#include "messages/trace_encoder.h"
#include "messages/trace_format.h"
#include "runtime/limits.h"
#include "tools/recording_flight.h"
#include "tools/recording_store.h"

struct writer {
    const char *program; /* for stderr */
    struct recorder *recorder;
    struct trace_encoder *encoder;
    unsigned workers;
    struct recording_store store;   /* path: the file, or those that are written out */
    struct recording_flight flight; /* last_ns 0: everything goes to the store */
    struct trace_out out;           /* encoded, not yet there */
    uint64_t out_first;             /* the number of its first record */
    uint64_t put_ns;                /* when some of it went there last */
    uint64_t lost[WORKERS_MAX];     /* while the file took nothing */
    uint64_t missing;               /* in the trace, for that or for want of room in the rings */
    bool overrun;                   /* the latter, which was said */
    bool stuck, said_stuck, was_stuck;
    uint64_t retry_ns;
    uint32_t dumps, error_dumps;
    uint64_t error_ns; /* of the last dump for an error; 0: there was none */
    bool error_waits;  /* there was one, and it is not written out */
};

/* The fields up to workers, what store says of a path and its parts, and flight's limits are set; the rest is
 * zero. */
int writer_open(struct writer *w, uint64_t now_ns);
/* All that ended before. Returns how many entries there were. */
uint64_t writer_drain(struct writer *w, uint64_t before_ns, uint64_t now_ns);
/* The workers have ended, or one of them has crashed: nothing more will come. */
void writer_end(struct writer *w, const char *why, uint64_t now_ns);
/* --trace-last: what is kept goes into the next file. False: it could not, not all. */
bool writer_dump(struct writer *w, const char *why, uint64_t now_ns);
/* The same if an error is to be written out, now: not again before half of what is kept is new, and not for ever. An
 * error that has to wait is then still among what is kept. */
void writer_dump_errors(struct writer *w, bool error, uint64_t now_ns);
/* ... when there is no later. */
void writer_dump_last_error(struct writer *w, bool error, uint64_t now_ns);
/* The name of the file that the next dump makes. */
void writer_dump_name(const struct writer *w, char out[TRACE_PATH_MAX]);
void writer_close(struct writer *w);

#endif
