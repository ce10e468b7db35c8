// One line on standard error when the program dies of a fault, which a Swift trap is, too.
#pragma once
#include <stdbool.h>

// What a thread was at: text that stays where it is, or NULL.
typedef struct {
    const char *route;
    const char *request;
} ccrash_subject;

// Begins to watch for some signals, on the calling thread and those that `ccrash_protect_thread` is called on. The process still ends by
// the signal. `subject` says what the crashing thread is at; it runs in the signal handler, so it must neither allocate nor wait.
void ccrash_install(const int *numbers, int count, ccrash_subject (*subject)(void));

// Whether the line is a JSON object; else it is text.
void ccrash_use_json(bool is_json);

// Gives the calling thread a stack of its own for the handler: without one it says nothing of a stack that overflowed.
void ccrash_protect_thread(void);
