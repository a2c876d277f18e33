/* tests/wire_forms.c -- see wire_forms.h */
#include "tests/wire_forms.h"
#include "messages/wire_bytes.h"
#include "messages/wire_dump.h"
#include "messages/wire_json.h"
#include "messages/wire_text.h"
#include <stdio.h>
#include <string.h>

static bool run(struct forms *f, enum wire_from from, struct wire_transcode *t)
{
    bool fine = wire_transcode(t, from);
    snprintf(f->error, sizeof f->error, "%s", t->error);
    return fine;
}

/* What a sink has written becomes the result; what was the result is released. */
static void result(struct forms *f, struct wire_buffer *out)
{
    wire_buffer_release(&f->out);
    f->out = *out;
}

static void source_begin(struct forms *f, struct wire_bytes_source *s, const void *bytes,
                         size_t length)
{
    memset(s, 0, sizeof *s);
    s->fold.reallocate = s->text.reallocate = f->reallocate;
    wire_bytes_source_begin(s, bytes, length);
}

bool forms_canonical(struct forms *f, enum wire_from from, const void *bytes, size_t length)
{
    struct wire_bytes_source source;
    struct wire_bytes_sink sink = {.out.reallocate = f->reallocate};
    source_begin(f, &source, bytes, length);
    struct wire_transcode t = {&wire_bytes_source, &source, &wire_bytes_sink, &sink, 0, ""};
    bool fine = run(f, from, &t);
    f->unordered = source.unordered;
    f->read = (size_t)(source.at - source.begin);
    wire_bytes_source_release(&source);
    result(f, &sink.out);
    return fine;
}

bool forms_to_text(struct forms *f, enum wire_from from, const void *bytes, size_t length)
{
    struct wire_bytes_source source;
    struct wire_text_sink sink = {.out.reallocate = f->reallocate};
    source_begin(f, &source, bytes, length);
    struct wire_transcode t = {&wire_bytes_source, &source, &wire_text_sink, &sink, 0, ""};
    bool fine = run(f, from, &t);
    wire_bytes_source_release(&source);
    result(f, &sink.out);
    return fine;
}

bool forms_from_text(struct forms *f, enum wire_from from, const void *text, size_t length)
{
    struct wire_text_source source = {.string.reallocate = f->reallocate};
    struct wire_bytes_sink sink = {.out.reallocate = f->reallocate};
    wire_text_source_begin(&source, text, length);
    struct wire_transcode t = {&wire_text_source, &source, &wire_bytes_sink, &sink, 0, ""};
    bool fine = run(f, from, &t) && wire_text_source_over(&t);
    snprintf(f->error, sizeof f->error, "%s", t.error);
    wire_text_source_release(&source);
    result(f, &sink.out);
    return fine;
}

bool forms_to_json(struct forms *f, enum wire_from from, const void *bytes, size_t length)
{
    struct wire_bytes_source source;
    struct wire_json_sink sink = {.out.reallocate = f->reallocate};
    source_begin(f, &source, bytes, length);
    struct wire_transcode t = {&wire_bytes_source, &source, &wire_json_sink, &sink, 0, ""};
    bool fine = run(f, from, &t);
    wire_bytes_source_release(&source);
    result(f, &sink.out);
    return fine;
}

bool forms_from_json(struct forms *f, enum wire_from from, const void *text, size_t length)
{
    struct wire_json_source source = {.string.reallocate = f->reallocate};
    struct wire_bytes_sink sink = {.out.reallocate = f->reallocate};
    json_error_t error;
    json_t *message =
        json_loadb(text, length, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (!message) {
        snprintf(f->error, sizeof f->error, "%s", error.text);
        return false;
    }
    wire_json_source_begin(&source, message);
    struct wire_transcode t = {&wire_json_source, &source, &wire_bytes_sink, &sink, 0, ""};
    bool fine = run(f, from, &t);
    json_decref(message);
    wire_json_source_release(&source);
    result(f, &sink.out);
    return fine;
}

bool forms_dump(struct forms *f, enum wire_from from, const void *bytes, size_t length)
{
    struct wire_bytes_source source;
    struct wire_dump_sink sink = {.text.out.reallocate = f->reallocate};
    source_begin(f, &source, bytes, length);
    source.raw = true;
    wire_dump_sink_begin(&sink, &source);
    struct wire_transcode t = {&wire_bytes_source, &source, &wire_dump_sink, &sink, 0, ""};
    bool fine = run(f, from, &t);
    wire_bytes_source_release(&source);
    result(f, &sink.text.out);
    return fine;
}

void forms_release(struct forms *f)
{
    wire_buffer_release(&f->out);
}
