/* tools/trace_json.h -- one record as one JSON object on one line, to be read with jq.
 *
 * For reading: names in place of numbers, and the head of long payloads. What can be read back into a trace is
 * made by `convert`. Names and meanings stay; new ones may be added.
 *
 *     seq            number of the record
 *     t              seconds since the first record, when the call began
 *     wall           the same, as UTC
 *     what           call, end, undelivered, lagged, note
 *     worker         number; not of notes
 *     from, to       "interceptor/0.9": type, worker, slot; from may be "runtime". Of lagged and note: none
 *     kind           "REQUEST"; of call and undelivered
 *     protocol       "HttpRequestChunked(StartV2)", if the agent's protocol has a word for it
 *     exchange       number, if it has one; with connection, request (HTTP), mode and port, if they are known
 *     number         the message is the n-th that `to` has heard
 *     took_us        how long the call took
 *     fields         of call: by name. Numbers, true and false; enums, versions and actors as text; spans as objects
 *                    {"length": 20, "kept": 20, "text": "..."}: the beginning of what was kept, or all with --bytes;
 *                    "hex" in place of "text" if it is no UTF-8; "hash" (XXH3 of all, "0x...") if not all was kept. A
 *                    head has "http" ("GET /api", "200") too
 *     flags          list of words; of call, if there are any
 *     effects        list of objects {"effect": "write", ...} with, as far as the effect has them: n (socket,
 *                    timer, file, reason, status), value (microseconds of timers, ...), actor, type, kind,
 *                    address, bytes (an object as above), length
 *     reason         of end: done, failed, asked, killed
 *     lost           of lagged: so many calls are missing
 *     text           of note
 */
#ifndef TOOLS_TRACE_JSON_H
#define TOOLS_TRACE_JSON_H

#include "tools/trace_line.h"

/* One line. v->bytes: whole payloads; v->effects: with effects. */
void trace_json(const struct trace_view *v, struct trace_text *t, const struct trace_record *r,
                const struct trace_exchange *x);

#endif
