/* tools/trace_packets.h -- what actors did with their sockets, as TCP connections in packets.
 *
 * Purpose  a trace knows connect, accept, bytes read and written, ends; here they become handshakes, segments,
 *          acknowledgements and FINs with sequence numbers that fit, so that wireshark follows the stream.
 * Truth    times and bytes are those of the trace: of the call in which the program read or wrote. Made up are
 *          sequence numbers, acknowledgements, the port that a connecting socket got, hardware addresses; and
 *          addresses of what has none (socket files, the inside of the program): 198.51.100.x, which get names.
 *          An end that the trace does not tell is not made up.
 * Owner    whoever called trace_packets_new.
 */
#ifndef TOOLS_TRACE_PACKETS_H
#define TOOLS_TRACE_PACKETS_H

#include "messages/trace_reader.h"
#include "messages/trace_encoder.h"

struct trace_packets;

struct trace_packets *trace_packets_new(uint32_t interface);
void trace_packets_free(struct trace_packets *s);
/* Each record. Appends packets to `out` if they are wanted: of an actor all are, or none is. wall_offset: to be
 * added to times of the trace, for nanoseconds since 1970. */
void trace_packets_take(struct trace_packets *s, struct trace_out *out,
                        const struct trace_reader *reader, const struct trace_record *r,
                        uint64_t wall_offset, bool wanted);
/* Pieces that the trace has not whole, and the bytes that they lack. */
void trace_packets_missing(const struct trace_packets *s, uint64_t *pieces, uint64_t *bytes);

#endif
