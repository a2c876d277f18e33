/* tools/trace_input.h -- trace files, as records: what every command of intproxy-trace begins with.
 *
 * Purpose  opens the files that were named (the parts of one trace in order, see trace_parts_order.h; a name whose
 *          file does not exist but whose parts do, NAME.1, NAME.2 ..., stands for them) and gives their records.
 *          What is damaged or torn is said on stderr, with file and offset, and counted (of many places in a file:
 *          the first); all else is read. Files may be written to meanwhile, and be rotated: what is read is what there
 *          was when a file was opened, or the reader might run after a fast writer for ever; who follows gets all.
 * Owner    whoever opened it.
 * Thread   one.
 */
#ifndef TOOLS_TRACE_INPUT_H
#define TOOLS_TRACE_INPUT_H

#include "messages/trace_reader.h"
#include "tools/trace_parts.h"

struct trace_input {
    struct trace_reader *reader;
    const char *const *paths; /* as they were given */
    unsigned count, at;
    uint32_t part; /* of a name that stands for its parts; 0: none */
    int fd;        /* -1: none */
    char name[TRACE_PATH_MAX];
    bool follow; /* at the end of the last file, wait for more, or for the next part */
    /* Called while following, when there is nothing to read for now. False: it ends. NULL: it never does. */
    bool (*waits)(void *context);
    void *context;
    bool quiet;         /* damage is counted, not said */
    bool failed;        /* a file could not be opened or read: EXIT_IO, said */
    uint64_t bad;       /* places that could not be read */
    uint64_t said;      /* of these, in this file */
    uint64_t torn;      /* files that end within a record, or before the first */
    uint64_t files;     /* begun */
    uint64_t bytes;     /* read of this file */
    uint64_t size;      /* it had so many when it was opened; UINT64_MAX: it is read to its end */
    uint32_t last_part; /* that there was when the first was opened */
    bool ended;         /* it has no more */
    bool grows;         /* ... but it is being written: the record that its size cuts is not torn */
    bool had_more;      /* the next part was there when this one was read to its end */
};

/* "-" is standard input. */
void trace_input_open(struct trace_input *in, const char *const *paths, unsigned count);
void trace_input_close(struct trace_input *in);
/* The next record. False: there is none any more; see bad, torn, failed. */
bool trace_input_next(struct trace_input *in, struct trace_record *record);
/* What the file says of itself; NULL: nothing was read of it yet. Use trace_input_next first. */
const struct trace_about *trace_input_about(const struct trace_input *in);
/* 0; EXIT_DATA if something could not be read, EXIT_IO if a file could not. */
int trace_input_status(const struct trace_input *in);

#endif
