/* actors/tap.h -- stands between proxies and an agent, passes every byte on, and shows what is said.
 *
 * Receives  TAP_HELLO, TAP_TOTALS from its links; TAP_UNREAD from the output; SIGNAL, STOP: it ends.
 * Sends     TAP_WELCOME; STOP to all at the end. Then the summary, and the end of the program.
 * Owns      the listener (each connection becomes a tap_link) and one tap_output.
 * Runs on   worker 0, and so do its links; the output runs on worker 1, where formatting and a slow
 *           reader hold up nobody.
 *
 * Who needs what: bytes are passed on by tap_link before they are looked at. What is to be shown is
 * decoded and chosen there too, which costs little, and goes as records to tap_output, which makes
 * lines of them. What the output does not take in time is left out, counted and said; a link is never
 * slower for it.
 *
 * The program ends with 0, with EXIT_DATA if some direction could not be decoded, and with
 * EXIT_UNREACHABLE if proxies came and the agent was never reached; EXIT_IO: the address
 * cannot be listened on. When nobody reads the output any more (`| head`), bytes are passed on until
 * the last link has ended: that is then the end.
 */
#ifndef ACTORS_TAP_H
#define ACTORS_TAP_H

#include "actors/exit_codes.h"
#include "messages/filter.h"
#include "runtime/actor.h"

/* What the tap was told to be. Owner: tools/; filled before the run, alive until it has ended.
 * Thread: read-only everywhere. */
struct tap_settings {
    struct address listen, agent;
    const struct filter_program *filter; /* over tap_fields; NULL: everything is shown */
    uint64_t bytes_max;                  /* of a string that are shown; 0: all */
    uint64_t message_max;                /* bytes of a message that are kept to be shown */
    bool json, colour;
    /* Writes for whoever reads, on the output's worker. Returns the bytes that were taken (0: none
     * for now), TAP_READER_GONE: there will never be any. */
    long (*write)(const char *bytes, size_t length);
    /* Both are said once; NULL: nobody wants it. */
    void (*ready)(const char *line);
    void (*summary)(const char *text);
};
enum { TAP_READER_GONE = -1 };

extern const struct tap_settings *tap_settings;
extern const struct actor_type tap_type;

/* The first message of the tap, which is the program. */
struct message *tap_first(void);

#endif
