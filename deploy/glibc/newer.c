// What the program's static libraries call and glibc 2.17 does not have. `deploy/package` links it into the program.
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

// A library that the program loads, such as libcurl, keeps to its own glibc's.
#pragma GCC visibility push(hidden)

// glibc 2.32, for libstdc++: 0 says that there may be several threads, and is right with one, too.
char __libc_single_threaded = 0;

// glibc 2.35, for libgcc's unwinder: -1 says that there is no frame there. Nothing throws, and deploy/build leaves out the table of frames.
int _dl_find_object(void *address, void *found) {
    (void)address;
    (void)found;
    return -1;
}

// glibc 2.25, for libsodium, which reads /dev/urandom where the kernel does not have the system call (before 3.17).
ssize_t getrandom(void *buffer, size_t count, unsigned flags) { return syscall(SYS_getrandom, buffer, count, flags); }

// glibc 2.25, for libsodium.
void __explicit_bzero_chk(void *buffer, size_t count, size_t room) {
    (void)room;
    memset(buffer, 0, count);
    // The compiler must not think that nobody reads it.
    __asm__ volatile("" : : "r"(buffer) : "memory");
}
