#include "tools/trace_convert.h"
const struct convert_form convert_jsonl = {.name = "jsonl"};
int convert_from_jsonl(const char *const *paths, unsigned count, const char *to)
{
    (void)paths, (void)count, (void)to;
    return 1;
}
