/* actors/spool.h -- an unlinked temporary file that a queue of bytes goes through when memory is full.
 *
 * Owner   an upload. At most one file of the owning actor, with a new number each time: answers about
 *         one that was closed are told from those about the next.
 * Limits  --spool-max a file, --spool-total-max all files (the blocking worker knows: ENOSPC), and
 *         SPOOL_BEHIND_MAX bytes that the disk has not taken.
 */
#ifndef ACTORS_SPOOL_H
#define ACTORS_SPOOL_H

#include "runtime/actor.h"

struct spool {
    uint32_t file;        /* number of the file that is open, or was last */
    bool open;            /* bytes go through the file until it is empty again */
    bool reading;         /* a read is under way */
    bool last;            /* the end of the queue is behind what the file holds */
    struct span trailers; /* ... and these before it */
    uint64_t written;     /* bytes given to the file */
    uint64_t confirmed;   /* that are in it */
    uint64_t read;        /* that came back */
    uint32_t error;       /* with SPOOL_DISK: an errno */
};

enum spool_result {
    SPOOL_OK,
    SPOOL_LIMIT,  /* --spool-max */
    SPOOL_BEHIND, /* SPOOL_BEHIND_MAX */
    SPOOL_DISK,   /* ENOSPC: the disk is full, or --spool-total-max is reached */
};

/* Takes bytes. */
enum spool_result spool_write(struct actor *self, struct spool *s, struct span bytes);
/* Asks for the next bytes, unless it has asked or there are none that are confirmed. */
void spool_read(struct actor *self, struct spool *s);
/* Is this FILE_* message about the file that is open? */
bool spool_is_mine(const struct spool *s, struct message *m);
/* FILE_OPENED, FILE_WRITTEN and FILE_READ of it: did it work? The bytes read are the caller's. */
enum spool_result spool_on_done(struct spool *s, struct message *m);
/* All bytes came back. */
bool spool_is_empty(const struct spool *s);
void spool_close(struct actor *self, struct spool *s);

#endif
