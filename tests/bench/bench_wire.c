/* tests/bench/bench_wire.c -- what decoding costs, each figure beside its aim.
 *
 * The messages are those of tests/data/vectors/named-messages.tsv and three made here. Each figure
 * is the median of --runs=N, taken in turn. Beside each: the bytes that were allocated per message
 * (through the decoder's allocator, after the first thousand messages), and the plain copy of the
 * same bytes in the same run, which says how fast the machine was.
 *
 * usage: bench_wire [--runs=N]
 * exit   0; 1 when a figure was above three times its aim in every run; 2 when it cannot be measured
 */
#include "messages/wire_bytes.h"
#include "messages/wire_decoder.h"
#include "messages/wire_text.h"
#include "tests/bench/bench_clock.h"
#include "tests/wire_vectors.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RUNS_MAX = 99, DATA_LARGE = 1 << 20, DATA_MIDDLE = 64 << 10, PIECE = 1400 };

static struct bytes mixed, start_v2, small, middle, large;

/* ---- messages -------------------------------------------------------------------------------- */

static unsigned mixed_count;

static void take_agents(const struct vector *v, void *context)
{
    (void)context;
    if (v->from != WIRE_FROM_AGENT)
        return;
    bytes_append(&mixed, v->bytes, v->length);
    mixed_count++;
}

static void make_data(struct bytes *out, size_t length)
{
    struct wire_text_source text = {0};
    struct wire_bytes_sink sink = {0};
    static const char message[] = "TcpSteal(Data{connection_id: 7, bytes: \"";
    struct wire_buffer line = {0};
    wire_buffer_text(&line, message);
    for (size_t i = 0; i < length; i++)
        wire_buffer_text(&line, "x");
    wire_buffer_text(&line, "\"})");
    wire_text_source_begin(&text, (char *)line.at, line.length);
    struct wire_transcode t = {&wire_text_source, &text, &wire_bytes_sink, &sink, 0, ""};
    if (!wire_transcode(&t, WIRE_FROM_AGENT))
        abort();
    bytes_append(out, sink.out.at, sink.out.length);
    wire_bytes_sink_release(&sink);
    wire_text_source_release(&text);
    wire_buffer_release(&line);
}

static bool make_messages(void)
{
    static struct vector v;
    if (vectors_named(take_agents, NULL) == 0 || !vectors_find(WIRE_FROM_AGENT, "req-start-v2", &v))
        return false;
    bytes_append(&start_v2, v.bytes, v.length);
    make_data(&small, 5);
    make_data(&middle, DATA_MIDDLE);
    make_data(&large, DATA_LARGE);
    return true;
}

/* ---- a run ----------------------------------------------------------------------------------- */

static uint64_t allocated;

static void *counting(void *at, size_t length)
{
    allocated += length;
    return realloc(at, length);
}

static struct wire_decoder decoder;
static volatile uint64_t seen; /* what is decoded is looked at: nothing may be left out */

/* Over all bytes, in pieces; the messages that came. */
static uint64_t decode(const struct bytes *b, size_t piece)
{
    uint64_t messages = 0;
    for (size_t at = 0; at < b->length;) {
        size_t n = b->length - at < piece ? b->length - at : piece, eaten;
        enum wire_verdict v = wire_decoder_feed(&decoder, b->at + at, n, &eaten);
        if (v == WIRE_MESSAGE) {
            messages++;
            seen += decoder.message.kind + decoder.message.connection;
        } else if (v != WIRE_MORE) {
            fprintf(stderr, "bench_wire: %s\n", decoder.error);
            exit(2);
        }
        at += eaten;
    }
    return messages;
}

struct figure {
    const char *name, *unit;
    const struct bytes *bytes;
    size_t piece;
    uint64_t rounds;
    double aim;
    bool is_rate; /* GB/s, and more is better */
};

static const struct figure figures[] = {
    {"mixed agent messages", "ns", &mixed, SIZE_MAX, 20000, 40, false},
    {"StartV2", "ns", &start_v2, SIZE_MAX, 400000, 120, false},
    {"Data of 5 bytes", "ns", &small, SIZE_MAX, 2000000, 15, false},
    {"Data of 64 KiB, whole", "ns", &middle, SIZE_MAX, 200000, 0, false},
    {"Data of 1 MiB in pieces of 1400", "GB/s", &large, PIECE, 400, 5, true},
};

