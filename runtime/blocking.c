/* runtime/blocking.c -- what would block a worker, done on the blocking worker and answered by a message.
 *
 * Names are looked up by another actor of the same type; see names_apart in runtime.h.
 * A file is a struct that the asking worker makes and names; its descriptor is known to the blocking
 * worker alone. Jobs of one file arrive in the order in which they were asked for, CLOSE last.
 */
#include "runtime/lives.h"
#include "runtime/runtime.h"
#include "runtime/worker.h"
#include <errno.h>
#include <netdb.h>
#include <string.h>

struct file {
    struct file *next; /* of the same owner; the owner's worker */
    uint32_t n;        /* the owner's worker */
    uint64_t handle;   /* the blocking worker */
    int error;         /* the blocking worker: it could not be opened */
    uint64_t bytes;    /* the blocking worker: in it */
};

/* ---- asking ---- */

static void ask_of(struct actor *self, struct actor_ref whom, struct message *job)
{
    job->from = self->ref;
    job->to = whom;
    job->exchange = self->exchange;
    worker_route(self->worker, job);
}

static void ask(struct actor *self, struct message *job)
{
    ask_of(self, self->worker->runtime->blocking, job);
}

/* When a look-up was asked for stands in its flags, in units of 65 ms; it wraps in 71 minutes. */
static uint16_t look_up_time(uint64_t now_us)
{
    return (uint16_t)(now_us >> 16);
}

static void ask_for_name(struct actor *self, uint32_t n, struct span host, uint16_t port)
{
    struct message *job = msg_job_resolve_new((struct msg_job_resolve){host, n, port});
    job->flags = look_up_time(self->worker->now_us);
    ask_of(self, self->worker->runtime->names, job);
}

void name_resolve(struct actor *self, uint32_t n, struct span host, uint16_t port)
{
    if (SHOWN_ONLY(self, .kind = EFFECT_RESOLVE, .n = n, .value = port, .bytes = span_bytes(host),
                   .length = host.length))
        span_release(&host);
    else
        ask_for_name(self, n, host, port);
}

static struct file *find(const struct actor *owner, uint32_t n)
{
    struct file *f = owner->files;
    while (f && f->n != n)
        f = f->next;
    return f;
}

static uint64_t name_of(const struct actor *owner, uint32_t n)
{
    struct file *f = find(owner, n);
    assert(f);
    return (uint64_t)(uintptr_t)f;
}

void file_open(struct actor *self, uint32_t n, struct span directory)
{
    if (SHOWN_ONLY(self, .kind = EFFECT_FILE_OPEN, .n = n, .bytes = span_bytes(directory),
                   .length = directory.length)) {
        span_release(&directory);
        return;
    }
    assert(!find(self, n));
    struct file *f = heap_alloc(sizeof *f);
    *f = (struct file){.next = self->files, .n = n};
    self->files = f;
    ask(self,
        msg_job_file_open_new((struct msg_job_file_open){directory, (uint64_t)(uintptr_t)f, n}));
}

void file_write(struct actor *self, uint32_t n, struct span bytes)
{
    if (SHOWN_ONLY(self, .kind = EFFECT_FILE_WRITE, .n = n, .bytes = span_bytes(bytes),
                   .length = bytes.length))
        span_release(&bytes);
    else
        ask(self, msg_job_file_write_new((struct msg_job_file_write){bytes, name_of(self, n), n}));
}

void file_read(struct actor *self, uint32_t n, uint64_t offset, uint32_t length)
{
    if (!SHOWN_ONLY(self, .kind = EFFECT_FILE_READ, .n = n, .value = offset, .length = length))
        ask(self,
            msg_job_file_read_new((struct msg_job_file_read){name_of(self, n), offset, length, n}));
}

static void let_go(struct actor *owner, uint32_t n)
{
    struct file **at = &owner->files;
    while (*at && (*at)->n != n)
        at = &(*at)->next;
    struct file *f = *at;
    assert(f);
    *at = f->next;
    ask(owner, msg_job_file_close_new((struct msg_job_file_close){(uint64_t)(uintptr_t)f}));
}

void file_close(struct actor *self, uint32_t n)
{
    if (!SHOWN_ONLY(self, .kind = EFFECT_FILE_CLOSE, .n = n))
        let_go(self, n);
}

void files_close_all(struct actor *owner)
{
    while (owner->files)
        let_go(owner, owner->files->n);
}

/* ---- doing ---- */

static struct file *file_of(uint64_t name)
{
    return (struct file *)(uintptr_t)name;
}

static void answer(struct actor *self, const struct message *job, struct message *m)
{
    m->exchange = job->exchange;
    actor_send(self, job->from, m);
}

