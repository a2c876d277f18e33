/* tools/trace_page.c -- see trace_page.h
 *
 * The assembler puts the files in as they are; the Makefile says that this object depends on them.
 */
#include "tools/trace_page.h"

#define PART(name, file)                                                                           \
    __asm__(".section .rodata\n"                                                                   \
            ".global trace_page_" #name "_begin, trace_page_" #name "_end\n"                       \
            "trace_page_" #name "_begin: .incbin \"tools/" file "\"\n"                             \
            "trace_page_" #name "_end: .byte 0\n"                                                  \
            ".previous\n");                                                                        \
    extern const char trace_page_##name##_begin[], trace_page_##name##_end[]
#define PART_OF(name) trace_page_##name##_begin, trace_page_##name##_end

PART(css, "trace_page.css");
PART(html, "trace_page.html");
PART(data, "trace_page_data.js");
PART(rows, "trace_page_rows.js");
PART(find, "trace_page_find.js");
PART(draw, "trace_page_draw.js");
PART(maps, "trace_page_maps.js");
PART(bytes, "trace_page_bytes.js");
PART(detail, "trace_page_detail.js");
PART(control, "trace_page_control.js");

const struct trace_page_part trace_page_style = {PART_OF(css)};
const struct trace_page_part trace_page_body = {PART_OF(html)};
const struct trace_page_part trace_page_scripts[] = {
    {PART_OF(data)},  {PART_OF(rows)},   {PART_OF(find)},    {PART_OF(draw)}, {PART_OF(maps)},
    {PART_OF(bytes)}, {PART_OF(detail)}, {PART_OF(control)}, {NULL, NULL}};
