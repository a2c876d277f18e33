/* tests/bench/load_agent.h -- the agent's two halves: load_agent.c hears, load_drive.c says.
 *
 * load_agent.c owns the socket, reads what the proxy sends and tells the other half what it
 * meant; load_drive.c decides what the proxy gets to do, keeps the times, prints the result.
 */
#ifndef BENCH_LOAD_AGENT_H
#define BENCH_LOAD_AGENT_H

#include "tests/bench/load.h"
#include "tests/bench/load_wire.h"

struct agent {
    const struct load_plan *plan;
    int fd;
    struct buffer in, out;
    unsigned version;   /* that both sides read, as version_number() counts; 1.2.2 until agreed */
    int port;           /* that the proxy subscribed to; -1: none yet */
    uint64_t *begun_ns; /* by connection id; 0: not begun, or answered */
    uint64_t *took_ns;  /* by order of completion */
    uint64_t begun, done;
    uint64_t bytes_in, bytes_out; /* payload alone; out: counted for raw connections only */
    uint64_t start_ns, first_ns;  /* first: when the first byte of payload came back */
    uint8_t *filler;              /* zeroes, as many as a message may need */
    uint64_t filler_bytes;
    uint64_t upload_id, upload_left; /* the body that is being sent, the lowest id first */
};

/* 1.19.4 as 1 019 004; 0 if it does not read as a version. */
unsigned version_number(const char *text);

void drive_create(struct agent *a);
void drive_begin(struct agent *a);                             /* a port is subscribed */
void drive_answer_bytes(struct agent *a, uint64_t bytes);      /* a piece of an answer */
void drive_answer_done(struct agent *a, uint64_t id);          /* its last piece has come */
void drive_echo(struct agent *a, uint64_t id, uint64_t bytes); /* raw bytes came back */
void drive_ended(struct agent *a, uint64_t id);                /* the proxy let go of it */
bool drive_has_more(const struct agent *a);                    /* upload bytes are waiting */
void drive_more(struct agent *a);                              /* there is room for some */

#endif
