/* runtime/actor.c -- the effects that concern the actor's own life, and its log; see actor.h
 *
 * Sending is the hottest of all and stands where the mailboxes are, in worker.c.
 */
#include "runtime/runtime.h"
#include "runtime/worker.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool worker_effect(struct actor *self, const struct effect *e)
{
    struct worker *w = self->worker;
    w->hooks->effect(w->hooks->context, self, e);
    return w->isolated;
}

struct message *actor_take(struct actor *self, struct message *m)
{
    self->worker->message_taken = true;
    return m;
}

uint64_t actor_now(const struct actor *self)
{
    return self->worker->now_us;
}

unsigned actor_worker(const struct actor *self)
{
    return ref_worker(self->ref);
}

void actor_stop(struct actor *self, enum stop_reason reason)
{
    if (self->stopping)
        return;
    (void)SHOWN_ONLY(self, .kind = EFFECT_STOP, .n = reason);
    self->stopping = true;
    self->stop_reason = (uint8_t)reason;
}

void actor_end_program(struct actor *self, int status)
{
    if (!SHOWN_ONLY(self, .kind = EFFECT_END_PROGRAM, .n = (uint32_t)status))
        runtime_end(self->worker->runtime, status);
}

void actor_log(struct actor *self, enum log_level level, const char *sentence, const char *fields,
               ...)
{
    if (!log_wants(level))
        return;
    char text[LOG_TEXT_MAX], speaker[64];
    snprintf(speaker, sizeof speaker, "%s/%u.%u", self->type->name, ref_worker(self->ref),
             ref_slot(self->ref));
    size_t length = log_record(text, sizeof text, speaker, sentence);
    if (fields) {
        va_list list;
        va_start(list, fields);
        length += log_fields(text + length, sizeof text - length, fields, list);
        va_end(list);
    }
    if (!SHOWN_ONLY(self, .kind = EFFECT_LOG, .n = level, .bytes = (const uint8_t *)text,
                    .length = length))
        runtime_log(self->worker, level, text, length);
}

void actor_unexpected(struct actor *self, const struct message *m)
{
    struct worker *w = self->worker;
    w->counters.unexpected++;
    actor_log(self, LOG_DEBUG, "a message that nobody expected here", "kind=%s",
              message_kind_info(m->kind)->name);
}

enum {
    N = EFFECT_HAS_N,
    VALUE = EFFECT_HAS_VALUE,
    REF = EFFECT_HAS_REF,
    TYPE = EFFECT_HAS_TYPE,
    MESSAGE = EFFECT_HAS_MESSAGE,
    ADDRESS = EFFECT_HAS_ADDRESS,
    BYTES = EFFECT_HAS_BYTES,
    LENGTH = EFFECT_HAS_LENGTH,
};

const uint8_t effect_fields[] = {
#define EFFECT(NAME, name, has) has,
#include "runtime/effects.def"
#undef EFFECT
};

static const char *const effect_names[] = {
#define EFFECT(NAME, name, has) #name,
#include "runtime/effects.def"
#undef EFFECT
};

const char *effect_name(enum effect_kind kind)
{
    return effect_names[kind];
}
