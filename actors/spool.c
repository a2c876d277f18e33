/* actors/spool.c -- see spool.h */
#include "actors/spool.h"
#include "actors/settings.h"
#include <string.h>

static void spool_open(struct actor *self, struct spool *s)
{
    s->open = true;
    s->file++;
    file_open(self, s->file, span_copy(settings->spool_dir, strlen(settings->spool_dir)));
}

enum spool_result spool_write(struct actor *self, struct spool *s, struct span bytes)
{
    if (!s->open)
        spool_open(self, s);
    s->written += bytes.length;
    bool too_large = s->written > settings->spool_max;
    if (too_large || s->written - s->confirmed > SPOOL_BEHIND_MAX) {
        span_release(&bytes);
        return too_large ? SPOOL_LIMIT : SPOOL_BEHIND;
    }
    file_write(self, s->file, bytes);
    return SPOOL_OK;
}

void spool_read(struct actor *self, struct spool *s)
{
    if (s->reading || s->read >= s->confirmed)
        return;
    uint64_t left = s->confirmed - s->read;
    s->reading = true;
    file_read(self, s->file, s->read,
              (uint32_t)(left < SPOOL_READ_BYTES ? left : SPOOL_READ_BYTES));
}

static uint32_t file_of(struct message *m)
{
    switch (m->kind) {
    case MSG_FILE_OPENED: return msg_file_opened(m)->n;
    case MSG_FILE_WRITTEN: return msg_file_written(m)->n;
    default: return msg_file_read(m)->n;
    }
}

bool spool_is_mine(const struct spool *s, struct message *m)
{
    return s->open && file_of(m) == s->file;
}

static bool on_read(struct spool *s, const struct msg_file_read *r)
{
    s->reading = false;
    s->read += r->bytes.length;
    s->error = r->error;
    return r->bytes.length != 0;
}

enum spool_result spool_on_done(struct spool *s, struct message *m)
{
    bool there = true;
    switch (m->kind) {
    case MSG_FILE_OPENED: s->error = msg_file_opened(m)->error; break;
    case MSG_FILE_WRITTEN:
        s->confirmed += msg_file_written(m)->bytes;
        s->error = msg_file_written(m)->error;
        break;
    default: there = on_read(s, msg_file_read(m)); break;
    }
    return s->error || !there ? SPOOL_DISK : SPOOL_OK;
}

bool spool_is_empty(const struct spool *s)
{
    return s->read == s->written;
}

void spool_close(struct actor *self, struct spool *s)
{
    if (s->open)
        file_close(self, s->file);
    span_release(&s->trailers);
    *s = (struct spool){.file = s->file};
}
