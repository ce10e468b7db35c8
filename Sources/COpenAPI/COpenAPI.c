#include "COpenAPI.h"

// In C because #embed costs no time; Swift type-checks each byte of the array that `.embedInCode` makes.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char bytes[] = {
#embed "../ChatAPI/openapi.json"
};

const unsigned char *openapi_json(size_t *length) {
    *length = sizeof bytes;
    return bytes;
}
