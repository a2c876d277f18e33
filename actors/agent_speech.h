/* actors/agent_speech.h -- what agent_session says to its client: one function a message.
 *
 * All of them append to the link's socket and count what is on its way. Whether the client may be told
 * this at all is for the caller to know (agent_session.speaks).
 */
#ifndef ACTORS_AGENT_SPEECH_H
#define ACTORS_AGENT_SPEECH_H

#include "actors/agent_exchange.h"
#include "messages/wire_encoder.h"

/* So many bytes are still on their way: what SOCKET_DRAINED says. */
void agent_speech_drained(struct agent_session *s, uint64_t unsent);

void agent_speech_pong(struct agent_session *s);
void agent_speech_version(struct agent_session *s, struct wire_text version);
void agent_speech_close(struct agent_session *s, struct wire_text reason);
/* Dropped unless the client is ready for logs (HS-14). */
void agent_speech_log(struct agent_session *s, enum wire_level level, struct span text);
void agent_speech_no_environment(struct agent_session *s);
void agent_speech_subscribed(struct agent_session *s, const struct pending_subscription *p);
void agent_speech_stolen(struct agent_session *s, const struct pending_subscription *p);
void agent_speech_bad_filter(struct agent_session *s, const struct pending_subscription *p);

void agent_speech_new_connection(struct agent_session *s, const struct agent_exchange *x);
/* Takes bytes; empty: the remote's direction has ended. */
void agent_speech_data(struct agent_session *s, const struct agent_exchange *x, struct span bytes);
void agent_speech_tcp_close(struct agent_session *s, const struct agent_exchange *x);
/* The whole request with what is held, as HttpRequest or HttpRequestFramed. */
void agent_speech_request(struct agent_session *s, const struct agent_exchange *x);
/* StartV1 or StartV2, with one data frame or none. Takes both. */
void agent_speech_start(struct agent_session *s, const struct agent_exchange *x, struct span head,
                        struct span frame, bool last);
/* One frame, not the last; or, with no bytes, the end of the body. Takes bytes. */
void agent_speech_body(struct agent_session *s, const struct agent_exchange *x, struct span bytes,
                       bool trailers);
/* ErrorV1 or ErrorV2. */
void agent_speech_request_error(struct agent_session *s, const struct agent_exchange *x,
                                struct wire_text why);

#endif
