/* tools/recording_units.h -- bytes of a trace as its units: the magic, and frames.
 *
 * Purpose  what a full disk cut is taken back by whole units, and so is what makes room for the last words.
 * Thread   any.
 */
#ifndef TOOLS_RECORDING_UNITS_H
#define TOOLS_RECORDING_UNITS_H

#include <stddef.h>
#include <stdint.h>

/* How many of these bytes are whole units. */
size_t recording_units_whole(const uint8_t *bytes, size_t length);
/* How many stand before the first record: magic and tables. */
size_t recording_units_before_records(const uint8_t *bytes, size_t length);
/* Where the last records begin that are so many bytes, or, if there are not so many, the first of them. All the
 * bytes are whole units; `length`: there are no records. */
size_t recording_units_last(const uint8_t *bytes, size_t length, size_t least);

#endif
