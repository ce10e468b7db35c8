// libfcgi's multi-threaded interface. No `link` line in the module map: the static library is chosen in Package.swift.
#include <fcgiapp.h>
// The protocol's constants (roles).
#include <fastcgi.h>
// Swift's Glibc module leaves out the following headers of Linux, which the listener stands on.
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
// <sys/socket.h> declares it for _GNU_SOURCE only: accept4(2) sets close-on-exec without a window.
extern int accept4(int, struct sockaddr *, socklen_t *, int);
