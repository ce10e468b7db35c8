// To unpack gzip. Linked statically, as Package.swift says.
#include <zlib.h>
