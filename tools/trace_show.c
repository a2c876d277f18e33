/* tools/trace_show.c -- `intproxy-trace show`: one line a message. */
#include "tools/output.h"
#include "tools/trace_commands.h"
#include "tools/trace_input.h"
#include <inttypes.h>

int trace_show(int argc, char **argv)
{
    struct trace_input in = {0};
    struct trace_record r;
    trace_input_open(&in, (const char *const *)argv + 1, (unsigned)argc - 1);
    while (trace_input_next(&in, &r)) {
        output_format("%" PRIu64 " %" PRIu64 " %u %s %s %u.%u->%u.%u x%u #%u", r.sequence,
                      r.ended_ns, r.took_ns, r.type ? r.type : "?", r.kind ? r.kind->name : "",
                      r.from.place, r.from.generation, r.to.place, r.to.generation, r.exchange,
                      r.number);
        for (unsigned i = 0; r.kind && r.what == TRACE_CALL && i < r.kind->field_count; i++)
            if (r.kind->fields[i].type == FIELD_span)
                output_format(" %s=<%u>", r.kind->fields[i].name,
                              r.spans[r.kind->fields[i].span].length);
            else
                output_format(" %s=%" PRIu64, r.kind->fields[i].name, r.values[i]);
        struct trace_effect e;
        size_t at = 0;
        while (trace_effect_next(in.reader, &r, &at, &e))
            output_format(" | %s %u %s", effect_name(e.kind), e.n,
                          e.message ? e.message->name : "");
        output_text("\n");
    }
    int status = trace_input_status(&in);
    trace_input_close(&in);
    output_flush();
    return status;
}