enum { FIGURES = sizeof figures / sizeof figures[0] };

struct outcome {
    double values[RUNS_MAX], copies[RUNS_MAX];
    uint64_t allocated;
};

static double measure(const struct figure *f, uint64_t *allocated_each)
{
    uint64_t messages = 0;
    wire_decoder_create(&decoder, WIRE_FROM_AGENT, version_newest(), UINT64_MAX);
    wire_decoder_set_allocator(&decoder, counting);
    for (unsigned i = 0; i < 1000 / (f->is_rate ? 100 : 1); i++)
        decode(f->bytes, f->piece);
    allocated = 0;
    double start = bench_cpu_ns();
    for (uint64_t i = 0; i < f->rounds; i++)
        messages += decode(f->bytes, f->piece);
    double spent = bench_cpu_ns() - start;
    *allocated_each = allocated / messages;
    wire_decoder_destroy(&decoder);
    return f->is_rate ? (double)f->bytes->length * (double)f->rounds / spent
                      : spent / (double)messages;
}

/* The peer: the same bytes, only copied. */
static double copy(const struct figure *f)
{
    static uint8_t into[2 << 20];
    uint64_t rounds = f->rounds, each = f->bytes == &mixed ? mixed_count : 1;
    double start = bench_cpu_ns();
    for (uint64_t i = 0; i < rounds; i++) {
        memcpy(into, f->bytes->at, f->bytes->length);
        __asm__ volatile("" ::: "memory");
    }
    double spent = bench_cpu_ns() - start;
    return f->is_rate ? (double)f->bytes->length * (double)rounds / spent
                      : spent / (double)(rounds * each);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static bool print_figure(const struct figure *f, struct outcome *o, unsigned runs)
{
    char aim[24] = "";
    qsort(o->values, runs, sizeof o->values[0], by_value);
    qsort(o->copies, runs, sizeof o->copies[0], by_value);
    double median = o->values[runs / 2], best = o->values[f->is_rate ? runs - 1 : 0];
    bool met = f->aim <= 0 || (f->is_rate ? median >= f->aim : median <= f->aim);
    bool far_off = f->aim > 0 && (f->is_rate ? best * 3 < f->aim : best > 3 * f->aim);
    if (f->aim > 0)
        snprintf(aim, sizeof aim, "%s %g", f->is_rate ? ">=" : "<=", f->aim);
    printf("%-34s %-7s %8.4g  %8.4g .. %-8.4g %-5s copy %8.4g  allocated %llu  %s\n", f->name, aim,
           median, o->values[0], o->values[runs - 1], f->unit, o->copies[runs / 2],
           (unsigned long long)o->allocated,
           f->aim <= 0 ? ""
           : met       ? "met"
           : far_off   ? "FAR OFF"
                       : "missed");
    return !far_off;
}

int main(int argc, char **argv)
{
    static struct outcome outcomes[FIGURES];
    unsigned runs = 9;
    bool fine = true;
    if (argc > 1 && !strncmp(argv[1], "--runs=", 7))
        runs = (unsigned)strtoul(argv[1] + 7, NULL, 10);
    if (argc > 2 || runs == 0 || runs > RUNS_MAX || !make_messages()) {
        fprintf(stderr, "usage: bench_wire [--runs=1..%d], where tests/data is\n", RUNS_MAX);
        return 2;
    }
    for (unsigned run = 0; run < runs; run++)
        for (unsigned i = 0; i < FIGURES; i++) {
            outcomes[i].copies[run] = copy(&figures[i]);
            outcomes[i].values[run] = measure(&figures[i], &outcomes[i].allocated);
        }
    printf("%u mixed messages of %zu bytes; StartV2 of %zu bytes\n", mixed_count, mixed.length,
           start_v2.length);
    for (unsigned i = 0; i < FIGURES; i++)
        fine &= print_figure(&figures[i], &outcomes[i], runs);
    return fine ? 0 : 1;
}
