/* runtime/sim_world.c -- names, files and the log of the simulation; see sim.h
 *
 * What takes time holds up the blocking worker, as the real call would: its next turn, and the flush of
 * its answers, come so much later.
 */
#include "runtime/sim_parts.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- names ---- */

struct sim_name {
    struct sim_name *next;
    char host[256];
    struct address addresses[RESOLVED_MAX];
    unsigned count;
    int error;
    uint64_t delay_us;
};

static struct sim_name *name_find(struct sim *sim, const char *host)
{
    struct sim_name *n = sim->names;
    while (n && strcmp(n->host, host) != 0)
        n = n->next;
    return n;
}

static struct sim_name *name_at(struct sim *sim, const char *host)
{
    struct sim_name *n = name_find(sim, host);
    if (n)
        return n;
    n = sim_alloc(sizeof *n);
    snprintf(n->host, sizeof n->host, "%s", host);
    n->error = EAI_NONAME;
    n->next = sim->names;
    return sim->names = n;
}

static bool ip_parse(struct address *a, const char *ip)
{
    memset(a, 0, sizeof *a);
    a->family = strchr(ip, ':') ? ADDRESS_V6 : ADDRESS_V4;
    return inet_pton(a->family == ADDRESS_V6 ? AF_INET6 : AF_INET, ip, a->ip) == 1;
}

void sim_name_add(struct sim *sim, const char *host, const char *ip)
{
    struct sim_name *n = name_at(sim, host);
    assert(n->count < RESOLVED_MAX);
    bool parsed = ip_parse(&n->addresses[n->count++], ip);
    assert(parsed);
    (void)parsed;
    n->error = 0;
}

void sim_name_fail(struct sim *sim, const char *host, int eai_error)
{
    name_at(sim, host)->error = eai_error;
}

void sim_name_delay(struct sim *sim, const char *host, uint64_t delay_us)
{
    name_at(sim, host)->delay_us = delay_us;
}

int sim_io_resolve(struct worker *w, const char *host, uint16_t port, struct address *out,
                   unsigned *count)
{
    const struct sim_name *n = name_find(sim_of(w), host);
    *count = 0;
    if (!n && ip_parse(&out[0], host))
        *count = 1;
    if (n && n->error == 0) {
        *count = n->count;
        memcpy(out, n->addresses, n->count * sizeof out[0]);
    }
    if (n)
        sim_hold(w, n->delay_us);
    for (unsigned i = 0; i < *count; i++)
        out[i].port = port;
    if (*count)
        return 0;
    return n ? n->error : EAI_NONAME;
}

/* ---- files ---- */

struct sim_file {
    struct sim_file *next;
    uint64_t number;
    struct sim_bytes bytes;
};

void sim_file_open_fails(struct sim *sim, int error)
{
    sim->file_open_error = error;
}

void sim_file_room(struct sim *sim, uint64_t bytes)
{
    sim->file_room_bytes = bytes;
}

void sim_file_total(struct sim *sim, uint64_t bytes)
{
    sim->runtime.file_total_max = bytes;
}

void sim_file_delay(struct sim *sim, uint64_t us)
{
    sim->file_delay_us = us;
}

unsigned sim_files_open(const struct sim *sim)
{
    unsigned n = 0;
    for (const struct sim_file *f = sim->files; f; f = f->next)
        n++;
    return n;
}

static struct sim_file *file_find(struct sim *sim, uint64_t number)
{
    struct sim_file *f = sim->files;
    while (f && f->number != number)
        f = f->next;
    return f;
}

int sim_io_file_open(struct worker *w, const char *directory, uint64_t *file)
{
    struct sim *sim = sim_of(w);
    (void)directory;
    sim_hold(w, sim->file_delay_us);
    if (sim->file_open_error)
        return sim->file_open_error;
    struct sim_file *f = sim_alloc(sizeof *f);
    *file = f->number = ++sim->files_made;
    f->next = sim->files;
    sim->files = f;
    return 0;
}

ssize_t sim_io_file_write(struct worker *w, uint64_t file, const void *bytes, size_t length)
{
    struct sim *sim = sim_of(w);
    struct sim_file *f = file_find(sim, file);
    size_t n = length < sim->file_room_bytes ? length : (size_t)sim->file_room_bytes;
    sim_hold(w, sim->file_delay_us);
    if (!f)
        return -EBADF;
    if (n == 0 && length)
        return -ENOSPC;
    sim_bytes_add(&f->bytes, bytes, n);
    sim->file_room_bytes -= n;
    return (ssize_t)n;
}

ssize_t sim_io_file_read(struct worker *w, uint64_t file, uint64_t offset, void *into, size_t room)
{
    struct sim *sim = sim_of(w);
    const struct sim_file *f = file_find(sim, file);
    sim_hold(w, sim->file_delay_us);
    if (!f)
        return -EBADF;
    if (offset >= f->bytes.length)
        return 0;
    size_t left = f->bytes.length - (size_t)offset, n = left < room ? left : room;
    memcpy(into, sim_bytes_first(&f->bytes) + offset, n);
    return (ssize_t)n;
}

void sim_io_file_close(struct worker *w, uint64_t file)
{
    struct sim *sim = sim_of(w);
    for (struct sim_file **at = &sim->files; *at; at = &(*at)->next)
        if ((*at)->number == file) {
            struct sim_file *f = *at;
            *at = f->next;
            sim->file_room_bytes += f->bytes.length;
            sim_bytes_free(&f->bytes);
            free(f);
            return;
        }
}

/* ---- the log ---- */

void sim_log_block(struct sim *sim, bool blocked)
{
    sim->log_blocked = blocked;
}

bool sim_io_log(struct worker *w, const char *line, size_t length)
{
    struct sim *sim = sim_of(w);
    if (sim->log_blocked)
        return false;
    char **at = &sim->log[sim->log_lines++ % SIM_LOG_LINES];
    free(*at);
    *at = strndup(line, length);
    return true;
}

bool sim_log_contains(const struct sim *sim, const char *text)
{
    for (size_t i = 0; i < SIM_LOG_LINES && sim->log[i]; i++)
        if (strstr(sim->log[i], text))
            return true;
    return false;
}

void sim_log_print(const struct sim *sim)
{
    size_t kept = sim->log_lines < SIM_LOG_LINES ? sim->log_lines : SIM_LOG_LINES;
    for (size_t i = sim->log_lines - kept; i < sim->log_lines; i++)
        fputs(sim->log[i % SIM_LOG_LINES], stdout);
}

/* ---- its end ---- */

void sim_world_destroy(struct sim *sim)
{
    while (sim->names) {
        struct sim_name *n = sim->names;
        sim->names = n->next;
        free(n);
    }
    while (sim->files) {
        struct sim_file *f = sim->files;
        sim->files = f->next;
        sim_bytes_free(&f->bytes);
        free(f);
    }
    for (size_t i = 0; i < SIM_LOG_LINES; i++)
        free(sim->log[i]);
}
