/* tools/trace_streams.h -- what actors did with their sockets, as TCP connections in packets.
 *
 * Purpose  a trace knows connect, accept, bytes read and written, ends; here they become handshakes, segments,
 *          acknowledgements and FINs with sequence numbers that fit, so that wireshark follows the stream.
 * Truth    times and bytes are those of the trace: of the call in which the program read or wrote. Made up are
 *          sequence numbers, acknowledgements, the port that a connecting socket got, hardware addresses; and
 *          addresses of what has none (socket files, the inside of the program): 198.51.100.x, which get names.
 *          An end that the trace does not tell is not made up.
 * Owner    whoever called trace_streams_new.
 */
#ifndef TOOLS_TRACE_STREAMS_H
#define TOOLS_TRACE_STREAMS_H

#include "messages/trace_reader.h"
#include "messages/trace_encoder.h"

struct trace_streams;

struct trace_streams *trace_streams_new(uint32_t interface);
void trace_streams_free(struct trace_streams *s);
/* Each record. Appends packets to `out` if they are wanted: of an actor all are, or none is. wall_offset: to be
 * added to times of the trace, for nanoseconds since 1970. */
void trace_streams_take(struct trace_streams *s, struct trace_out *out,
                        const struct trace_reader *reader, const struct trace_record *r,
                        uint64_t wall_offset, bool wanted);
/* Pieces that the trace has not whole, and the bytes that they lack. */
void trace_streams_missing(const struct trace_streams *s, uint64_t *pieces, uint64_t *bytes);

#endif
