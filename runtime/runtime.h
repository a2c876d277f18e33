/* runtime/runtime.h -- the whole: workers, the blocking worker, start and end.
 *
 * Purpose  a program makes one runtime, spawns its roots, and runs it until an actor ends it.
 * Thread   create, spawn_root and run: the main thread, which becomes worker 0. The rest: said at each.
 */
#ifndef RUNTIME_RUNTIME_H
#define RUNTIME_RUNTIME_H

#include "runtime/actor.h"
#include "runtime/hooks.h"
#include "runtime/io.h"
#include "runtime/limits.h"
#include <pthread.h>
#include <stdatomic.h>

struct runtime_options {
    unsigned workers; /* that run actors; one more is made for what blocks */
    /* ... and one more for names: a look-up takes as long as the network pleases, and then holds up
     * neither files, nor the log, nor the end */
    bool names_apart;
    const struct io_ops *io;
    const struct hooks *hooks; /* may be NULL */
    uint64_t file_total_max;   /* bytes in all files that are open; 0: no limit */
    void (*before_exit)(void); /* when runtime_run ends the process itself; may be NULL */
};

struct runtime {
    struct worker *workers[WORKERS_MAX]; /* those that run actors, the blocking one, names */
    unsigned count;
    unsigned blocking_index; /* the blocking worker's; below it stand those that run actors */
    pthread_t threads[WORKERS_MAX];
    struct actor_ref blocking, log, watchdog; /* actors of the blocking worker */
    struct actor_ref names;                   /* does look-ups; `blocking`, if they are not apart */
    struct actor_ref signal_actor;            /* hears SIGNAL */
    struct socket *internal;                  /* listeners by name; worker 0's */
    atomic_int status;
    atomic_bool ending;
    void (*before_exit)(void);
    atomic_bool looking_up; /* a look-up is under way, see runtime_run */
    atomic_uint log_under_way, log_dropped;
    uint64_t file_total_max, file_total; /* bytes; the blocking worker's */
    atomic_bool watched;                 /* the watchdog is awake */
};

void runtime_create(struct runtime *r, const struct runtime_options *options);
/* An actor on worker 0, before or outside of the run. */
struct actor_ref runtime_spawn_root(struct runtime *r, const struct actor_type *type,
                                    struct message *first);
/* Who hears of SIGTERM and SIGINT. */
void runtime_signals_to(struct runtime *r, struct actor_ref who);
/* Until actor_end_program. Returns the status; but when a look-up of a name is under way still, whose
 * end nobody knows, the log is written out and the process ends here. A signal that comes after the
 * last round ends it at once with STATUS_SIGNALLED_AGAIN. */
enum { STATUS_SIGNALLED_AGAIN = 130 };
int runtime_run(struct runtime *r);
/* Reaps who still lives and frees everything. Returns the number of objects that leaked: 0. */
uint64_t runtime_destroy(struct runtime *r);

/* ---- for the runtime's own files ---- */

struct worker *runtime_worker(const struct runtime *r, unsigned index);
/* From an actor: ends the run. Any worker. */
void runtime_end(struct runtime *r, int status);
/* A log record to the writer; text as log_render wants it. Any worker. */
void runtime_log(struct worker *w, enum log_level level, const char *text, size_t length);
/* The runtime itself has something to say. */
void runtime_say(struct worker *w, enum log_level level, const char *sentence, const char *detail);
/* Listeners of this process by name. Worker 0 only. */
void runtime_internal_add(struct runtime *r, struct socket *listener, const struct address *at);
void runtime_internal_remove(struct runtime *r, struct socket *listener);
struct socket *runtime_internal_find(struct runtime *r, const struct address *at);

extern const struct actor_type blocking_type, log_writer_type, watchdog_type;
/* A worker is about to handle something: the watchdog should be awake. */
void watchdog_rouse(struct worker *w);

#endif
