/* messages/trace_agent_state.h -- the state of a played agent, for the files that are one: trace_agent_script.c (what
 * the recording says is to happen), trace_agent.c (playing), trace_agent_hear.c (both proxies' messages, by
 * exchange), trace_agent_judge.c (comparing).
 */
#ifndef MESSAGES_TRACE_AGENT_STATE_H
#define MESSAGES_TRACE_AGENT_STATE_H

#include "messages/trace_agent.h"
#include "messages/trace_order.h"
#include "messages/trace_speech.h"
#include <uthash.h>

enum answer_form { FORM_NONE, FORM_BASIC, FORM_FRAMED, FORM_CHUNKED };

#define NO_EXCHANGE UINT32_MAX

/* What one of the two proxies said about an exchange. */
struct agent_told {
    struct trace_http http; /* an answer */
    uint8_t form;           /* enum answer_form */
    struct wire_buffer raw; /* Data */
    bool raw_ended;         /* ... an empty one */
    bool unsubscribed;
    uint64_t began, ended; /* in steps, or in live events; 0: not yet */
};

struct agent_exchange {
    struct trace_about_what about; /* its own texts */
    uint8_t variant;      /* enum answer_form of the richest answer that the request allows */
    uint32_t before;      /* the one before it on the same connection; NO_EXCHANGE: none */
    bool implicit;        /* bytes behind a 101: nobody said that they begin */
    bool closed;          /* the recorded agent closed it, perhaps before its end */
    const char *left_out; /* why it is not played; NULL: it is */
    uint64_t asked;       /* the step that began it */
    uint64_t live_asked;  /* the live event; 0: not yet */
    bool live_closed;
    bool late;          /* something of it was given up */
    uint64_t asked_sum; /* over head and body, however it was cut; 0 without options.swaps */
    bool given;         /* its answer came, if not to this request then to one that is alike */
    bool waits;         /* what came is not its answer: is it another's? */
    struct agent_told expected, came;
};

/* Something that is to be said once. */
struct agent_control {
    enum wire_kind kind;
    uint8_t mode;
    uint64_t value;                    /* port; operator's id */
    struct wire_buffer expected, came; /* the whole message */
    bool has_come;
    bool waited; /* what the agent said next came behind it */
};

enum need_what { NEED_NOTHING, NEED_PROGRESS, NEED_CONTROL };

/* A message of the recording. */
struct agent_step {
    bool agent; /* the agent's: it is to be said; else: to be awaited */
    bool skipped;
    bool closes;      /* TcpClose */
    uint8_t need;     /* enum need_what */
    bool head, ended; /* PROGRESS: so much */
    bool unsubscribed;
    uint32_t index; /* of the exchange (UINT32_MAX: none) or control */
    size_t amount;  /* PROGRESS: bytes of body or Data */
    uint64_t at_ns;
    const uint8_t *bytes; /* the agent's */
    size_t length;
    uint64_t live_us; /* when it was said, or had come */
};

enum key_what { KEY_REQUEST, KEY_RAW, KEY_CONNECTION };
struct agent_key {
    uint64_t connection;
    uint16_t request;
    uint8_t mode;
    uint8_t what; /* enum key_what */
    uint32_t zero;
};
/* The newest exchange with these ids. */
struct agent_id {
    struct agent_key key;
    uint32_t index;
    UT_hash_handle hh;
};

struct trace_agent {
    struct trace_agent_options options;
    struct trace_findings *findings;
    struct agent_exchange *exchanges;
    unsigned exchange_count;
    struct agent_control *controls;
    unsigned control_count;
    struct agent_step *steps;
    unsigned step_count;
    struct agent_id *recorded, *live; /* by ids */
    bool answers_pings;
    bool announced;   /* the first that the recorded proxy said, beside Ping, is its version */
    bool begun_whole; /* all outside of exchanges can be said, if only up to where the trace ends */

    unsigned at;        /* the step that is to happen */
    uint64_t before_us; /* when the one before it did */
    uint64_t before_ns; /* ... in the recording */
    uint64_t waits_us;  /* since when nothing that is awaited has come */
    uint64_t events;    /* live ones, counted */
    struct wire_decoder decoder;
    struct wire_buffer pending; /* of the live proxy: a message that is not whole */
    unsigned pongs;             /* that are owed */
    bool lost;
    bool judged;
};

/* trace_agent_hear.c: one message of the agent or of the proxy, recorded or live */
struct agent_hearing {
    struct trace_agent *agent;
    struct agent_id **ids;
    bool live;
    const struct wire_message *m;
    const uint8_t *bytes;
    size_t length;
    uint64_t when; /* step or event */
};
uint32_t agent_find(struct agent_id *ids, uint8_t mode, uint64_t connection, uint16_t request,
                    bool raw);
/* The newest of this connection; the others by `before`. */
uint32_t agent_find_connection(struct agent_id *ids, uint8_t mode, uint64_t connection);
void agent_note(struct agent_id **ids, const struct agent_exchange *e, uint32_t index);
/* A recorded one begins. Returns its index. */
uint32_t agent_new_exchange(struct trace_agent *a, const struct agent_exchange *e);
void agent_ids_release(struct agent_id **ids);
bool agent_is_answer(const struct wire_message *m);
/* What the proxy says about an exchange; the exchange, or NO_EXCHANGE. */
uint32_t agent_take_answer(struct agent_hearing *h);
struct agent_control *agent_new_control(struct trace_agent *a, const struct agent_hearing *h);
bool agent_is_control(enum wire_kind kind);
uint64_t agent_control_value(const struct wire_message *m);
uint32_t agent_new_raw(struct trace_agent *a, uint8_t mode, uint64_t connection);

/* trace_agent_script.c */
void agent_read_script(struct trace_agent *a, const struct trace_stream *link);

/* trace_agent.c */
bool agent_step_is_met(const struct trace_agent *a, const struct agent_step *s);

#endif
