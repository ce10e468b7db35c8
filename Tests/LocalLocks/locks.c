#define _GNU_SOURCE
#include <fcntl.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Preloaded, it gives a process locks that only processes with it see, as hosts have them whose file system keeps locks to itself (nfs(5),
   local_lock): they are on bytes that nobody else locks. */

static int control(int descriptor, int command, void *argument) {
    struct flock *range = argument;
    const int locks = command == F_OFD_SETLK || command == F_OFD_GETLK;
    if (locks) range->l_start ^= 1L << 60;
    int result = (int)syscall(SYS_fcntl, descriptor, command, argument);
    if (locks) range->l_start ^= 1L << 60;
    return result;
}

#define FORWARD(name)                                 \
    int name(int descriptor, int command, ...) {      \
        va_list arguments;                            \
        va_start(arguments, command);                 \
        void *argument = va_arg(arguments, void *);   \
        va_end(arguments);                            \
        return control(descriptor, command, argument); \
    }

FORWARD(fcntl)
FORWARD(fcntl64)
