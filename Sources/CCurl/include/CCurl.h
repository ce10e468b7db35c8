// libcurl, loaded when it is first asked for: linked, it would add 32 libraries and 5 ms to every start.
#pragma once
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

/// Loads the library, once. NULL, or why it cannot be loaded; nothing below may be called then. Any thread may ask.
const char *_Nullable ccurl_load(void);

// The calls of libcurl by these names, for Swift, which cannot call variadic functions.
CURL *_Nullable ccurl_easy_init(void);
CURLcode ccurl_easy_set_long(CURL *_Nonnull handle, CURLoption option, long value);
CURLcode ccurl_easy_set_pointer(CURL *_Nonnull handle, CURLoption option, const void *_Nullable value);
CURLcode ccurl_easy_set_callback(
    CURL *_Nonnull handle, CURLoption option,
    size_t (*_Nonnull value)(char *_Nonnull bytes, size_t size, size_t count, void *_Nonnull context));
long ccurl_easy_get_long(CURL *_Nonnull handle, CURLINFO info);
void ccurl_easy_cleanup(CURL *_Nonnull handle);
const char *_Nonnull ccurl_easy_strerror(CURLcode code);
struct curl_slist *_Nullable ccurl_slist_append(struct curl_slist *_Nullable list, const char *_Nonnull text);
void ccurl_slist_free_all(struct curl_slist *_Nullable list);
CURLM *_Nullable ccurl_multi_init(void);
CURLMcode ccurl_multi_set_long(CURLM *_Nonnull multi, CURLMoption option, long value);
CURLMcode ccurl_multi_add_handle(CURLM *_Nonnull multi, CURL *_Nonnull handle);
CURLMcode ccurl_multi_remove_handle(CURLM *_Nonnull multi, CURL *_Nonnull handle);
CURLMcode ccurl_multi_perform(CURLM *_Nonnull multi);
CURLMcode ccurl_multi_poll(CURLM *_Nonnull multi, int milliseconds);
CURLMcode ccurl_multi_wakeup(CURLM *_Nonnull multi);
/// A transfer that has ended, and how; NULL where there is none.
CURL *_Nullable ccurl_multi_next_done(CURLM *_Nonnull multi, CURLcode *_Nonnull result);
