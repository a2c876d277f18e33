/* tools/trace_words.c -- see trace_words.h */
#include "tools/trace_words.h"
#include "messages/agent_vocabulary.h"
#include "messages/trace_exchanges.h"
#include "messages/trace_reader.h"
#include <stdio.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const modes[] = {[MODE_MIRROR] = "mirror", [MODE_STEAL] = "steal"};
static const char *const variants[] = {[VARIANT_BASIC] = "basic",
                                       [VARIANT_FRAMED] = "framed",
                                       [VARIANT_CHUNKED_V1] = "chunked-v1",
                                       [VARIANT_CHUNKED_V2] = "chunked-v2"};
static const char *const stages[] = {[LOCAL_UNREACHED] = "unreached",
                                     [LOCAL_UNWRITTEN] = "unwritten",
                                     [LOCAL_WRITTEN] = "written",
                                     [LOCAL_ANSWERING] = "answering"};
static const char *const cancels[] = {[CANCEL_CLOSED] = "closed",
                                      [CANCEL_LINK] = "link-lost",
                                      [CANCEL_BROKEN] = "broken",
                                      [CANCEL_TOO_LARGE] = "too-large"};
static const char *const steps[] = {[STEP_CONNECT] = "connect",
                                    [STEP_PONG] = "pong",
                                    [STEP_VERSION] = "version",
                                    [STEP_READY_FOR_LOGS] = "ready-for-logs",
                                    [STEP_USE] = "use"};
static const char *const link_ends[] = {
    [END_REFUSED] = "refused", [END_SILENT] = "silent",     [END_LOST] = "lost",
    [END_CLOSED] = "closed",   [END_PROTOCOL] = "protocol", [END_ASKED] = "asked"};
static const char *const subscribe_errors[] = {[SUBSCRIBE_OK] = "ok",
                                               [SUBSCRIBE_STOLEN] = "stolen",
                                               [SUBSCRIBE_FORBIDDEN] = "forbidden",
                                               [SUBSCRIBE_FILTER] = "filter",
                                               [SUBSCRIBE_OTHER] = "other"};
static const char *const subscribed[] = {
    [SUBSCRIBED_OK] = "ok", [SUBSCRIBED_STOLEN] = "stolen", [SUBSCRIBED_BAD_FILTER] = "bad-filter"};
static const char *const asked[] = {
    [ASKED_ARRIVED] = "arrived", [ASKED_RAW] = "raw", [ASKED_HTTP] = "http"};
static const char *const treats[] = {[TREAT_DETECT] = "detect",
                                     [TREAT_RAW] = "raw",
                                     [TREAT_HTTP] = "http",
                                     [TREAT_REFUSE] = "refuse"};
static const char *const forms[] = {[WIRE_SUBSCRIBE_ALL] = "all",
                                    [WIRE_SUBSCRIBE_HEADER] = "header",
                                    [WIRE_SUBSCRIBE_FILTER] = "filter"};
static const char *const agent_levels[] = {
    [WIRE_LEVEL_WARN] = "warn", [WIRE_LEVEL_ERROR] = "error", [WIRE_LEVEL_INFO] = "info"};
static const char *const reasons[] = {[STOP_DONE] = "done",
                                      [STOP_FAILED] = "failed",
                                      [STOP_ASKED] = "asked",
                                      [STOP_NOBODY] = "nobody",
                                      [STOP_KILLED] = "killed"};
static const char *const levels[] = {[LOG_ERROR] = "error",
                                     [LOG_WARN] = "warn",
                                     [LOG_INFO] = "info",
                                     [LOG_DEBUG] = "debug",
                                     [LOG_TRACE] = "trace"};

