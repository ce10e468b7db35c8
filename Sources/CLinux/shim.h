// What of Linux Swift's Glibc module leaves out: what waits for many descriptors stands on the first two.
#include <sys/epoll.h>
#include <sys/eventfd.h>
// <sys/socket.h> declares it for _GNU_SOURCE only: accept4(2) sets close-on-exec without a window. Addresses are not asked for.
extern int accept4(int, void *, void *, int);
// prctl(2) takes variable arguments, which Swift does not call: the signal that this process gets when its parent's thread ends.
#include <sys/prctl.h>
static inline int clinux_set_parent_death_signal(int signal) { return prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0); }
// ioctl(2) takes variable arguments, too: lets a range of a file share the blocks of another one (ioctl_ficlonerange(2)). <linux/fs.h>, which
// has the number, defines names that others need.
#include <sys/ioctl.h>
static inline int clinux_share_blocks(int target, long long target_offset, int source, long long source_offset, long long length) {
    struct { long long source; unsigned long long source_offset, length, target_offset; } range = {source, source_offset, length, target_offset};
    return ioctl(target, _IOW(0x94, 13, range), &range);
}
// <spawn.h> declares it for _GNU_SOURCE only (glibc 2.34): a started program inherits no descriptor from this number on.
#include <spawn.h>
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *, int);
// statx(2) since Linux 4.11, for which glibc has a function since 2.28. AT_STATX_FORCE_SYNC: a network file system asks its server, where
// fstat(2) may answer from what it remembers.
#include <linux/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>
// Signed, as stat(2) has them: what a file system of somebody else's says must not end the program.
struct clinux_status { unsigned long long device, inode; long long size, seconds; unsigned nanoseconds, mode; };
static inline int clinux_ask_status(int file, struct clinux_status *status) {
    struct statx found;
    if (syscall(SYS_statx, file, "", 0x1000 /* AT_EMPTY_PATH */ | 0x2000 /* AT_STATX_FORCE_SYNC */, STATX_BASIC_STATS, &found)) return -1;
    *status = (struct clinux_status){
        gnu_dev_makedev(found.stx_dev_major, found.stx_dev_minor), found.stx_ino, found.stx_size, found.stx_mtime.tv_sec,
        found.stx_mtime.tv_nsec, found.stx_mode};
    return 0;
}
