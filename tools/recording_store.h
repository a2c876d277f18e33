/* tools/recording_store.h -- where the bytes of a trace go: a file, or the parts of one, as long as there is room.
 *
 * Purpose  whole frames are appended; a new part is begun by size and by time, old parts are removed; when
 *          the disk takes no more, what was half written is taken back, and it is tried again later.
 * Owner    whoever opened it.
 * Thread   one at a time: the recorder's.
 * Errors   recording_store_open: an errno. Later ones are kept in `error` until writing works again.
 */
#ifndef TOOLS_RECORDING_STORE_H
#define TOOLS_RECORDING_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct recording_store {
    const char *path;
    uint64_t part_bytes_max; /* 0: any; then there is one file, `path` */
    uint64_t part_ns_max;    /* 0: any */
    uint32_t keep;           /* parts that stay; 0: all */

    int fd; /* -1: none */
    uint32_t part;
    uint64_t bytes;    /* of this part that are whole frames */
    uint64_t began_ns; /* this part */
    bool regular;      /* can be cut; a pipe cannot */
    int error;         /* 0, or the errno that the last try ended with */
};

/* Sets the path and rotation first. The first part is made; a file that has something in it already is
 * EEXIST, except for what is no regular file. */
int recording_store_open(struct recording_store *s, uint64_t now_ns);
/* True: another part is due, before what is appended next. */
bool recording_store_is_full(const struct recording_store *s, uint64_t now_ns);
/* ... and is begun. False: `error`. */
bool recording_store_next_part(struct recording_store *s, uint64_t now_ns);
/* Whole frames. False: `error`, and nothing of them is in the file. */
bool recording_store_append(struct recording_store *s, const uint8_t *bytes, size_t length);
void recording_store_close(struct recording_store *s);

/* The name of a part: path, or path.1, path.2 ... when there are parts. */
enum { TRACE_PATH_MAX = 4096 };
void recording_store_name(const struct recording_store *s, uint32_t part, char out[TRACE_PATH_MAX]);

#endif
