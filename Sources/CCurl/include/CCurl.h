// libcurl, looked up at run time: no program that includes this is linked to it, and none that does not ask an upstream loads it.
// The host's may be as old as 7.29 (CentOS 7). It has every function here.
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
CURLcode ccurl_easy_set_header(CURL *handle, curl_write_callback callback, void *context);
CURLcode ccurl_easy_get_long(CURL *handle, CURLINFO info, long *value);
const char *ccurl_easy_strerror(CURLcode code);
// Goes on with a transfer whose write callback returned CURL_WRITEFUNC_PAUSE.
CURLcode ccurl_easy_resume(CURL *handle);
CURLM *ccurl_multi_init(void);
CURLMcode ccurl_multi_cleanup(CURLM *multi);
CURLMcode ccurl_multi_set_long(CURLM *multi, CURLMoption option, long value);
CURLMcode ccurl_multi_add_handle(CURLM *multi, CURL *handle);
CURLMcode ccurl_multi_remove_handle(CURLM *multi, CURL *handle);
CURLMcode ccurl_multi_set_socket(CURLM *multi, curl_socket_callback callback, void *context);
CURLMcode ccurl_multi_socket_action(CURLM *multi, curl_socket_t socket, int events);
// In how many milliseconds libcurl wants to be called even if no socket is ready; -1 if it does not.
long ccurl_multi_timeout(CURLM *multi);
// The next transfer that is over, and how it ended; NULL where there is none.
CURL *ccurl_multi_next_done(CURLM *multi, CURLcode *result);
struct curl_slist *ccurl_slist_append(struct curl_slist *list, const char *text);
void ccurl_slist_free_all(struct curl_slist *list);
// A date as HTTP has it, in seconds since 1970; -1 if it is none.
time_t ccurl_getdate(const char *text);
// The name and version of the library that it has TLS from, such as OpenSSL/3.0.17; NULL if it has none.
const char *ccurl_tls_library(void);
