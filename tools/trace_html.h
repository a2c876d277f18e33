/* tools/trace_html.h -- a diagram as one page that needs nothing else, on standard output. */
#ifndef TOOLS_TRACE_HTML_H
#define TOOLS_TRACE_HTML_H

#include "tools/trace_diagram.h"

struct trace_html {
    const char *title;               /* the file's name */
    const struct trace_about *about; /* NULL: not known */
    const char *filter;              /* as it was given; NULL: none */
    bool redacted;
};
void trace_html_write(const struct diagram *d, const struct trace_html *h);

#endif
