/* tools/trace_plan.h -- what of a trace can be replayed: known before it starts.
 *
 * Purpose  one pass over the files: for each actor, from which message on it is known, and up to which one it can
 *          be called again; and why no further. The settings that it ran with become those of this program.
 * Owner    whoever made it.
 * Thread   one.
 */
#ifndef TOOLS_TRACE_PLAN_H
#define TOOLS_TRACE_PLAN_H

#include "actors/settings_text.h"
#include "runtime/actor.h"
#include "tools/trace_input.h"
#include <uthash.h>

enum plan_why {
    PLAN_WHOLE,   /* up to its end, or to that of the trace */
    PLAN_UNBORN,  /* it was there before the trace began */
    PLAN_CAPPED,  /* bytes of a message were left out (--trace-bodies) */
    PLAN_GAP,     /* messages of it are missing: lost while it was recorded, or damaged */
    PLAN_UNKNOWN, /* its type, or a message or effect of it, is not known to this build */
    PLAN_WHYS
};

struct plan_actor {
    struct actor_ref ref;
    char type[TRACE_NAME_MAX];
    uint32_t heard;      /* the last number */
    uint32_t replayable; /* up to this one */
    uint8_t why;         /* enum plan_why: no further */
    bool ended;
    uint16_t worker;
    UT_hash_handle hh;
};

enum plan_settings {
    PLAN_SETTINGS_NONE,  /* then nothing is replayed: every actor reads some, if only log_level */
    PLAN_SETTINGS_WRONG, /* one of them cannot be so */
    PLAN_SETTINGS_TAKEN
};

struct trace_plan {
    struct plan_actor *actors;
    uint64_t records, calls, count[PLAN_WHYS]; /* actors by why */
    uint64_t replayable;                       /* calls */
    uint64_t lost;
    bool is_damaged;   /* records are missing, nobody knows whose */
    char unknown[200]; /* the first thing that is not known */
    bool is_complete;  /* it begins with the program, and nothing of it is missing */
    bool is_mixed;     /* the files are of several runs, said; nothing else of the plan is of use */
    enum plan_settings settings;
    char settings_error[SETTINGS_ERROR_MAX]; /* WRONG */
};

/* Reads all. Returns trace_input_status; what is damaged is said. EXIT_DATA also: it has messages, and no settings
 * that can be taken; the files are of several runs. */
int trace_plan_make(struct trace_plan *p, const char *const *paths, unsigned count);
/* It has messages, but they cannot be replayed: there are no settings, or wrong ones. */
bool plan_wants_settings(const struct trace_plan *p);
void trace_plan_free(struct trace_plan *p);
/* One line for each thing that will not be replayed; on stderr. Nothing, if there is none. */
void trace_plan_say(const struct trace_plan *p);

#endif
