/* tests/fuzz/fuzz_text.c -- libFuzzer: the text and the JSON of messages.
 *
 * The first byte chooses who speaks and which form. What is taken is a message, as the decoder says,
 * and comes back through every form; what is not taken is an error with a sentence.
 */
#include "tests/fuzz/forms.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct forms f = {0};
    if (size == 0)
        return 0;
    enum wire_from from = (enum wire_from)(data[0] & 1);
    bool taken = data[0] & 2 ? forms_from_json(&f, from, data + 1, size - 1)
                             : forms_from_text(&f, from, data + 1, size - 1);
    if (taken)
        fuzz_message(from, f.out.at, f.out.length);
    else if (f.error[0] == 0)
        __builtin_trap();
    forms_release(&f);
    return 0;
}
