/* actors/spool.h -- an unlinked temporary file that a queue of bytes goes through when memory is full.
 *
 * Owner   an upload. File number SPOOL_FILE of the owning actor; at most one.
 * Limits  --spool-max a file, --spool-total-max all files (the blocking worker knows: ENOSPC), and
 *         SPOOL_BEHIND_MAX bytes that the disk has not taken.
 */
#ifndef ACTORS_SPOOL_H
#define ACTORS_SPOOL_H

#include "runtime/actor.h"

enum { SPOOL_FILE = 0 };

struct spool {
    bool open;            /* bytes go through the file until it is empty again */
    bool reading;         /* a read is under way */
    bool last;            /* the end of the queue is behind what the file holds */
    struct span trailers; /* ... and these before it */
    uint64_t written;     /* bytes given to the file */
    uint64_t confirmed;   /* that are in it */
    uint64_t read;        /* that came back */
};

enum spool_result { SPOOL_OK, SPOOL_LIMIT, SPOOL_DISK };

/* Takes bytes. */
enum spool_result spool_write(struct actor *self, struct spool *s, struct span bytes);
/* Asks for the next bytes, unless it has asked or there are none that are confirmed. */
void spool_read(struct actor *self, struct spool *s);
/* FILE_OPENED and FILE_WRITTEN: did it work? */
enum spool_result spool_on_done(struct spool *s, struct message *m);
/* All bytes came back. */
bool spool_is_empty(const struct spool *s);
void spool_close(struct actor *self, struct spool *s);

#endif
