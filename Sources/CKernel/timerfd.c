#include <errno.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

/* In place of the C library's. libdispatch asks for CLOCK_BOOTTIME, which timers have since Linux 3.15 only, and where it is refused nothing that
   sleeps ever wakes (src/event/event_epoll.c, _dispatch_timeout_program). CLOCK_MONOTONIC is the same clock on a machine that is never
   suspended; on another one, such an old kernel wakes sleepers too late by the time of its suspension. */
int timerfd_create(int clock, int flags) {
    int descriptor = (int)syscall(SYS_timerfd_create, clock, flags);
    if (descriptor < 0 && errno == EINVAL && clock == CLOCK_BOOTTIME)
        descriptor = (int)syscall(SYS_timerfd_create, CLOCK_MONOTONIC, flags);
    return descriptor;
}
