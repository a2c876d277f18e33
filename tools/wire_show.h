/* tools/wire_show.h -- one message on standard output, in the form that was asked for.
 *
 *     text   agent TcpSteal(Data{connection_id: 7, bytes: "hello"})
 *     json   {"from":"agent","offset":14,"size":9,"message":{...}}      see messages/wire_json.h
 *     bytes  a header line, then a line for each value                   see messages/wire_dump.h
 *     hex    agent<TAB>0201070568656c6c6f
 *     raw    the bytes
 */
#ifndef TOOLS_WIRE_SHOW_H
#define TOOLS_WIRE_SHOW_H

#include "messages/protocol.h"
#include <stdbool.h>
#include <stddef.h>

enum wire_form { WIRE_FORM_TEXT, WIRE_FORM_JSON, WIRE_FORM_BYTES, WIRE_FORM_HEX, WIRE_FORM_RAW };

struct wire_show {
    enum wire_form form;
    uint64_t most; /* bytes of a string that are shown; 0: all */
    bool colour;
};

const char *wire_from_name(enum wire_from from);
/* False: neither "agent" nor "client". */
bool wire_from_parse(const char *text, size_t length, enum wire_from *out);

/* `offset`: of the message in its stream. False, and said on stderr: no memory, or bytes that the
 * decoder has not accepted. */
bool wire_show(const struct wire_show *show, enum wire_from from, uint64_t offset,
               const uint8_t *bytes, size_t length);

#endif
