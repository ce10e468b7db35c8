#pragma once
#include <stddef.h>

/// The API's description, ChatAPI/openapi.json: UTF-8, without a zero at its end. It stays where it is.
const unsigned char *openapi_json(size_t *length);
