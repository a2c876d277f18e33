/* tools/trace_replay_guard.h -- code that is given what stands in a file may fail; then that is what came of it.
 *
 * Purpose  heard_bounds.h keeps from actors what they are known to take for granted, but no list is ever whole, and the
 *          recorded program may itself have ended so. A failed assertion or a wild pointer is a difference then, told
 *          as one, and not the end of this program without a word. A debugger sees the signal before that.
 * Owner    the process: there is one guard.
 * Thread   one.
 */
#ifndef TOOLS_TRACE_REPLAY_GUARD_H
#define TOOLS_TRACE_REPLAY_GUARD_H

#include <stdint.h>

/* From here on a failure ends the program with status 1, and says so on stdout behind what was said before. */
void replay_guard_begin(void);
/* What comes next, e.g. "record", 7, "agent_port"; whom may be NULL. Texts are kept as pointers. Flushes nothing:
 * what is to stand before the failure must be flushed. */
void replay_guard_at(const char *what, uint64_t number, const char *whom);
/* Signals are as they were. */
void replay_guard_end(void);

#endif
