/* messages/trace_reader_parts.h -- what trace_reader.c and trace_record.c share, and nobody else. */
#ifndef MESSAGES_TRACE_READER_PARTS_H
#define MESSAGES_TRACE_READER_PARTS_H

#include "messages/trace_reader.h"
#include "messages/trace_tables.h"

const struct trace_tables *trace_reader_tables(const struct trace_reader *r);
/* BYTES of runtime/recorder.h, from *at on. False: they are longer than what there is. */
bool trace_bytes_take(const uint8_t *all, size_t length, size_t *at, struct trace_bytes *out);
/* The record's effects are whole, as far as they can be read here. */
bool trace_effects_hold(const struct trace_reader *reader, const struct trace_record *r);

#endif
