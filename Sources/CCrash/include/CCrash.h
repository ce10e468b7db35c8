// One line in the log when the program dies of a fault, such as a Swift trap.
#pragma once
#include <stdbool.h>

// What a thread was serving: text that outlives the call, or NULL.
typedef struct {
    const char *route;
    const char *request;
} ccrash_subject;

// Begins to report these signals, on the calling thread and on threads that call `ccrash_protect_thread`. The process still ends by
// the signal. `subject` says what the crashing thread serves. It runs in the signal handler, so it must neither allocate nor wait.
void ccrash_install(const int *numbers, int count, ccrash_subject (*subject)(void));

// Says where the line goes, and whether it is a JSON object.
void ccrash_set_output(int descriptor, bool is_json);

// Gives the calling thread a separate stack for the handler. Without it, a stack overflow goes unreported.
void ccrash_protect_thread(void);
