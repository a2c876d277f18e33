/* messages/text_out.h -- text that grows in a trace_out: words, numbers, JSON strings, base64.
 *
 * Purpose  what writers of JSON Lines, HAR and shell commands have in common.
 * Errors   none; the end of memory is the program's.
 */
#ifndef MESSAGES_TEXT_OUT_H
#define MESSAGES_TEXT_OUT_H

#include "messages/trace_encoder.h"

void text_bytes(struct trace_out *out, const void *bytes, size_t length);
void text_add(struct trace_out *out, const char *text);
void text_format(struct trace_out *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void text_base64(struct trace_out *out, const void *bytes, size_t length);
void text_hex(struct trace_out *out, const void *bytes, size_t length);

/* In quotes, escaped; control characters too, also those beyond ASCII: a terminal obeys them. The bytes are
 * UTF-8, or each that is not one character of Latin-1 (false: that was so). */
bool text_json(struct trace_out *out, const void *bytes, size_t length);
void text_json_string(struct trace_out *out, const char *text);
/* "name": with a comma before it unless it is the first member. */
void text_json_name(struct trace_out *out, const char *name, bool first);

/* People would call it text: UTF-8 without control characters but tab, CR and LF. */
bool text_is_text(const void *bytes, size_t length);

/* For a comment or a terminal: printable ASCII as it is, else \xNN; at most `most` bytes, then "...". */
void text_printable(struct trace_out *out, const void *bytes, size_t length, size_t most);

#endif
