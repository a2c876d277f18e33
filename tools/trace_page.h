/* tools/trace_page.h -- the files of the page that `diagram --html` writes, as they lie in the program. */
#ifndef TOOLS_TRACE_PAGE_H
#define TOOLS_TRACE_PAGE_H

#include <stddef.h>

struct trace_page_part {
    const char *begin, *end;
};
extern const struct trace_page_part trace_page_style;
extern const struct trace_page_part trace_page_body;
/* In the order in which they build on each other; ends with {NULL, NULL}. */
extern const struct trace_page_part trace_page_scripts[];

#endif
