// libfcgi's multi-threaded interface. No `link` line in the module map: the static library is chosen in Package.swift.
#include <fcgiapp.h>
// The protocol's constants (roles).
#include <fastcgi.h>
