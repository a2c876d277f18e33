/* tools/recording_store.h -- where the bytes of a trace go: a file, or the parts of one, as long as there is room.
 *
 * Purpose  whole frames are appended; a new part is begun by size and by time, old parts are removed; when
 *          the disk takes no more, what was half written is taken back, and it is tried again later.
 * Owner    whoever opened it.
 * Thread   one at a time: the recorder's. It waits for a disk, and a moment for who reads a pipe.
 * Errors   recording_store_open: an errno. Later ones are kept in `error` until writing works again.
 */
#ifndef TOOLS_RECORDING_STORE_H
#define TOOLS_RECORDING_STORE_H

#include "messages/trace_frame.h"
#include "tools/trace_parts.h"
#include <stdbool.h>

enum { RECORDING_TAIL_BYTES = 16 << 10 };

struct recording_store {
    const char *path;
    uint64_t part_bytes_max; /* 0: any; then there is one file, `path` */
    uint64_t part_ns_max;    /* 0: any */
    uint32_t keep;           /* parts that stay; 0: all */

    int fd;     /* -1: none */
    int direct; /* the same file past the page cache; -1: it cannot be written so */
    uint32_t part;
    uint64_t bytes; /* that are in this part */
    uint64_t
        tail[2]; /* where frames begin: RECORDING_TAIL_BYTES or more before its end, and later */
    uint64_t began_ns; /* this part */
    bool regular;      /* can be cut; a pipe cannot */
    size_t sent;       /* bytes of what comes next that a pipe took already */
    bool reader_left;  /* the pipe's; the next one has seen nothing */
    bool created;      /* it was not there before */
    int error;         /* 0, or the errno that the last try ended with; EAGAIN: a pipe is full */
};

/* Sets the path and rotation first. The first part is made. A file that has something in it already, or into which
 * another program records, is EEXIST, except for what is no regular file; with parts, so is any part, or a file, of
 * this name. */
int recording_store_open(struct recording_store *s, uint64_t now_ns);
/* True: with so many bytes more this part is large enough; or it has lasted long enough. */
bool recording_store_is_full(const struct recording_store *s, size_t more, uint64_t now_ns);
/* Another part is begun. False: `error`; it is tried again when something is appended. */
bool recording_store_next_part(struct recording_store *s, uint64_t now_ns);
/* Whole frames; the faster if they lie in memory as in the file (trace_out_begin_at, s->bytes). Returns how many
 * bytes of whole frames are in the file for good. When these are not all, `error` says why, and the rest is to be
 * appended later, before anything else: what a pipe took of it already (`sent`) is known here. If `reader_left`, it may
 * be another rest. */
size_t recording_store_append(struct recording_store *s, const uint8_t *bytes, size_t length);
/* The last records of a regular file are taken out of it again and appended to `frames`: `least` bytes, which
 * are RECORDING_TAIL_BYTES at most, or a little more. False: there are none, or they cannot be read. */
bool recording_store_cut(struct recording_store *s, size_t least, struct trace_out *frames);
void recording_store_close(struct recording_store *s);
/* As if it had never been opened. */
void recording_store_remove(struct recording_store *s);

/* The name of a part: path, or path.1, path.2 ... when there are parts. */
void recording_store_name(const struct recording_store *s, uint32_t part, char out[TRACE_PATH_MAX]);

#endif
