/* actors/tap_print.h -- makes a line of a record.
 *
 * Text, with colours on a terminal:
 *
 *     0.001234 1 > Ping size=1 Ping
 *     0.004321 1 < TcpSteal(Data) conn=7 size=24 TcpSteal(Data{connection_id: 7, bytes: "..."})
 *     0.005000 1 * both have ended
 *
 *     seconds since the tap began, number of the link, who speaks (> the proxy, < the agent, * the
 *     tap itself), the message's name, those of conn= req= port= that it has, its bytes, and the
 *     message as messages/wire_text.h writes it. "(not shown whole)": it was too large to be kept.
 *
 * JSON, an object a line; members are never taken away, and new ones come behind:
 *
 *     {"t":0.004321,"link":1,"from":"agent","kind":"TcpSteal(Data)","conn":7,"size":24,"message":{...}}
 *     {"t":0.005000,"link":1,"note":"both have ended"}
 *
 *     from is "agent" or "client" (the proxy); conn, req and port are there if the message has them;
 *     message is as messages/wire_json.h writes it, null if it was too large to be kept. conn beyond
 *     2^53 is a string.
 *
 * Owner    the output. Zero the struct before the first line.
 */
#ifndef ACTORS_TAP_PRINT_H
#define ACTORS_TAP_PRINT_H

#include "actors/tap_record.h"
#include "messages/wire_bytes.h"

struct tap_printer {
    bool json, colour;
    uint64_t most; /* bytes of a string that are shown; 0: all */
    /* -- private -- */
    struct wire_bytes_source source;
};

/* Appends the line to `out`. No memory: less of it, or nothing. */
void tap_print(struct tap_printer *p, const struct tap_record *r, const uint8_t *bytes,
               struct wire_buffer *out);
void tap_printer_release(struct tap_printer *p);

#endif
