/* runtime/log.h -- the log's levels, and the writer of lines.
 *
 * A line is made by the actor that speaks, travels to the blocking worker, and is written there, so
 * that a terminal that blocks holds up nobody. When too many lines are under way more are dropped,
 * and the next line says how many.
 *
 *   2026-03-04T05:06:07.891Z W link_connection/0.3 agent closed the link, reconnecting in=250ms
 */
#ifndef RUNTIME_LOG_H
#define RUNTIME_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG, LOG_TRACE };
enum log_format { LOG_TEXT, LOG_JSON };

/* Set before the workers start; read by all. */
struct log_settings {
    enum log_level level;
    enum log_format format;
    int fd;
};
extern struct log_settings log_settings;

/* "error" ... "trace"; false when it is none of them. */
bool log_level_parse(const char *text, enum log_level *level);

static inline bool log_wants(enum log_level level)
{
    return level <= log_settings.level;
}

/* One whole line, newline included, from a record: text is "speaker\x1fsentence\x1ffields".
 * wall_us: microseconds since 1970. Returns its length, cut to room. Control bytes are escaped. */
size_t log_render(char *out, size_t room, enum log_format format, enum log_level level,
                  uint64_t wall_us, const char *text, size_t length);

#endif
