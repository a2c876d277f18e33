#include "tools/trace_convert.h"
const struct convert_form convert_pcapng = {.name = "pcapng"};
