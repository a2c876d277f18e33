/* actors/upload.h -- bytes on their way from the agent to the application, for one exchange.
 *
 * Purpose  keeps what the application does not take yet: up to a window in memory, then in an unlinked
 *          file, so that the link is never paused for one slow application (LIM-1, LIM-2). Keeps
 *          what was sent as long as it is small, so that it can be sent again.
 * Owner    an interceptor, which also hands it its FILE_* messages. Effects are its owner's.
 * Grace    an application that is about to catch up is given GRACE_US, in which the link rests: a window
 *          emptied in that time is 25 MB/s, and no disk is needed for it. A slower one is spooled, and
 *          nobody waits for it. A disk that is behind is given DISK_GRACE_US before its limit counts.
 * Order    parts leave in the order in which they came, whether through the file or not.
 *
 *      add ──▶ [held: sent, kept] [waiting: in memory] ──▶ local_connection
 *                                        ▲  full
 *                                        └── spool file ◀── add
 */
#ifndef ACTORS_UPLOAD_H
#define ACTORS_UPLOAD_H

#include "actors/spool.h"
#include "messages/vocabulary.h"
#include "runtime/actor.h"

struct part {
    struct part *next;
    struct span bytes;
    bool last, trailers;
};

struct upload {
    struct actor_ref local; /* NOBODY: nobody takes it yet */
    struct part *first, *last;
    struct part *unsent; /* the first part in the list that was not sent; NULL: all were */
    int64_t credit; /* bytes that may be sent now; a part goes out whole: it may fall below 0 */
    uint64_t waiting_bytes; /* in the list, not sent */
    uint64_t held_bytes;    /* that came in all */
    uint32_t memory_max;
    bool holding;           /* all that ever came is still in the list */
    bool grace, disk_grace; /* the link was asked to rest */
    uint64_t no_grace_until_us;
    struct actor_ref link;
    bool http;      /* a request's body: its parts are marked so */
    bool ended;     /* last was added */
    bool connected; /* `local` has given credit: there is a connection to the application */
    struct spool spool;
};

enum { UPLOAD_TIMER = 8 }; /* of the owner */
enum upload_result {
    UPLOAD_OK,
    UPLOAD_TOO_LARGE, /* --spool-max */
    UPLOAD_BEHIND,    /* the disk does not keep up */
    UPLOAD_DISK,      /* spool.error */
};

/* Keeps what is sent, while it is small. `http`: it is a request's body. */
void upload_create(struct upload *u, struct actor_ref link, uint32_t memory_max, bool http);
void upload_destroy(struct actor *self, struct upload *u);
/* Drops all, and begins with the bytes of the connection that the request became; nothing of them is
 * kept when it was sent. */
void upload_upgrade(struct actor *self, struct upload *u);

/* Takes bytes. Not after the end. */
enum upload_result upload_add(struct actor *self, struct upload *u, struct span bytes, bool last,
                              bool trailers);
/* From now on parts go to `local`, from the first one that is held; `credit` bytes at once. */
void upload_attach(struct actor *self, struct upload *u, struct actor_ref local, int64_t credit);
/* Nobody takes them any more; what is held is unsent again. */
void upload_detach(struct upload *u);
enum upload_result upload_credit(struct actor *self, struct upload *u, uint64_t bytes);
/* UPLOAD_TIMER has run out: the application did not catch up. */
void upload_on_timer(struct actor *self, struct upload *u);
/* What was sent is not needed any more. */
void upload_release_held(struct upload *u);
/* FILE_OPENED, FILE_WRITTEN, FILE_READ. */
enum upload_result upload_on_file(struct actor *self, struct upload *u, struct message *m);
/* All that ever came is here, and may be sent again: any amount as long as nothing has `reached` the
 * application, else what is small. */
bool upload_is_held(const struct upload *u, bool reached);
/* Everything that came has been sent. */
bool upload_is_empty(const struct upload *u);
/* ... and there is a connection that it was sent to. */
bool upload_has_left(const struct upload *u);

#endif
