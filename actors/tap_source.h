/* actors/tap_source.h -- protocol bytes as a form of messages, of which the last string is cut short.
 *
 * As wire_bytes_source, over the same state; but where the bytes end within a byte string, that is
 * taken for the beginning of it. For sinks that show only the beginning of long strings: at least as
 * many bytes as they show must be there.
 */
#ifndef ACTORS_TAP_SOURCE_H
#define ACTORS_TAP_SOURCE_H

#include "messages/wire_bytes.h"

extern const struct wire_source tap_source;

#endif
