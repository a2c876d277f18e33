/* actors/spool.c -- see spool.h */
#include "actors/spool.h"
#include "actors/settings.h"
#include <string.h>

static void spool_open(struct actor *self, struct spool *s)
{
    s->open = true;
    file_open(self, SPOOL_FILE, span_copy(settings->spool_dir, strlen(settings->spool_dir)));
}

enum spool_result spool_write(struct actor *self, struct spool *s, struct span bytes)
{
    if (!s->open)
        spool_open(self, s);
    s->written += bytes.length;
    if (s->written > settings->spool_max || s->written - s->confirmed > SPOOL_BEHIND_MAX) {
        span_release(&bytes);
        return SPOOL_LIMIT;
    }
    file_write(self, SPOOL_FILE, bytes);
    return SPOOL_OK;
}

void spool_read(struct actor *self, struct spool *s)
{
    if (s->reading || s->read >= s->confirmed)
        return;
    uint64_t left = s->confirmed - s->read;
    s->reading = true;
    file_read(self, SPOOL_FILE, s->read,
              (uint32_t)(left < SPOOL_READ_BYTES ? left : SPOOL_READ_BYTES));
}

enum spool_result spool_on_done(struct spool *s, struct message *m)
{
    if (m->kind == MSG_FILE_OPENED)
        return msg_file_opened(m)->error ? SPOOL_DISK : SPOOL_OK;
    s->confirmed += msg_file_written(m)->bytes;
    return msg_file_written(m)->error ? SPOOL_DISK : SPOOL_OK;
}

bool spool_is_empty(const struct spool *s)
{
    return s->read == s->written;
}

void spool_close(struct actor *self, struct spool *s)
{
    if (s->open)
        file_close(self, SPOOL_FILE);
    span_release(&s->trailers);
    *s = (struct spool){.open = false};
}