/* The first row that fits is taken. kind MSG_NONE: any. */
static const struct row {
    uint16_t kind;
    const char *field;
    struct trace_word word;
} rows[] = {
#define ENUM(words)                                                                                \
    {                                                                                              \
        ROLE_ENUM, NULL, words, COUNT(words)                                                       \
    }
#define PLAIN(role)                                                                                \
    {                                                                                              \
        ROLE_##role, NULL, NULL, 0                                                                 \
    }
#define NAMED(role, label)                                                                         \
    {                                                                                              \
        ROLE_##role, label, NULL, 0                                                                \
    }
    {MSG_NONE, "mode", ENUM(modes)},
    {MSG_NONE, "unused", PLAIN(QUIET)},
    {MSG_NONE, "serial", PLAIN(QUIET)},
    {MSG_NONE, "version", PLAIN(VERSION)},
    {MSG_NONE, "announce", PLAIN(VERSION)},
    {MSG_NONE, "head", PLAIN(HEAD)},
    {MSG_NONE, "addresses", PLAIN(ADDRESSES)},
    {MSG_NONE, "keep_us", NAMED(US, "keep")},
    {MSG_NONE, "most_us", NAMED(US, "most")},
    {MSG_REQUEST, "variant", ENUM(variants)},
    {MSG_LOCAL_FAILED, "stage", ENUM(stages)},
    {MSG_CANCEL, "why", ENUM(cancels)},
    {MSG_LINK_ENDED, "why", ENUM(link_ends)},
    {MSG_LINK_ENDED, "step", ENUM(steps)},
    {MSG_SUBSCRIBE_RESULT, "error", ENUM(subscribe_errors)},
    {MSG_AGENT_SUBSCRIBED, "result", ENUM(subscribed)},
    {MSG_AGENT_ROUTE, "what", ENUM(asked)},
    {MSG_AGENT_ROUTED, "treat", ENUM(treats)},
    {MSG_AGENT_SUBSCRIBE, "form", ENUM(forms)},
    {MSG_AGENT_LOG, "level", ENUM(agent_levels)},
    {MSG_STOP, "reason", ENUM(reasons)},
    {MSG_DOWN, "reason", ENUM(reasons)},
    {MSG_LOG_LINE, "level", ENUM(levels)},
    {MSG_BOUNCED, "kind", PLAIN(KIND)},
    {MSG_SIGNAL, "number", PLAIN(SIGNAL)},
    {MSG_RESOLVED, "error", PLAIN(EAI)},
    {MSG_NONE, "error", PLAIN(ERROR)},
    {MSG_TIMER, "n", NAMED(NUMBER, "timer")},
    {MSG_SOCKET_CONNECTED, "n", NAMED(NUMBER, "socket")},
    {MSG_SOCKET_LISTENING, "n", NAMED(NUMBER, "socket")},
    {MSG_SOCKET_DATA, "n", NAMED(NUMBER, "socket")},
    {MSG_SOCKET_END, "n", NAMED(NUMBER, "socket")},
    {MSG_SOCKET_FAILED, "n", NAMED(NUMBER, "socket")},
    {MSG_SOCKET_DRAINED, "n", NAMED(NUMBER, "socket")},
    {MSG_FILE_OPENED, "n", NAMED(NUMBER, "file")},
    {MSG_FILE_WRITTEN, "n", NAMED(NUMBER, "file")},
    {MSG_FILE_READ, "n", NAMED(NUMBER, "file")},
    {MSG_SOCKET_ACCEPTED, "ip_high", NAMED(PEER, "peer")},
    {MSG_SOCKET_ACCEPTED, "ip_low", PLAIN(QUIET)},
    {MSG_SOCKET_ACCEPTED, "port", PLAIN(QUIET)},
    {MSG_SOCKET_ACCEPTED, "family", PLAIN(QUIET)},
};

static const struct trace_word plain = {ROLE_NUMBER, NULL, NULL, 0};
static const struct trace_word *known[MESSAGE_KINDS][FIELDS_MAX];

static const struct trace_word *search(uint16_t kind, const struct trace_field *f)
{
    for (unsigned i = 0; i < COUNT(rows); i++) {
        bool is_for_span = rows[i].word.role == ROLE_HEAD || rows[i].word.role == ROLE_ADDRESSES;
        if ((rows[i].kind == MSG_NONE || rows[i].kind == kind) &&
            is_for_span == (f->type == FIELD_span) && strcmp(rows[i].field, f->name) == 0)
            return &rows[i].word;
    }
    return &plain;
}

const struct trace_word *trace_word_of(const struct trace_kind *k, unsigned field)
{
    if (k->ours == MSG_NONE || k->ours >= MESSAGE_KINDS)
        return &plain;
    const struct trace_word **w = &known[k->ours][field];
    if (!*w)
        *w = search(k->ours, &k->fields[field]);
    return *w;
}

const char *trace_word_name(const struct trace_word *w, uint64_t value)
{
    return w->role == ROLE_ENUM && value < w->count ? w->words[value] : NULL;
}

const char *trace_stop_reason(uint64_t reason)
{
    return reason < COUNT(reasons) ? reasons[reason] : "?";
}

const char *trace_log_level(uint64_t level)
{
    return level < COUNT(levels) ? levels[level] : "?";
}

/* ---- flags ---- */

