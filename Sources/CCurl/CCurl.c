#include "CCurl.h"
#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>

#define FUNCTIONS(X) \
    X(curl_global_init) X(curl_easy_init) X(curl_easy_setopt) X(curl_easy_getinfo) X(curl_easy_cleanup) X(curl_easy_strerror) \
    X(curl_slist_append) X(curl_slist_free_all) X(curl_multi_init) X(curl_multi_setopt) X(curl_multi_add_handle) \
    X(curl_multi_remove_handle) X(curl_multi_perform) X(curl_multi_poll) X(curl_multi_wakeup) X(curl_multi_info_read)

#define POINTER(name) __typeof__(name) *name##_;
static struct { FUNCTIONS(POINTER) } lib;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static const char *problem;

static void load(void) {
    // Debian's two builds, with OpenSSL and with GnuTLS, have one interface.
    void *handle = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
    if (!handle) handle = dlopen("libcurl-gnutls.so.4", RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        problem = "libcurl is missing; install it, for instance: apt-get install libcurl4";
        return;
    }
#define LOOK_UP(name) \
    if (!(lib.name##_ = (__typeof__(name) *)dlsym(handle, #name))) problem = "libcurl is older than 7.68 and has no " #name;
    FUNCTIONS(LOOK_UP)
    if (!problem && lib.curl_global_init_(CURL_GLOBAL_DEFAULT) != CURLE_OK) problem = "libcurl cannot be initialised";
}

const char *ccurl_load(void) {
    pthread_once(&once, load);
    return problem;
}

CURL *ccurl_easy_init(void) { return lib.curl_easy_init_(); }

CURLcode ccurl_easy_set_long(CURL *handle, CURLoption option, long value) { return lib.curl_easy_setopt_(handle, option, value); }

CURLcode ccurl_easy_set_pointer(CURL *handle, CURLoption option, const void *value) {
    return lib.curl_easy_setopt_(handle, option, value);
}

CURLcode ccurl_easy_set_callback(CURL *handle, CURLoption option, size_t (*value)(char *, size_t, size_t, void *)) {
    return lib.curl_easy_setopt_(handle, option, value);
}

long ccurl_easy_get_long(CURL *handle, CURLINFO info) {
    long value = 0;
    return lib.curl_easy_getinfo_(handle, info, &value) == CURLE_OK ? value : 0;
}

void ccurl_easy_cleanup(CURL *handle) { lib.curl_easy_cleanup_(handle); }
const char *ccurl_easy_strerror(CURLcode code) { return lib.curl_easy_strerror_(code); }
struct curl_slist *ccurl_slist_append(struct curl_slist *list, const char *text) { return lib.curl_slist_append_(list, text); }
void ccurl_slist_free_all(struct curl_slist *list) { lib.curl_slist_free_all_(list); }
CURLM *ccurl_multi_init(void) { return lib.curl_multi_init_(); }
CURLMcode ccurl_multi_set_long(CURLM *multi, CURLMoption option, long value) { return lib.curl_multi_setopt_(multi, option, value); }
CURLMcode ccurl_multi_add_handle(CURLM *multi, CURL *handle) { return lib.curl_multi_add_handle_(multi, handle); }
CURLMcode ccurl_multi_remove_handle(CURLM *multi, CURL *handle) { return lib.curl_multi_remove_handle_(multi, handle); }

CURLMcode ccurl_multi_perform(CURLM *multi) {
    int running;
    return lib.curl_multi_perform_(multi, &running);
}

CURLMcode ccurl_multi_poll(CURLM *multi, int milliseconds) { return lib.curl_multi_poll_(multi, NULL, 0, milliseconds, NULL); }
CURLMcode ccurl_multi_wakeup(CURLM *multi) { return lib.curl_multi_wakeup_(multi); }

CURL *ccurl_multi_next_done(CURLM *multi, CURLcode *result) {
    CURLMsg *message;
    int left;
    while ((message = lib.curl_multi_info_read_(multi, &left))) {
        if (message->msg != CURLMSG_DONE) continue;
        *result = message->data.result;
        return message->easy_handle;
    }
    return NULL;
}
