#include "ship/poster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#define CONNECT_MS       15000L
#define SILENT_S         30L /* a connection on which nothing moves for so long is given up */
#define ANSWER_BYTES_MAX ((size_t)16 << 20)

struct poster {
    CURL *curl;
    const volatile sig_atomic_t *stop;
    struct text *answer;
    char error[CURL_ERROR_SIZE];
};

static size_t take(char *bytes, size_t size, size_t count, void *ctx)
{
    struct poster *poster = ctx;
    text_add(poster->answer, bytes, size * count);
    return text_ok(poster->answer) ? size * count : 0;
}

static int watch(void *ctx, curl_off_t down_total, curl_off_t down, curl_off_t up_total, curl_off_t up)
{
    const struct poster *poster = ctx;
    (void)down_total, (void)down, (void)up_total, (void)up;
    return poster->stop != NULL && *poster->stop != 0;
}

static void set_up(struct poster *poster, const struct poster_opts *opts)
{
    CURL *curl = poster->curl;
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)opts->timeout_ms);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, SILENT_S);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, poster->error);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, poster);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, watch);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, poster);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "belisha/" BELISHA_VERSION);
    if (opts->user != NULL) {
        curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        curl_easy_setopt(curl, CURLOPT_USERNAME, opts->user);
        curl_easy_setopt(curl, CURLOPT_PASSWORD, opts->password == NULL ? "" : opts->password);
    }
    if (opts->ca_file != NULL) {
        curl_easy_setopt(curl, CURLOPT_CAINFO, opts->ca_file);
        curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
    }
}

int poster_open(const struct poster_opts *opts, struct poster **out)
{
    struct poster *poster = calloc(1, sizeof *poster);
    if (poster == NULL)
        return ERR_NOMEM;
    poster->stop = opts->stop;
    poster->curl = curl_easy_init();
    if (poster->curl == NULL) {
        free(poster);
        return ERR_NOMEM;
    }
    set_up(poster, opts);
    *out = poster;
    return 0;
}

void poster_close(struct poster *poster)
{
    if (poster == NULL)
        return;
    curl_easy_cleanup(poster->curl);
    free(poster);
}

static int err_from_curl(CURLcode code)
{
    switch ((int)code) {
    case CURLE_OK:
        return 0;
    case CURLE_OUT_OF_MEMORY:
        return ERR_NOMEM;
    case CURLE_OPERATION_TIMEDOUT:
        return ERR_TIMEOUT;
    case CURLE_WRITE_ERROR:
        return ERR_LIMIT;
    default:
        return ERR_NETWORK;
    }
}

static struct curl_slist *headers_of(const struct poster_request *request)
{
    char line[64];
    struct curl_slist *list = curl_slist_append(NULL, "Content-Type: application/octet-stream");
    if (list != NULL)
        list = curl_slist_append(list, "Expect:");
    if (list == NULL || request->encoding == NULL)
        return list;
    snprintf(line, sizeof line, "Content-Encoding: %s", request->encoding);
    return curl_slist_append(list, line);
}

int poster_post(struct poster *poster, const struct poster_request *request, struct text *answer, long *out_status,
                char *why, size_t why_size)
{
    struct curl_slist *headers = headers_of(request);
    if (headers == NULL)
        return ERR_NOMEM;
    answer->len = 0;
    answer->max = ANSWER_BYTES_MAX;
    answer->failed = false;
    poster->answer = answer;
    poster->error[0] = '\0';
    curl_easy_setopt(poster->curl, CURLOPT_URL, request->url);
    curl_easy_setopt(poster->curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(poster->curl, CURLOPT_POST, 1L);
    curl_easy_setopt(poster->curl, CURLOPT_POSTFIELDS, request->body_len == 0 ? "" : request->body);
    curl_easy_setopt(poster->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_len);
    /* libcurl repeats a request by itself when a connection that was used before breaks without an answer. */
    curl_easy_setopt(poster->curl, CURLOPT_FRESH_CONNECT, request->once ? 1L : 0L);
    CURLcode code = curl_easy_perform(poster->curl);
    curl_easy_setopt(poster->curl, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(headers);
    if (code != CURLE_OK) {
        snprintf(why, why_size, "%s", poster->error[0] != '\0' ? poster->error : curl_easy_strerror(code));
        return err_from_curl(code);
    }
    text_add(answer, "", 0); /* its closing zero, also of nothing */
    curl_easy_getinfo(poster->curl, CURLINFO_RESPONSE_CODE, out_status);
    return 0;
}

void poster_add_escaped(struct text *url, const char *value)
{
    char *escaped = curl_easy_escape(NULL, value, 0);
    if (escaped == NULL) {
        url->failed = true;
        return;
    }
    text_add(url, escaped, strlen(escaped));
    curl_free(escaped);
}
