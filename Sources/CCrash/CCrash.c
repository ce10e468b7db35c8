#define _GNU_SOURCE
#include "CCrash.h"
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

// Everything that runs in the handler is async-signal-safe (signal-safety(7)): no allocation, no lock, no stdio.

static const struct {
    int number;
    const char *name, *meaning;
} signals[] = {
    {SIGILL, "SIGILL", "a trap, or an illegal instruction"},
    {SIGTRAP, "SIGTRAP", "a trap"},
    {SIGSEGV, "SIGSEGV", "memory that is not there, or a stack that overflowed"},
    {SIGBUS, "SIGBUS", "memory that cannot be read"},
    {SIGFPE, "SIGFPE", "a division by zero"},
    {SIGABRT, "SIGABRT", "an abort"},
    {SIGSYS, "SIGSYS", "a system call that is not allowed"},
};

static ccrash_subject (*describe)(void);
static bool writes_json;
static int output_descriptor = STDERR_FILENO;
static atomic_flag is_reported = ATOMIC_FLAG_INIT;

struct line {
    // Longer than any line, and at most PIPE_BUF, so that one write is atomic and lines of several processes do not mix (pipe(7)).
    char text[2048];
    size_t length;
};

static void append(struct line *line, const char *text) {
    for (; *text && line->length < sizeof line->text; text++) line->text[line->length++] = *text;
}

// Text that may come from outside: at most 256 bytes of it, escaped so that it ends neither the line nor the JSON string.
static void append_value(struct line *line, const char *text) {
    for (int left = 256; *text && left > 0; text++, left--) {
        if (writes_json && (*text == '"' || *text == '\\')) append(line, "\\");
        append(line, (char[]){(unsigned char)*text < 0x20 || *text == 0x7f ? ' ' : *text, 0});
    }
}

static void append_number(struct line *line, long number, int digits) {
    char text[24] = {0};
    for (int index = digits - 1; index >= 0; index--, number /= 10) text[index] = (char)('0' + number % 10);
    append(line, text);
}

// ISO 8601, UTC. gmtime_r(3) takes a lock; the date is Howard Hinnant's civil_from_days ("chrono-Compatible Low-Level Date Algorithms").
static void append_time(struct line *line) {
    struct timespec now = {0};
    clock_gettime(CLOCK_REALTIME, &now);
    long seconds = now.tv_sec % 86400, days = now.tv_sec / 86400 + 719468;
    long era = days / 146097, of_era = days % 146097;
    long year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    long of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    long shifted = (5 * of_year + 2) / 153, month = shifted < 10 ? shifted + 3 : shifted - 9;
    append_number(line, era * 400 + year_of_era + (month <= 2), 4);
    append(line, "-");
    append_number(line, month, 2);
    append(line, "-");
    append_number(line, of_year - (153 * shifted + 2) / 5 + 1, 2);
    append(line, "T");
    append_number(line, seconds / 3600, 2);
    append(line, ":");
    append_number(line, seconds / 60 % 60, 2);
    append(line, ":");
    append_number(line, seconds % 60, 2);
    append(line, "Z");
}

static void append_member(struct line *line, const char *name, const char *value) {
    if (!value) return;
    append(line, writes_json ? ",\"" : " ");
    append(line, name);
    append(line, writes_json ? "\":\"" : "=");
    append_value(line, value);
    if (writes_json) append(line, "\"");
}

static void report(int number) {
    struct line line = {.length = 0};
    const char *name = "a signal", *meaning = "";
    for (size_t index = 0; index < sizeof signals / sizeof *signals; index++) {
        if (signals[index].number == number) name = signals[index].name, meaning = signals[index].meaning;
    }
    append(&line, writes_json ? "{\"time\":\"" : "");
    append_time(&line);
    append(&line, writes_json ? "\",\"level\":\"critical\",\"message\":\"" : " critical: ");
    append(&line, "Crashed by ");
    append(&line, name);
    append(&line, " (");
    append(&line, meaning);
    append(&line, ")");
    append(&line, writes_json ? "\"" : "");
    ccrash_subject subject = describe ? describe() : (ccrash_subject){0};
    append_member(&line, "request", subject.request);
    append_member(&line, "route", subject.route);
    append(&line, writes_json ? "}\n" : "\n");
    // A reader that has stopped reading must not keep the process from ending.
    struct pollfd output = {.fd = output_descriptor, .events = POLLOUT};
    if (poll(&output, 1, 100) == 1) (void)!write(output_descriptor, line.text, line.length);
}

static void handle(int number) {
    // Only the first crashing thread writes a line; the others wait for it to end the process.
    if (atomic_flag_test_and_set(&is_reported)) poll(NULL, 0, 1000);
    else report(number);
    struct sigaction standard = {.sa_handler = SIG_DFL};
    sigaction(number, &standard, NULL);
    // The signal is blocked in here. After the handler its default action ends the process, so that the parent sees the signal.
    raise(number);
}

void ccrash_install(const int *numbers, int count, ccrash_subject (*subject)(void)) {
    describe = subject;
    ccrash_protect_thread();
    struct sigaction action = {.sa_handler = handle, .sa_flags = SA_ONSTACK};
    // A second signal to this thread waits; a second fault ends the process at once (signal(7)).
    sigfillset(&action.sa_mask);
    for (int index = 0; index < count; index++) sigaction(numbers[index], &action, NULL);
}

void ccrash_set_output(int descriptor, bool is_json) {
    output_descriptor = descriptor;
    writes_json = is_json;
}

void ccrash_protect_thread(void) {
    // Room for the largest processor state that is saved here, and for the handler.
    size_t size = 64 << 10;
    void *stack = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (stack == MAP_FAILED) return;
    stack_t alternative = {.ss_sp = stack, .ss_size = size};
    sigaltstack(&alternative, NULL);
}