static const struct flag {
    uint16_t kind, mask, value;
    const char *word;
} flags[] = {
    {MSG_ANSWER, ANSWER_FORMAT_MASK, ANSWER_BASIC, "basic"},
    {MSG_ANSWER, ANSWER_FORMAT_MASK, ANSWER_FRAMED, "framed"},
    {MSG_ANSWER, ANSWER_FORMAT_MASK, ANSWER_CHUNKED, "chunked"},
    {MSG_ANSWER, ANSWER_LAST, ANSWER_LAST, "last"},
    {MSG_ANSWER, ANSWER_FRAMES, ANSWER_FRAMES, "frames"},
    {MSG_ANSWER, ANSWER_RETURNED, ANSWER_RETURNED, "returned"},
    {MSG_ANSWER_BODY, ANSWER_RETURNED, ANSWER_RETURNED, "returned"},
    {MSG_ANSWER_ERROR, ANSWER_RETURNED, ANSWER_RETURNED, "returned"},
    {MSG_INTERCEPT, INTERCEPT_MIRROR, INTERCEPT_MIRROR, "mirror"},
    {MSG_INTERCEPT, INTERCEPT_RAW, INTERCEPT_RAW, "raw"},
    {MSG_WANT, WANT_FRESH, WANT_FRESH, "fresh"},
    {MSG_WANT, WANT_SHORT_IDLE, WANT_SHORT_IDLE, "short-idle"},
    {MSG_WANT, WANT_AFTER_FULL, WANT_AFTER_FULL, "after-full"},
    {MSG_ASSIGN, ASSIGN_LAST, ASSIGN_LAST, "last"},
    {MSG_ASSIGN, ASSIGN_RAW, ASSIGN_RAW, "raw"},
    {MSG_ASSIGN, ASSIGN_DATA, ASSIGN_DATA, "data-follows"},
    {MSG_ASSIGN_BODY, ASSIGN_HTTP, ASSIGN_HTTP, "http"},
    {MSG_RESPONSE, RESPONSE_LAST, RESPONSE_LAST, "last"},
    {MSG_RESPONSE, RESPONSE_FRAMES, RESPONSE_FRAMES, "frames"},
    {MSG_RESPONSE, RESPONSE_UPGRADE, RESPONSE_UPGRADE, "upgrade"},
    {MSG_RESPONSE, RESPONSE_HAS_DATA, RESPONSE_HAS_DATA, "has-data"},
    {MSG_AGENT_OFFER, OFFER_MIRROR, OFFER_MIRROR, "mirror"},
    {MSG_AGENT_OFFER, OFFER_RAW, OFFER_RAW, "raw"},
    {MSG_AGENT_OFFER, OFFER_LAST, OFFER_LAST, "last"},
};

const char *trace_flag_next(const struct trace_record *r, unsigned *at)
{
    uint16_t kind = r->what == TRACE_CALL ? r->kind->ours : MSG_NONE;
    while (kind != MSG_NONE && *at < COUNT(flags)) {
        const struct flag *f = &flags[(*at)++];
        if (f->kind == kind && (r->flags & f->mask) == f->value)
            return f->word;
    }
    return NULL;
}

/* ---- what fields mean together ---- */

void trace_text_peer(struct trace_text *t, const struct trace_record *r)
{
    struct address a = {0};
    char text[ADDRESS_TEXT_MAX];
    uint64_t high = 0, low = 0, port = 0, family = 0;
    (void)(trace_value(r, "ip_high", &high) && trace_value(r, "ip_low", &low) &&
           trace_value(r, "port", &port) && trace_value(r, "family", &family));
    a.family = (uint8_t)family;
    a.port = (uint16_t)port;
    memcpy(a.ip, &high, 8);
    memcpy(a.ip + 8, &low, 8);
    if (family == ADDRESS_V4 || family == ADDRESS_V6)
        trace_text_word(t, address_print(&a, text));
    else
        trace_text_word(t, family == ADDRESS_INTERNAL ? "internal" : "local");
}

void trace_text_addresses(struct trace_text *t, const struct trace_bytes *b)
{
    struct address a;
    char text[ADDRESS_TEXT_MAX];
    for (uint32_t at = 0; b->kept - at >= ADDRESS_PACKED_BYTES; at += ADDRESS_PACKED_BYTES) {
        address_unpack(&a, b->bytes + at);
        trace_text_format(t, "%s%s", at ? " " : "", address_print(&a, text));
    }
}

bool trace_text_head(struct trace_text *t, const struct trace_record *r)
{
    const char *method, *target;
    size_t method_length, target_length;
    uint16_t status;
    if (trace_record_request(r, &method, &method_length, &target, &target_length)) {
        trace_text_escaped(t, method, method_length);
        trace_text_char(t, ' ');
        trace_text_escaped(t, target, target_length);
        return true;
    }
    if (!trace_record_status(r, &status))
        return false;
    trace_text_number(t, status);
    return true;
}
