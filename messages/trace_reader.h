/* messages/trace_reader.h -- a trace file's bytes, as records.
 *
 * Purpose  fed with the bytes of a file, or of the parts of a rotated trace in their order, as they come;
 *          gives one record after the other. What is damaged or missing is said, with its offset; reading goes
 *          on at the next frame that is whole. The same bytes give the same, in whatever pieces they come.
 * Owner    whoever called trace_reader_new.
 * Thread   one at a time.
 * Errors   TRACE_BAD, and trace_reader_error says what and where. Any bytes are good enough to try.
 *
 *     while ((n = read(fd, buffer, sizeof buffer)) > 0) {
 *         trace_reader_feed(reader, buffer, n);
 *         while ((got = trace_reader_next(reader, &record)) != TRACE_MORE)
 *             ...
 *     }
 *     trace_reader_end(reader);
 *     while ((got = trace_reader_next(reader, &record)) != TRACE_MORE)
 *         ...                                  what stands behind a record that is not whole
 *     if (trace_reader_torn(reader, &at)) ...  the file ends in the middle of a record
 */
#ifndef MESSAGES_TRACE_READER_H
#define MESSAGES_TRACE_READER_H

#include "messages/trace_about.h"
#include "messages/trace_record.h"

enum trace_got {
    TRACE_RECORD, /* *record is the next one */
    TRACE_BEGUN,  /* a file, or the next part, has begun: trace_reader_about */
    TRACE_BAD,    /* something cannot be read; go on, or not */
    TRACE_MORE,   /* feed more, if there is more */
};
enum { TRACE_ERROR_MAX = 300 };

struct trace_reader *trace_reader_new(void);
void trace_reader_free(struct trace_reader *r);
/* Copies them. */
void trace_reader_feed(struct trace_reader *r, const void *bytes, size_t length);
/* The file has no more bytes. */
void trace_reader_end(struct trace_reader *r);
/* The bytes that follow are those of another file: a part, whose offsets begin with 0. Says whether the
 * last one was torn. */
bool trace_reader_next_file(struct trace_reader *r);
enum trace_got trace_reader_next(struct trace_reader *r, struct trace_record *record);
/* Of the last TRACE_BAD: "offset 1234: ...". */
const char *trace_reader_error(const struct trace_reader *r);
uint64_t trace_reader_error_offset(const struct trace_reader *r);
/* Bytes that are no whole frame yet: as many, and from where. 0: none. */
size_t trace_reader_torn(const struct trace_reader *r, uint64_t *offset);

/* Of the file that was begun last; NULL: none yet. */
const struct trace_about *trace_reader_about(const struct trace_reader *r);
/* What its actors read of their settings; ends with a NULL name. */
const struct trace_setting *trace_reader_settings(const struct trace_reader *r);
/* Kinds of the file by number; NULL: there is none. */
const struct trace_kind *trace_reader_kind(const struct trace_reader *r, unsigned number);

/* For those that write records again, in the file's own numbers. The image of one of the frames that a file
 * begins with, as it was read (enum trace_frame: FRAME_HEADER to FRAME_SETTINGS); NULL: there was none. */
const uint8_t *trace_reader_image(const struct trace_reader *r, unsigned type, size_t *length);
/* An actors' type by its name; 255: there is none of that name. */
uint8_t trace_reader_type_number(const struct trace_reader *r, const char *type);
/* An effect by its name here, and what the file says that it has; -1: it has no such effect. */
int trace_reader_effect_number(const struct trace_reader *r, enum effect_kind kind, unsigned *has);

#endif
