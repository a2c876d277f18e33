/* messages/trace_clients.h -- over whose connection each request of a trace came.
 *
 * Purpose  requests that follow each other on one connection of a client do so for certain, those of two only by
 *          chance. Which connection it was, the agent says on the link: newer ones give a request the address of its
 *          client, older ones give all requests of a connection the same id.
 * Owner    whoever called trace_clients_new; it needs the streams no longer.
 * Thread   one at a time.
 */
#ifndef MESSAGES_TRACE_CLIENTS_H
#define MESSAGES_TRACE_CLIENTS_H

#include "messages/trace_streams.h"

struct trace_clients;

/* `first` and those that follow it: links as the proxy saw them; as the agent did, if there are no others. */
struct trace_clients *trace_clients_new(const struct trace_stream *first);
void trace_clients_free(struct trace_clients *c);
/* The newest request with these ids that had come by then. 0: not known; otherwise the same number is the same
 * connection. */
uint32_t trace_client_of(const struct trace_clients *c, uint8_t mode, uint64_t connection,
                         uint16_t request, uint64_t by_ns);

#endif
