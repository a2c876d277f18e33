/* tests/fuzz/fuzz_agent.c -- libFuzzer: what an agent says, through every form. */
#include "messages/wire_decoder.h"
#include "tests/fuzz/forms.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct wire_decoder d;
    size_t eaten;
    wire_decoder_create(&d, WIRE_FROM_AGENT, version_newest(), UINT64_MAX);
    if (wire_decoder_feed(&d, data, size, &eaten) == WIRE_MESSAGE)
        fuzz_message(WIRE_FROM_AGENT, data, eaten);
    wire_decoder_destroy(&d);
    return 0;
}
