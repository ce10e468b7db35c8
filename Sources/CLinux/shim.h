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
