/* messages/wire_dump.h -- the bytes of a message, each with what it means; see wire_transcode.h.
 *
 *     000000  02                        TcpSteal
 *     000001  01                          Data
 *     000002  07                            connection_id: 7
 *     000003  05 68 65 6c 6c 6f             bytes: "hello"
 *
 * A line for each value: offset (from `base`, hexadecimal), bytes (the first DUMP_BYTES), and the
 * value at the depth at which it lies. The source must be wire_bytes_source with `raw` set.
 */
#ifndef MESSAGES_WIRE_DUMP_H
#define MESSAGES_WIRE_DUMP_H

#include "messages/wire_bytes.h"
#include "messages/wire_text.h"

enum { WIRE_DUMP_BYTES = 8 };

struct wire_dump_sink {
    struct wire_text_sink text;
    const struct wire_bytes_source *bytes; /* what is being read */
    uint64_t base;
    bool colour;
    /* -- private -- */
    const uint8_t *shown; /* up to here */
    unsigned indent;
    const char *label;
};

extern const struct wire_sink wire_dump_sink;

/* After wire_bytes_source_begin. The text is in text.out, whose length is set to 0. */
void wire_dump_sink_begin(struct wire_dump_sink *s, const struct wire_bytes_source *bytes);
void wire_dump_sink_release(struct wire_dump_sink *s);

#endif
