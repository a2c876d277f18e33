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

#include <stdarg.h>
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

/* A record is what an actor has to say, before it is a line: "speaker\x1fsentence\x1ffields", without a
 * NUL. Fields are key=value key="a b"; between quotes a quote and a backslash have a backslash before
 * them. These two make one of it; whatever a peer may have put into the sentence or into the values,
 * it begins no field and ends none. Both return the length, cut to room. */
size_t log_record(char *out, size_t room, const char *speaker, const char *sentence);
/* The fields, to be put behind it: printf's conversions of integers and strings; what %s gives is part
 * of a value. */
size_t log_fields(char *out, size_t room, const char *format, va_list list);

/* One whole line, newline included, from a record. wall_us: microseconds since 1970. Returns its
 * length, cut to room. Control bytes, and bytes that are no UTF-8, are escaped. */
size_t log_render(char *out, size_t room, enum log_format format, enum log_level level,
                  uint64_t wall_us, const char *text, size_t length);

#endif
