/* messages/trace_jsonl.h -- a trace as lines of JSON, and back again: all that a trace file has, in a form that stays.
 *
 * The first line, and the first of each further part, is the beginning of a file:
 *
 *   {"intproxy_trace_jsonl":1,
 *    "header":{"format":1,"wall_us":..,"clock_ns":..,"first_sequence":..,"part":..,"workers":..,"bodies_max":..,
 *              "process":..,"program":..,"build":..,"options":..,"protocol":..,"system":..,"why":..},
 *    "kinds":[{"number":1,"class":0,"name":"TIMER","fields":[{"name":"n","type":"u32"}, ..]}, ..],
 *    "types":["supervisor", ..],
 *    "effects":[{"name":"send","has":["ref","message"]}, ..],
 *    "settings":[{"name":..,"value":..}, ..]}
 *
 * Every other line is a record:
 *
 *   seq, now_us, ended_ns        as in messages/trace_record.h
 *   what                         "call", "end", "undelivered", "lagged", "note"
 *   to, from                     "worker.slot.generation" of an actor; null: nobody. Not of lagged and note
 *   type                         of the actor `to`; null: not known
 *   took_ns, worker, number, exchange, actor_exchange, flags      likewise; of call, end, undelivered
 *   kind                         its name; its number, if several have that name. Of call and undelivered
 *   fields                       of call: {"name": value}
 *   effects                      of call and end: [{"effect":"write","n":0,"bytes":..}, ..], each with n, value, ref,
 *                                type, message, address, bytes, length, as far as the table says that it has them;
 *                                its number for one that this build does not know
 *   effects_rest                 what of the effects could not be read: {"hex":..}; seldom there
 *   worker, lost                 of lagged
 *   text                         of note
 *
 * Values:
 *
 *   number   beyond 2^53 a string of its digits, since readers take numbers for doubles
 *   flag     true or false, a number if it is neither
 *   bytes    "text", if they are UTF-8 without control characters but tab, CR and LF; else {"hex":"00ff"}; and if
 *            they were not kept whole {"length":N,"hash":"0x..","text":..} or with "hex" in place of "text"
 *   text     of the header, of settings and notes: like bytes, always whole
 *
 * Lossless: read back it becomes the same frames, byte for byte. Stable: these names and meanings do not change; one
 * may be added. Reading, the order of members is free and unknown ones are passed over; what a line leaves out is 0,
 * null or empty, but what, to, kind are needed where they are used.
 */
#ifndef MESSAGES_TRACE_JSONL_H
#define MESSAGES_TRACE_JSONL_H

#include "messages/trace_frame.h"
#include "messages/trace_reader.h"

enum { JSONL_KINDS_MAX = 1024 };
/* Zeroed before the first line. */
struct jsonl_sink {
    /* -- private -- */
    bool ambiguous[JSONL_KINDS_MAX]; /* another kind has the same name */
    struct trace_out again;
};

/* A line each, with its newline. about, settings: NULL: as they were read. */
void jsonl_put_beginning(struct jsonl_sink *s, struct trace_out *out,
                         const struct trace_reader *reader, const struct trace_about *about,
                         const struct trace_setting *settings);
void jsonl_put_record(struct jsonl_sink *s, struct trace_out *out,
                      const struct trace_reader *reader, const struct trace_record *r);
void jsonl_sink_release(struct jsonl_sink *s);

struct jsonl_source;
enum { JSONL_ERROR_MAX = 300 };

/* renumber: records get numbers anew, from 0 without a gap, for lines that are not all. */
struct jsonl_source *jsonl_source_new(bool renumber);
void jsonl_source_free(struct jsonl_source *s);
/* Appends the bytes of a trace file that the line stands for. The beginning of a further part of the same trace
 * stands for none. False: jsonl_source_error says why; nothing is appended. */
bool jsonl_source_take(struct jsonl_source *s, struct trace_out *out, const char *line,
                       size_t length);
const char *jsonl_source_error(const struct jsonl_source *s);
/* It was not read, and should have been a beginning: what comes behind it cannot be understood. */
bool jsonl_source_is_lost(const struct jsonl_source *s);

/* ---- for trace_jsonl*.c ---- */

#define JSONL_VERSION 1
#define JSONL_MARK    "intproxy_trace_jsonl"
extern const char *const jsonl_field_types[]; /* by enum field_type */
extern const char *const jsonl_whats[];       /* by enum trace_what */
/* Bits of enum effect_has, from the lowest. */
enum { JSONL_HAS = 8 };
extern const char *const jsonl_has[JSONL_HAS];

#endif
