#include <curl/curl.h>
#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Found in the place of libcurl, it is the one that OLD_CURL_LIBRARY names, but as version 7.x, where OLD_CURL_VERSION is x: it has the functions
   of 7.29 only, does not know newer options, and does what old ones did otherwise. What it does not know at all ends the process: then it belongs
   in one of the tables here, with the version that brought it (docs/libcurl/symbols-in-versions), and the program has to do without it. */

#undef curl_easy_setopt
#undef curl_easy_getinfo
#undef curl_multi_setopt

struct since { int option, version; };
static const struct since options[] = {
    {CURLOPT_URL, 1}, {CURLOPT_HTTPHEADER, 1}, {CURLOPT_HEADER, 1}, {CURLOPT_ERRORBUFFER, 1}, {CURLOPT_WRITEFUNCTION, 1}, {CURLOPT_WRITEDATA, 1},
    {CURLOPT_POSTFIELDSIZE, 2}, {CURLOPT_CAINFO, 4}, {CURLOPT_HEADERFUNCTION, 7}, {CURLOPT_HEADERDATA, 7}, {CURLOPT_HTTP_VERSION, 9},
    {CURLOPT_CAPATH, 9}, {CURLOPT_NOSIGNAL, 10}, {CURLOPT_BUFFERSIZE, 10}, {CURLOPT_TIMEOUT_MS, 16}, {CURLOPT_CONNECTTIMEOUT_MS, 16}, {CURLOPT_COPYPOSTFIELDS, 17},
    {CURLOPT_ACCEPT_ENCODING, 21}, {CURLOPT_UNIX_SOCKET_PATH, 40}, {CURLOPT_PIPEWAIT, 43}, {CURLOPT_SUPPRESS_CONNECT_HEADERS, 54},
    {CURLOPT_PROTOCOLS_STR, 85}, {CURLOPT_QUICK_EXIT, 87}, {0, 0},
};
static const struct since facts[] = {{CURLINFO_RESPONSE_CODE, 10}, {0, 0}};
static const struct since multi_options[] = {{CURLMOPT_SOCKETFUNCTION, 15}, {CURLMOPT_SOCKETDATA, 15}, {CURLMOPT_MAXCONNECTS, 16}, {0, 0}};

static int version;
static void *library;

__attribute__((constructor)) static void load(void) {
    const char *name = getenv("OLD_CURL_LIBRARY"), *text = getenv("OLD_CURL_VERSION");
    library = name ? dlopen(name, RTLD_NOW | RTLD_LOCAL) : NULL;
    version = text ? atoi(text) : 0;
    if (library && version) return;
    fprintf(stderr, "OldCurl: %s\n", library ? "OLD_CURL_VERSION is not set" : name ? dlerror() : "OLD_CURL_LIBRARY is not set");
    abort();
}

#define REAL(name) ((__typeof__(&name))dlsym(library, #name))
#define PASS(result, name, parameters, arguments) result name parameters { return REAL(name) arguments; }

static int knows(const struct since *table, int option) {
    for (; table->version; table++)
        if (table->option == option) return table->version <= version;
    fprintf(stderr, "OldCurl: since when is there option %d?\n", option);
    abort();
}

PASS(CURLcode, curl_global_init, (long flags), (flags))
PASS(void, curl_easy_cleanup, (CURL *handle), (handle))
PASS(const char *, curl_easy_strerror, (CURLcode code), (code))
PASS(CURLcode, curl_easy_pause, (CURL *handle, int mask), (handle, mask))
PASS(CURLMcode, curl_multi_cleanup, (CURLM *multi), (multi))
PASS(CURLMcode, curl_multi_add_handle, (CURLM *multi, CURL *handle), (multi, handle))
PASS(CURLMcode, curl_multi_remove_handle, (CURLM *multi, CURL *handle), (multi, handle))
PASS(CURLMcode, curl_multi_socket_action, (CURLM *multi, curl_socket_t socket, int events, int *count), (multi, socket, events, count))
PASS(struct curl_slist *, curl_slist_append, (struct curl_slist *list, const char *text), (list, text))
PASS(void, curl_slist_free_all, (struct curl_slist *list), (list))
PASS(curl_version_info_data *, curl_version_info, (CURLversion age), (age))
PASS(time_t, curl_getdate, (const char *text, const time_t *unused), (text, unused))

CURL *curl_easy_init(void) {
    CURL *handle = REAL(curl_easy_init)();
    /* HTTP/2 came with 7.33. */
    if (handle && version < 33) REAL(curl_easy_setopt)(handle, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    return handle;
}

/* Every argument is a long or a pointer. */
CURLcode curl_easy_setopt(CURL *handle, CURLoption option, ...) {
    va_list arguments;
    va_start(arguments, option);
    void *value = va_arg(arguments, void *);
    va_end(arguments);
    if (!knows(options, option)) return CURLE_UNKNOWN_OPTION;
    /* An old one takes any number, and what it does not know is HTTP/1.1. */
    if (option == CURLOPT_HTTP_VERSION && version < 33) return CURLE_OK;
    return REAL(curl_easy_setopt)(handle, option, value);
}

CURLcode curl_easy_getinfo(CURL *handle, CURLINFO fact, ...) {
    va_list arguments;
    va_start(arguments, fact);
    void *value = va_arg(arguments, void *);
    va_end(arguments);
    return knows(facts, fact) ? REAL(curl_easy_getinfo)(handle, fact, value) : CURLE_UNKNOWN_OPTION;
}

CURLM *curl_multi_init(void) {
    CURLM *multi = REAL(curl_multi_init)();
    if (multi && version < 62) REAL(curl_multi_setopt)(multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
    return multi;
}

CURLMcode curl_multi_setopt(CURLM *multi, CURLMoption option, ...) {
    va_list arguments;
    va_start(arguments, option);
    void *value = va_arg(arguments, void *);
    va_end(arguments);
    return knows(multi_options, option) ? REAL(curl_multi_setopt)(multi, option, value) : CURLM_UNKNOWN_OPTION;
}

/* Old ones round down, to 1 at least. */
CURLMcode curl_multi_timeout(CURLM *multi, long *milliseconds) {
    CURLMcode code = REAL(curl_multi_timeout)(multi, milliseconds);
    if (version < 62 && *milliseconds > 1) --*milliseconds;
    return code;
}

CURLMsg *curl_multi_info_read(CURLM *multi, int *left) {
    CURLMsg *message = REAL(curl_multi_info_read)(multi, left);
    long result = 0;
    /* A good certificate of another name had a code of its own. The name is looked at first: until then the result is 1 (OpenSSL). */
    if (message && version < 62 && message->data.result == CURLE_PEER_FAILED_VERIFICATION) {
        REAL(curl_easy_getinfo)(message->easy_handle, CURLINFO_SSL_VERIFYRESULT, &result);
        if (result == 1) message->data.result = CURLE_OBSOLETE51;
    }
    return message;
}
