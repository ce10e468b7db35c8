/* A CGI program that gives a fixed reply: what a process for each request costs by itself. With a body it appends 200 bytes to the file
 * `appended` of its directory, and has them on the disk before it answers. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char reply[] = "Status: 200 OK\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n{\"status\":\"ok\"}";

static int store(long length) {
    char body[4096], line[200];
    while (length > 0) {
        ssize_t count = read(STDIN_FILENO, body, length < (long)sizeof body ? (size_t)length : sizeof body);
        if (count <= 0) return -1;
        length -= count;
    }
    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = '\n';
    int file = open("appended", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file < 0 || write(file, line, sizeof line) != (ssize_t)sizeof line) return -1;
    return fdatasync(file);
}

int main(void) {
    const char *length = getenv("CONTENT_LENGTH");
    if (length && atol(length) > 0 && store(atol(length)) != 0) {
        perror("cgi-reference");
        return 1;
    }
    return write(STDOUT_FILENO, reply, sizeof reply - 1) == (ssize_t)sizeof reply - 1 ? 0 : 1;
}
