// SHA-256 and what is made of it alone, not <sodium.h>: nothing else of the library is used. Linked statically, as Package.swift says.
#include <sodium/crypto_auth_hmacsha256.h>
#include <sodium/crypto_hash_sha256.h>
#include <sodium/utils.h>