static void text_of(struct span s, char *out, size_t room)
{
    size_t n = s.length < room - 1 ? s.length : room - 1;
    if (n)
        memcpy(out, span_bytes(s), n);
    out[n] = '\0';
}

/* Behind look-ups that time out others wait for longer than anybody does. */
static bool is_late(struct worker *w, const struct message *job)
{
    uint16_t age = (uint16_t)(look_up_time(w->io->clock(w)) - job->flags);
    return age > look_up_time(NAME_WAIT_US) + 1;
}

/* Nothing is looked up for a program that ends: how long it would take, nobody knows. In this order,
 * for runtime_run reads both, too. */
static int look_up(struct worker *w, const struct message *m, const char *host, uint16_t port,
                   struct address *found, unsigned *count)
{
    int error = EAI_AGAIN;
    atomic_store(&w->runtime->looking_up, true);
    if (!atomic_load(&w->runtime->ending) && !is_late(w, m))
        error = w->io->resolve(w, host, port, found, count);
    atomic_store(&w->runtime->looking_up, false);
    return error;
}

static void on_resolve(struct actor *self, struct message *m)
{
    const struct msg_job_resolve *job = msg_job_resolve(m);
    char host[256];
    struct address found[RESOLVED_MAX];
    unsigned count = 0;
    uint8_t packed[RESOLVED_MAX * ADDRESS_PACKED_BYTES];
    text_of(job->host, host, sizeof host);
    int error = look_up(self->worker, m, host, job->port, found, &count);
    for (unsigned i = 0; i < count; i++)
        address_pack(&found[i], packed + i * ADDRESS_PACKED_BYTES);
    answer(self, m,
           msg_resolved_new((struct msg_resolved){
               span_copy(packed, count * (size_t)ADDRESS_PACKED_BYTES), job->n, error}));
}

static void on_file_open(struct actor *self, struct message *m)
{
    const struct msg_job_file_open *job = msg_job_file_open(m);
    struct file *f = file_of(job->file);
    char directory[256];
    text_of(job->directory, directory, sizeof directory);
    f->error = self->worker->io->file_open(self->worker, directory, &f->handle);
    answer(self, m, msg_file_opened_new((struct msg_file_opened){job->n, (uint32_t)f->error}));
}

static void on_file_write(struct actor *self, struct message *m)
{
    const struct msg_job_file_write *job = msg_job_file_write(m);
    struct file *f = file_of(job->file);
    struct runtime *r = self->worker->runtime;
    bool full = r->file_total_max && r->file_total + job->bytes.length > r->file_total_max;
    ssize_t n = f->error ? -f->error : full ? -ENOSPC : 0;
    uint32_t done = 0;
    while (n >= 0 && done < job->bytes.length) {
        n = self->worker->io->file_write(self->worker, f->handle, span_bytes(job->bytes) + done,
                                         job->bytes.length - done);
        if (n <= 0)
            break;
        done += (uint32_t)n;
    }
    f->bytes += done;
    r->file_total += done;
    uint32_t error = n < 0 ? (uint32_t)-n : 0;
    answer(self, m, msg_file_written_new((struct msg_file_written){job->n, error, done}));
}

static void on_file_read(struct actor *self, struct message *m)
{
    const struct msg_job_file_read *job = msg_job_file_read(m);
    struct file *f = file_of(job->file);
    struct chunk *c = chunk_new(job->length);
    ssize_t n = f->error ? -f->error
                         : self->worker->io->file_read(self->worker, f->handle, job->offset,
                                                       c->bytes, job->length);
    struct span bytes = n > 0 ? (struct span){c, 0, (uint32_t)n} : NO_BYTES;
    if (n <= 0)
        chunk_unref(c);
    answer(self, m,
           msg_file_read_new((struct msg_file_read){bytes, job->n, n < 0 ? (uint32_t)-n : 0}));
}

static void on_file_close(struct actor *self, struct message *m)
{
    struct file *f = file_of(msg_job_file_close(m)->file);
    self->worker->runtime->file_total -= f->bytes;
    if (!f->error)
        self->worker->io->file_close(self->worker, f->handle);
    heap_free(f, sizeof *f);
}

static void on_message(struct actor *self, struct message *m)
{
    switch (m->kind) {
    case MSG_JOB_RESOLVE: on_resolve(self, m); break;
    case MSG_JOB_FILE_OPEN: on_file_open(self, m); break;
    case MSG_JOB_FILE_WRITE: on_file_write(self, m); break;
    case MSG_JOB_FILE_READ: on_file_read(self, m); break;
    case MSG_JOB_FILE_CLOSE: on_file_close(self, m); break;
    case MSG_WATCH: break; /* its birth */
    default: actor_unexpected(self, m); break;
    }
}

const struct actor_type blocking_type = {"blocking", sizeof(struct actor), on_message, NULL};
