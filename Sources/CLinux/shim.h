// Headers of Linux that Swift's Glibc module leaves out: what waits for many descriptors stands on them.
#include <sys/epoll.h>
#include <sys/eventfd.h>
// <sys/socket.h> declares it for _GNU_SOURCE only: accept4(2) sets close-on-exec without a window. Addresses are not asked for.
extern int accept4(int, void *, void *, int);
