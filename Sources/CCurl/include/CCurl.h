// libcurl, looked up at run time: no program that includes this is linked to it, and none that does not ask an upstream loads it.
#pragma once
#include <curl/curl.h>

// Loads a shared library and finds in it what is declared below. NULL, or why that failed; then another file may be tried.
// Nothing else here may be called before it succeeded, and it is not to be called again after that.
const char *ccurl_load(const char *file);

// libcurl's functions of the same names; those of a variable argument have one for each type.
CURLcode ccurl_global_init(long flags);
CURL *ccurl_easy_init(void);
void ccurl_easy_cleanup(CURL *handle);
CURLcode ccurl_easy_set_long(CURL *handle, CURLoption option, long value);
CURLcode ccurl_easy_set_pointer(CURL *handle, CURLoption option, const void *value);
CURLcode ccurl_easy_set_write(CURL *handle, curl_write_callback callback, void *context);
CURLcode ccurl_easy_get_long(CURL *handle, CURLINFO info, long *value);
CURLcode ccurl_easy_get_offset(CURL *handle, CURLINFO info, curl_off_t *value);
const char *ccurl_easy_strerror(CURLcode code);
// Goes on with a transfer whose write callback returned CURL_WRITEFUNC_PAUSE.
CURLcode ccurl_easy_resume(CURL *handle);
CURLM *ccurl_multi_init(void);
CURLMcode ccurl_multi_cleanup(CURLM *multi);
CURLMcode ccurl_multi_set_long(CURLM *multi, CURLMoption option, long value);
CURLMcode ccurl_multi_add_handle(CURLM *multi, CURL *handle);
CURLMcode ccurl_multi_remove_handle(CURLM *multi, CURL *handle);
CURLMcode ccurl_multi_set_callbacks(CURLM *multi, curl_socket_callback socket, curl_multi_timer_callback timer, void *context);
CURLMcode ccurl_multi_socket_action(CURLM *multi, curl_socket_t socket, int events);
// The next transfer that is over, and how it ended; NULL where there is none.
CURL *ccurl_multi_next_done(CURLM *multi, CURLcode *result);
struct curl_slist *ccurl_slist_append(struct curl_slist *list, const char *text);
void ccurl_slist_free_all(struct curl_slist *list);
