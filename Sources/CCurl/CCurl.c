#define _GNU_SOURCE
#include "CCurl.h"
#include <dlfcn.h>

// <curl/curl.h> wraps these in macros that check types; here they are called with exactly the types that libcurl reads.
#undef curl_easy_setopt
#undef curl_easy_getinfo
#undef curl_multi_setopt

#define FUNCTIONS(FUNCTION) \
    FUNCTION(global_init) FUNCTION(easy_init) FUNCTION(easy_cleanup) FUNCTION(easy_setopt) FUNCTION(easy_getinfo) \
    FUNCTION(easy_strerror) FUNCTION(easy_pause) FUNCTION(multi_init) FUNCTION(multi_cleanup) FUNCTION(multi_setopt) FUNCTION(multi_add_handle) \
    FUNCTION(multi_remove_handle) FUNCTION(multi_socket_action) FUNCTION(multi_timeout) FUNCTION(multi_info_read) \
    FUNCTION(slist_append) FUNCTION(slist_free_all) FUNCTION(getdate) FUNCTION(version_info)

static struct {
#define MEMBER(name) __typeof__(&curl_##name) name;
    FUNCTIONS(MEMBER)
} curl;

const char *ccurl_load(const char *file) {
    // Never closed: its threads and exit handlers may run until the process ends.
    void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (!library) return dlerror();
#define FIND(name) if (!(curl.name = (__typeof__(&curl_##name))dlsym(library, "curl_" #name))) return dlerror();
    FUNCTIONS(FIND)
    return NULL;
}

CURLcode ccurl_global_init(long flags) { return curl.global_init(flags); }
CURL *ccurl_easy_init(void) { return curl.easy_init(); }
void ccurl_easy_cleanup(CURL *handle) { curl.easy_cleanup(handle); }
CURLcode ccurl_easy_set_long(CURL *handle, CURLoption option, long value) { return curl.easy_setopt(handle, option, value); }
CURLcode ccurl_easy_set_pointer(CURL *handle, CURLoption option, const void *value) { return curl.easy_setopt(handle, option, value); }
CURLcode ccurl_easy_set_write(CURL *handle, curl_write_callback callback, void *context) {
    CURLcode code = curl.easy_setopt(handle, CURLOPT_WRITEFUNCTION, callback);
    return code ? code : curl.easy_setopt(handle, CURLOPT_WRITEDATA, context);
}
CURLcode ccurl_easy_set_header(CURL *handle, curl_write_callback callback, void *context) {
    CURLcode code = curl.easy_setopt(handle, CURLOPT_HEADERFUNCTION, callback);
    return code ? code : curl.easy_setopt(handle, CURLOPT_HEADERDATA, context);
}
CURLcode ccurl_easy_get_long(CURL *handle, CURLINFO info, long *value) { return curl.easy_getinfo(handle, info, value); }
const char *ccurl_easy_strerror(CURLcode code) { return curl.easy_strerror(code); }
CURLcode ccurl_easy_resume(CURL *handle) { return curl.easy_pause(handle, CURLPAUSE_CONT); }
CURLM *ccurl_multi_init(void) { return curl.multi_init(); }
CURLMcode ccurl_multi_cleanup(CURLM *multi) { return curl.multi_cleanup(multi); }
CURLMcode ccurl_multi_set_long(CURLM *multi, CURLMoption option, long value) { return curl.multi_setopt(multi, option, value); }
CURLMcode ccurl_multi_add_handle(CURLM *multi, CURL *handle) { return curl.multi_add_handle(multi, handle); }
CURLMcode ccurl_multi_remove_handle(CURLM *multi, CURL *handle) { return curl.multi_remove_handle(multi, handle); }
CURLMcode ccurl_multi_set_socket(CURLM *multi, curl_socket_callback callback, void *context) {
    CURLMcode code = curl.multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, callback);
    return code ? code : curl.multi_setopt(multi, CURLMOPT_SOCKETDATA, context);
}
CURLMcode ccurl_multi_socket_action(CURLM *multi, curl_socket_t socket, int events) {
    int running;
    return curl.multi_socket_action(multi, socket, events, &running);
}
long ccurl_multi_timeout(CURLM *multi) {
    long milliseconds = 0;
    return curl.multi_timeout(multi, &milliseconds) ? 0 : milliseconds;
}
CURL *ccurl_multi_next_done(CURLM *multi, CURLcode *result) {
    int left;
    CURLMsg *message;
    while ((message = curl.multi_info_read(multi, &left))) {
        if (message->msg != CURLMSG_DONE) continue;
        *result = message->data.result;
        return message->easy_handle;
    }
    return NULL;
}
struct curl_slist *ccurl_slist_append(struct curl_slist *list, const char *text) { return curl.slist_append(list, text); }
void ccurl_slist_free_all(struct curl_slist *list) { curl.slist_free_all(list); }
time_t ccurl_getdate(const char *text) { return curl.getdate(text, NULL); }
const char *ccurl_tls_library(void) { return curl.version_info(CURLVERSION_NOW)->ssl_version; }
