// SHA-256 alone, not <sodium.h>: nothing else of the library is used. Linked statically, as Package.swift says.
#include <sodium/crypto_hash_sha256.h>
