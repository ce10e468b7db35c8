// libfcgi's multi-threaded interface. No `link` line in the module map: the static library is chosen in Package.swift.
#include <fcgiapp.h>
// The protocol's constants (roles).
#include <fastcgi.h>
// Swift's Glibc module leaves out these headers of Linux, which the listener stands on.
#include <sys/epoll.h>
#include <sys/eventfd.h>
// <sys/socket.h> declares it for _GNU_SOURCE only: accept4(2) sets close-on-exec without a window. Addresses are not asked for.
extern int accept4(int, void *, void *, int);
