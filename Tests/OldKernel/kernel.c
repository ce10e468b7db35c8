#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Preloaded, it takes from a process, and from those that it starts, what Linux has got since 3.10: every system call with a later number, locks
   of open file descriptions (3.15), and timers by CLOCK_BOOTTIME (3.15). A sandbox may refuse statx(2) and getrandom(2) otherwise than a kernel
   does: OLD_KERNEL_ERROR is how, as a number of errno. */

#define LOAD(member) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, member))
#define REFUSE(error) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ((unsigned)(error) & SECCOMP_RET_DATA))
#define ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
/* Skips as many instructions if the comparison fails. */
#define UNLESS(comparison, value, count) BPF_JUMP(BPF_JMP | comparison | BPF_K, value, 0, count)
#define IF(comparison, value, count) BPF_JUMP(BPF_JMP | comparison | BPF_K, value, count, 0)

__attribute__((constructor)) static void take(void) {
    const char *text = getenv("OLD_KERNEL_ERROR");
    int error = text ? atoi(text) : ENOSYS;
    struct sock_filter filter[] = {
        LOAD(nr),
        IF(BPF_JEQ, SYS_getrandom, 1),
        UNLESS(BPF_JEQ, SYS_statx, 1),
        REFUSE(error),
        /* The C library has called rseq(2) before, and ends a process for which it is there and then not. */
        IF(BPF_JEQ, SYS_rseq, 2),
        UNLESS(BPF_JGE, SYS_sched_setattr, 1),
        REFUSE(ENOSYS),
        UNLESS(BPF_JEQ, SYS_fcntl, 4),
        LOAD(args[1]),
        UNLESS(BPF_JGE, F_OFD_GETLK, 5),
        IF(BPF_JGT, F_OFD_SETLKW, 4),
        REFUSE(EINVAL),
        UNLESS(BPF_JEQ, SYS_timerfd_create, 2),
        LOAD(args[0]),
        IF(BPF_JEQ, CLOCK_BOOTTIME, 1),
        ALLOW,
        REFUSE(EINVAL),
    };
    struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) {
        perror("OldKernel");
        _exit(70);
    }
}
