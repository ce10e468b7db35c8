/* What the responder is measured against: the usual program on libfcgi. Each of its threads blocks in FCGX_Accept_r, reads the request
   to its end and answers with one fixed reply; by its mode it first appends 200 bytes to a file, and waits until they are on the disk.

       fcgi-reference SOCKET THREADS fixed|append|sync [FILE]

   It listens on the Unix socket SOCKET and ends on SIGTERM. */
#include <errno.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum mode { FIXED, APPEND, SYNC };

static enum mode mode;
static int listening = -1;
static int file = -1;
static char line[200];

static const char reply[] = "Status: 200 OK\r\nContent-Type: application/json\r\n\r\n{\"status\":\"ok\"}";
static const char failure[] = "Status: 500 Internal Server Error\r\nContent-Type: application/json\r\n\r\n{\"status\":\"failed\"}";

static void end(int signal) {
    (void)signal;
    _exit(0);
}

static int store(void) {
    if (mode == FIXED) return 0;
    if (write(file, line, sizeof line) != (ssize_t)sizeof line) return -1;
    return mode == SYNC ? fdatasync(file) : 0;
}

static void *serve(void *unused) {
    (void)unused;
    FCGX_Request request;
    FCGX_InitRequest(&request, listening, 0);
    while (FCGX_Accept_r(&request) == 0) {
        char body[4096];
        while (FCGX_GetStr(body, sizeof body, request.in) == (int)sizeof body) {}
        if (store() == 0) FCGX_PutStr(reply, sizeof reply - 1, request.out);
        else FCGX_PutStr(failure, sizeof failure - 1, request.out);
        FCGX_Finish_r(&request);
    }
    return NULL;
}

static int parse_mode(const char *name) {
    if (strcmp(name, "fixed") == 0) return FIXED;
    if (strcmp(name, "append") == 0) return APPEND;
    if (strcmp(name, "sync") == 0) return SYNC;
    return -1;
}

int main(int argc, char **argv) {
    int chosen = argc > 3 ? parse_mode(argv[3]) : -1;
    int threads = argc > 2 ? atoi(argv[2]) : 0;
    if (chosen < 0 || threads < 1 || argc != (chosen == FIXED ? 4 : 5)) {
        fprintf(stderr, "usage: fcgi-reference SOCKET THREADS fixed|append|sync [FILE]\n");
        return 2;
    }
    mode = (enum mode)chosen;
    /* FCGX_Init leaves handlers alone that are there before it (libfcgi/os_unix.c, OS_LibInit). */
    signal(SIGTERM, end);
    signal(SIGPIPE, SIG_IGN);
    if (mode != FIXED) {
        memset(line, 'x', sizeof line);
        line[sizeof line - 1] = '\n';
        file = open(argv[4], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (file < 0) {
            fprintf(stderr, "fcgi-reference: cannot open %s: %s\n", argv[4], strerror(errno));
            return 1;
        }
    }
    if (FCGX_Init() != 0 || (listening = FCGX_OpenSocket(argv[1], 1024)) < 0) {
        fprintf(stderr, "fcgi-reference: cannot listen on %s\n", argv[1]);
        return 1;
    }
    for (int started = 1; started < threads; started++) {
        pthread_t thread;
        int error = pthread_create(&thread, NULL, serve, NULL);
        if (error != 0) {
            fprintf(stderr, "fcgi-reference: cannot start a thread: %s\n", strerror(error));
            return 1;
        }
    }
    serve(NULL);
    fprintf(stderr, "fcgi-reference: accepting failed\n");
    return 1;
}
