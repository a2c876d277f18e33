/* tools/trace_mermaid.h -- a diagram as the text of a mermaid sequenceDiagram, on standard output. */
#ifndef TOOLS_TRACE_MERMAID_H
#define TOOLS_TRACE_MERMAID_H

#include "tools/trace_diagram.h"

/* `most`: so many messages, a run of data counted as one; what was left out is said in a note. */
void trace_mermaid_write(const struct diagram *d, uint64_t most);

#endif
