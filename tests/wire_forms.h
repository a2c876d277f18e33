/* tests/wire_forms.h -- one message from form to form, as the tests want it: bytes in, bytes out. */
#ifndef TESTS_WIRE_FORMS_H
#define TESTS_WIRE_FORMS_H

#include "messages/wire_transcode.h"

struct forms {
    struct wire_buffer out;                       /* of the last call */
    char error[WIRE_TRANSCODE_ERROR_MAX];         /* "" after success */
    size_t read;                                  /* bytes that forms_canonical has read */
    bool unordered;                               /* the bytes held a set or map of two and more */
    void *(*reallocate)(void *at, size_t length); /* of everything; NULL: realloc */
};

bool forms_canonical(struct forms *f, enum wire_from from, const void *bytes, size_t length);
bool forms_to_text(struct forms *f, enum wire_from from, const void *bytes, size_t length);
bool forms_from_text(struct forms *f, enum wire_from from, const void *text, size_t length);
bool forms_to_json(struct forms *f, enum wire_from from, const void *bytes, size_t length);
bool forms_from_json(struct forms *f, enum wire_from from, const void *text, size_t length);
bool forms_dump(struct forms *f, enum wire_from from, const void *bytes, size_t length);
void forms_release(struct forms *f);

#endif
