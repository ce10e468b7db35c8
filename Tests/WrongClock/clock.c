#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* Preloaded, it puts the time of day off by the seconds that WRONG_CLOCK_SECONDS says. The clocks that timers go by stay right: libfaketime
   0.9.10 also moves what timerfd_settime(2) waits for, even on CLOCK_BOOTTIME, and so stops every Task.sleep. */

static long seconds;

__attribute__((constructor)) static void read_seconds(void) {
    const char *text = getenv("WRONG_CLOCK_SECONDS");
    if (text) seconds = atol(text);
}

int clock_gettime(clockid_t clock, struct timespec *result) {
    int status = (int)syscall(SYS_clock_gettime, clock, result);
    if (status == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) result->tv_sec += seconds;
    return status;
}

int gettimeofday(struct timeval *restrict result, void *restrict zone) {
    (void)zone;
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
    result->tv_sec = now.tv_sec;
    result->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *result) {
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
    if (result) *result = now.tv_sec;
    return now.tv_sec;
}
