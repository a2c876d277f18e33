/* messages/trace_tables.h -- what a trace file says of itself, as it was read: header, kinds, types, effects,
 * settings. Of trace_reader's making; others ask the reader.
 *
 * Owner    the reader. Kinds and names of types live as long as the tables, through all parts of a trace.
 * Thread   one at a time.
 * Errors   trace_tables_take says what cannot be read.
 */
#ifndef MESSAGES_TRACE_TABLES_H
#define MESSAGES_TRACE_TABLES_H

#include "messages/trace_about.h"
#include "messages/trace_format.h"
#include "messages/trace_record.h"

/* Of types, one number fewer than a byte has: the last says that the type is not known. */
enum { TABLE_KINDS_MAX = 1024, TABLE_TYPES_MAX = UINT8_MAX, TABLE_EFFECTS_MAX = 256 };

struct tpl_node;

struct read_kind {
    struct trace_kind kind;
    struct tpl_node *map;               /* the reader's; NULL: not used yet */
    char format[TRACE_CALL_FORMAT_MAX]; /* of a kind that is known */
    struct read_kind *before;           /* among those of files of before */
};

struct read_effect {
    unsigned has;
    int ours; /* enum effect_kind; -1: not known here */
};

struct read_image {
    uint8_t *bytes;
    size_t length;
};

struct kept_text {
    struct kept_text *before;
    char text[];
};

struct trace_tables {
    struct read_image images[FRAME_SETTINGS + 1]; /* by frame */
    struct trace_about about;
    bool has_about;
    unsigned traces; /* that were begun; a part of the same one does not count */
    struct read_kind *kinds[TABLE_KINDS_MAX];
    const char *types[TABLE_TYPES_MAX + 1]; /* NULL behind the last */
    struct read_effect effects[TABLE_EFFECTS_MAX];
    unsigned effect_count;
    struct trace_setting *settings; /* NULL: none */
    size_t setting_count;

    struct read_kind *kinds_before;
    struct kept_text *texts; /* names of types */
};

/* The image of a frame of the beginning, FRAME_HEADER to FRAME_SETTINGS. NULL, or what is wrong with it. A header
 * of another trace makes all else forgotten. */
const char *trace_tables_take(struct trace_tables *t, unsigned type, void *image, size_t length);
/* Numbers, by name and by the effect here; UINT8_MAX and -1: it has none such. */
uint8_t trace_tables_type(const struct trace_tables *t, const char *name);
int trace_tables_effect(const struct trace_tables *t, int ours);
void trace_tables_free(struct trace_tables *t);

#endif
