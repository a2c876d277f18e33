/* tools/trace_tree.h -- the story of one exchange, as text; see trace_story.h for what belongs to it. */
#ifndef TOOLS_TRACE_TREE_H
#define TOOLS_TRACE_TREE_H

#include "tools/trace_line.h"

struct trace_tree {
    uint64_t gap_ns;   /* pauses from this on are said */
    uint64_t began_ns; /* of the trace */
    bool no_effects, colour;
};

/* "GET /api -> 200", "raw connection". */
void trace_tree_title(struct trace_text *t, const struct trace_exchange *x);
/* Reads the files twice. Damage in them is not said again. exchanges: what one pass has gathered. */
void trace_tree_tell(const struct trace_tree *tree, struct trace_text *t, const char *const *paths,
                     unsigned count, struct trace_exchanges *exchanges,
                     const struct trace_exchange *x);

#endif
