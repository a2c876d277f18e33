/* messages/trace_redactor.h -- records of a trace without the secrets that are in them.
 *
 * Purpose  secret values are learned by the names that stand before them (redact_rules.h), then found wherever they
 *          are in the trace, under a name or not, whole or cut over records; each is replaced by as many bytes,
 *          made from it with a key: digits for digits, letters for letters, all else as it is. So equal secrets
 *          stay equal, frames, JSON and HTTP stay what they were, and replay finds the same run.
 * Owner    whoever called redactor_new; rules are borrowed.
 * Thread   one at a time.
 * Errors   none; the end of memory is the program's.
 *
 * Three passes over the same records, in the same order:
 *
 *     each record: redactor_learn      redactor_learned
 *     each record: redactor_find       redactor_found
 *     each record: r = redactor_apply  ... and use r instead
 *
 * tools/trace_redaction.h makes the first two of them over files.
 *
 * Of what cannot be looked for everywhere without harm to the rest (shorter than 4 bytes, fewer than 8 digits and
 * nothing else, words of HTTP or of the trace's own tables) only what stands behind its name is replaced.
 * The hash of what --trace-bodies left out becomes a keyed one, which replay does not compare.
 *
 * A value longer than 8192 bytes is taken for several. Of one in codings within codings (%2525...) at most 8 are
 * undone: what stands there is replaced whole, but is not found where it stands with fewer of them.
 *
 * Names are also found in JSON within a string of JSON or a field of a form, and in a URL within one, at most two
 * codings deep.
 *
 * Not found: what is compressed (but see redactor_learn_bytes), encrypted (TLS, HTTP/2 in a raw connection), masked
 * (what a websocket's client sends) or part of a longer base64 text; the end of a value whose beginning
 * --trace-bodies has left out; on a link, of a message whose head it has cut, what stands behind the cut and is not
 * looked for everywhere. A filter that has a secret in a regular expression may fit no more, unless the secret, or
 * its beginning, stands in it as it is (tools/trace_redact_filters.h).
 */
#ifndef MESSAGES_TRACE_REDACTOR_H
#define MESSAGES_TRACE_REDACTOR_H

#include "messages/redact_rules.h"
#include "messages/trace_reader.h"

struct redactor;

/* The key is any bytes; keep it, or make it at random and forget it. */
struct redactor *redactor_new(struct redact_rules *rules, const void *key, size_t key_length);
void redactor_free(struct redactor *d);

void redactor_learn(struct redactor *d, const struct trace_reader *reader,
                    const struct trace_record *r);
void redactor_learned(struct redactor *d);
void redactor_find(struct redactor *d, const struct trace_reader *reader,
                   const struct trace_record *r);
void redactor_found(struct redactor *d);
/* Valid until the next call, and no longer than r. NULL: the passes before have not seen it (the file has grown
 * since): it must not be shown. */
const struct trace_record *redactor_apply(struct redactor *d, const struct trace_reader *reader,
                                          const struct trace_record *r);

/* Bytes that stand in no record but are made of some and will be shown, as a body without its content coding: what is
 * secret in them is learned, too. Before redactor_learned. */
void redactor_learn_bytes(struct redactor *d, const uint8_t *bytes, size_t length);
/* Replaces what is secret in such bytes. From redactor_learned on. */
void redactor_hide(struct redactor *d, uint8_t *bytes, size_t length);
/* Any text that belongs to the trace (the header's options), from redactor_learned on. free() it. */
char *redactor_text(struct redactor *d, const char *text);
/* The same, of a setting's value: a filter becomes what it becomes in the messages that name it. */
char *redactor_setting(struct redactor *d, const struct trace_setting *setting);

struct redactor_sums {
    uint64_t values;   /* that were learned */
    uint64_t in_place; /* of these, those that are replaced behind their names only */
    uint64_t places;   /* where something is replaced, and begins in nothing else that is */
};
struct redactor_sums redactor_sums(const struct redactor *d);

/* Does what was redacted hold a secret still? Each whole value that is found is told (of those
 * that end with the same byte the longest): what it is ("header cookie"), and where: a record's offset in its file,
 * its sequence and kind. Any time after redactor_found. */
typedef void redactor_left(void *context, const char *what, const struct trace_record *where);

struct redactor_check;
struct redactor_check *redactor_check_new(struct redactor *d, redactor_left *left, void *context);
void redactor_check_free(struct redactor_check *c);
/* Each record of what was redacted, in order: streams and their cuts are looked at, and each place where something
 * was replaced. */
void redactor_check_record(struct redactor_check *c, const struct trace_reader *reader,
                           const struct trace_record *r);
/* False: there were more or fewer records than in the original. */
bool redactor_check_end(struct redactor_check *c);
/* The bytes of the file itself, piece by piece: what is found, and where its first byte is. */
typedef void redactor_left_bytes(void *context, const char *what, uint64_t offset);
void redactor_check_bytes(struct redactor_check *c, const uint8_t *bytes, size_t length,
                          redactor_left_bytes *left, void *context);

#endif
