#include "fetch/transfer.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/secret.h"

#define STALL_BYTES_S     100L
#define HEADERS_MAX       (128U << 10) /* bytes of all header lines of one answer */
#define SWELL_FACTOR      200          /* how much more may come out of a Content-Encoding than went in */
#define SWELL_FREE        (16U << 20)  /* below that many bytes anything may swell */
#define HTTP_OK           200
#define HTTP_NOT_MODIFIED 304

/* What broke a transfer off from our side. */
enum broken { BROKEN_NOT, BROKEN_SIZE, BROKEN_SWELL, BROKEN_HEADERS, BROKEN_WRITE };

struct exchange {
    const struct transfer *transfer;
    CURL *curl;
    FILE *file;
    struct curl_slist *headers;
    uint64_t bytes, header_bytes;
    enum broken broken;
    int write_errno;
    char detail[CURL_ERROR_SIZE];
};

static size_t break_off(struct exchange *x, enum broken broken)
{
    x->broken = broken;
    return CURL_WRITEFUNC_ERROR;
}

static long status_of(const struct exchange *x)
{
    long status = 0;
    curl_easy_getinfo(x->curl, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

static bool swells(const struct exchange *x)
{
    curl_off_t received = 0;
    curl_easy_getinfo(x->curl, CURLINFO_SIZE_DOWNLOAD_T, &received);
    return x->bytes > SWELL_FREE && x->bytes / SWELL_FACTOR > (uint64_t)received;
}

/* libcurl's own size limit does not stop a body of unknown length, so bytes are counted as they come. */
static size_t on_bytes(char *bytes, size_t one, size_t len, void *ctx)
{
    struct exchange *x = ctx;
    (void)one;
    x->bytes += len;
    if (x->bytes > x->transfer->opts->bytes_max)
        return break_off(x, BROKEN_SIZE);
    if (swells(x))
        return break_off(x, BROKEN_SWELL);
    if (status_of(x) != HTTP_OK)
        return len; /* what a redirect shows to people */
    if (fwrite(bytes, 1, len, x->file) != len) {
        x->write_errno = errno;
        return break_off(x, BROKEN_WRITE);
    }
    return len;
}

static size_t on_header(const char *bytes, size_t one, size_t len, void *ctx)
{
    struct exchange *x = ctx;
    (void)bytes;
    (void)one;
    x->header_bytes += len;
    return x->header_bytes > HEADERS_MAX ? break_off(x, BROKEN_HEADERS) : len;
}

/* ---- the question ---- */

static int add_header(struct exchange *x, const char *line)
{
    struct curl_slist *more = curl_slist_append(x->headers, line);
    if (more == NULL)
        return ERR_NOMEM;
    x->headers = more;
    return 0;
}

static int add_condition(struct exchange *x, const char *name, const char *value)
{
    char line[STORE_HEADER_MAX + 32];
    if (value[0] == '\0')
        return 0;
    snprintf(line, sizeof line, "%s: %s", name, value);
    return add_header(x, line);
}

static int add_header_lines(struct exchange *x, const char *path, char why[DOWNLOAD_WHY_MAX])
{
    struct secret secret;
    char *rest = secret.text, *line;
    int err = secret_read(path, &secret, why);
    if (err < 0)
        return err;
    while (err == 0 && (line = strsep(&rest, "\n")) != NULL) {
        if (strchr(line, ':') != NULL) {
            err = add_header(x, line);
        } else {
            snprintf(why, DOWNLOAD_WHY_MAX, "the secret in '%.160s' must have lines like 'Name: value'", path);
            err = ERR_MALFORMED;
        }
    }
    secret_wipe(&secret);
    return err;
}

static int set_user(struct exchange *x, CURLoption option, const char *path, char why[DOWNLOAD_WHY_MAX])
{
    struct secret secret;
    int err = secret_read(path, &secret, why);
    if (err < 0)
        return err;
    if (strchr(secret.text, ':') == NULL || strchr(secret.text, '\n') != NULL) {
        snprintf(why, DOWNLOAD_WHY_MAX, "the secret in '%.160s' must be one line like 'user:password'", path);
        err = ERR_MALFORMED;
    } else {
        curl_easy_setopt(x->curl, option, secret.text);
    }
    secret_wipe(&secret);
    return err;
}

static int set_credentials(struct exchange *x, char why[DOWNLOAD_WHY_MAX])
{
    const struct download_access *access = x->transfer->access;
    int err = 0;
    if (access->header_file != NULL)
        err = add_header_lines(x, access->header_file, why);
    if (err == 0 && access->user_file != NULL)
        err = set_user(x, CURLOPT_USERPWD, access->user_file, why);
    if (err == 0 && access->client_key != NULL)
        err = secret_check(access->client_key, why);
    if (err < 0)
        return err;
    curl_easy_setopt(x->curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
    curl_easy_setopt(x->curl, CURLOPT_SSLCERT, access->client_certificate);
    curl_easy_setopt(x->curl, CURLOPT_SSLKEY, access->client_key);
    return 0;
}

/* "" keeps libcurl from asking the environment. */
static int set_proxy(struct exchange *x, char why[DOWNLOAD_WHY_MAX])
{
    const struct download_access *access = x->transfer->access;
    const char *proxy = access->proxy == NULL ? "" : access->proxy;
    if (strcmp(proxy, DOWNLOAD_PROXY_ENVIRONMENT) == 0)
        return 0;
    curl_easy_setopt(x->curl, CURLOPT_PROXY, proxy);
    curl_easy_setopt(x->curl, CURLOPT_NOPROXY, "");
    if (proxy[0] == '\0' || access->proxy_user_file == NULL)
        return 0;
    curl_easy_setopt(x->curl, CURLOPT_PROXYAUTH, CURLAUTH_BASIC);
    return set_user(x, CURLOPT_PROXYUSERPWD, access->proxy_user_file, why);
}

static void set_bounds(struct exchange *x)
{
    const struct transfer *transfer = x->transfer;
    const struct download_opts *opts = transfer->opts;
    curl_easy_setopt(x->curl, CURLOPT_CONNECTTIMEOUT_MS, (long)opts->connect_ms);
    curl_easy_setopt(x->curl, CURLOPT_TIMEOUT_MS, (long)transfer->left_ms);
    curl_easy_setopt(x->curl, CURLOPT_LOW_SPEED_LIMIT, STALL_BYTES_S);
    curl_easy_setopt(x->curl, CURLOPT_LOW_SPEED_TIME, (long)opts->stall_s);
    curl_easy_setopt(x->curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(x->curl, CURLOPT_HEADERDATA, x);
    curl_easy_setopt(x->curl, CURLOPT_WRITEFUNCTION, on_bytes);
    curl_easy_setopt(x->curl, CURLOPT_WRITEDATA, x);
}

static int set_up(struct exchange *x, char why[DOWNLOAD_WHY_MAX])
{
    const struct transfer *transfer = x->transfer;
    curl_easy_setopt(x->curl, CURLOPT_URL, transfer->url);
    curl_easy_setopt(x->curl, CURLOPT_PROTOCOLS_STR, "https");
    curl_easy_setopt(x->curl, CURLOPT_REDIR_PROTOCOLS_STR, "https");
    curl_easy_setopt(x->curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(x->curl, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(x->curl, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(x->curl, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(x->curl, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(x->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(x->curl, CURLOPT_ACCEPT_ENCODING, "gzip");
    curl_easy_setopt(x->curl, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
    curl_easy_setopt(x->curl, CURLOPT_USERAGENT, "belisha-blocklist-compiler/" BELISHA_VERSION);
    curl_easy_setopt(x->curl, CURLOPT_ERRORBUFFER, x->detail);
    if (transfer->opts->ca_file != NULL) {
        curl_easy_setopt(x->curl, CURLOPT_CAINFO, transfer->opts->ca_file);
        curl_easy_setopt(x->curl, CURLOPT_CAPATH, NULL);
        curl_easy_setopt(x->curl, CURLOPT_PROXY_CAINFO, transfer->opts->ca_file);
    }
    set_bounds(x);
    int err = add_condition(x, "If-None-Match", transfer->etag);
    if (err == 0)
        err = add_condition(x, "If-Modified-Since", transfer->last_modified);
    if (err == 0)
        err = set_proxy(x, why);
    if (err == 0 && transfer->at_home)
        err = set_credentials(x, why);
    curl_easy_setopt(x->curl, CURLOPT_HTTPHEADER, x->headers);
    return err;
}

/* ---- the answer ---- */

static int explain_break(const struct exchange *x, char why[DOWNLOAD_WHY_MAX])
{
    switch (x->broken) {
    case BROKEN_SIZE:
        snprintf(why, DOWNLOAD_WHY_MAX, "more than the allowed %llu bytes",
                 (unsigned long long)x->transfer->opts->bytes_max);
        return ERR_LIMIT;
    case BROKEN_SWELL:
        snprintf(why, DOWNLOAD_WHY_MAX, "a few compressed bytes swell to more than %d times as many", SWELL_FACTOR);
        return ERR_LIMIT;
    case BROKEN_HEADERS:
        snprintf(why, DOWNLOAD_WHY_MAX, "the server sends more than %u bytes of headers", HEADERS_MAX);
        return ERR_LIMIT;
    case BROKEN_WRITE:
    case BROKEN_NOT:
    default:
        snprintf(why, DOWNLOAD_WHY_MAX, "could not write the copy: %s", strerror(x->write_errno));
        return x->write_errno == ENOSPC || x->write_errno == EDQUOT ? ERR_NOSPACE : ERR_IO;
    }
}

static int explain_status(long status, bool *passing, char why[DOWNLOAD_WHY_MAX])
{
    static const struct {
        long status;
        int err;
        const char *sentence;
    } rows[] = {
        {401, ERR_ACCESS, "the server wants other credentials than it got"},
        {403, ERR_ACCESS, "the server does not let us have it"},
        {404, ERR_NOENT, "the server has no such file"},
        {410, ERR_NOENT, "the server says that it is gone for good"},
        {429, ERR_NETWORK, "the server says that we ask too often"},
    };
    *passing = status >= 500;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].status != status)
            continue;
        snprintf(why, DOWNLOAD_WHY_MAX, "%s (HTTP %ld)", rows[i].sentence, status);
        return rows[i].err;
    }
    snprintf(why, DOWNLOAD_WHY_MAX,
             status >= 500 ? "the server has trouble of its own (HTTP %ld)" : "the server refuses (HTTP %ld)", status);
    return ERR_NETWORK;
}

/* What libcurl's codes mean to a technician; its own words follow. */
static int explain_code(const struct exchange *x, CURLcode code, bool *passing, char why[DOWNLOAD_WHY_MAX])
{
    static const struct {
        CURLcode code;
        int err;
        bool passing;
        const char *sentence;
    } rows[] = {
        {CURLE_COULDNT_RESOLVE_HOST, ERR_NETWORK, true, "the server's name can't be looked up"},
        {CURLE_COULDNT_RESOLVE_PROXY, ERR_NETWORK, true, "the proxy's name can't be looked up"},
        {CURLE_COULDNT_CONNECT, ERR_NETWORK, true, "no connection to the server"},
        {CURLE_OPERATION_TIMEDOUT, ERR_TIMEOUT, false, "the server is too slow"},
        {CURLE_PARTIAL_FILE, ERR_NETWORK, true, "the connection ended in the middle of the list"},
        {CURLE_RECV_ERROR, ERR_NETWORK, true, "the connection broke"},
        {CURLE_SEND_ERROR, ERR_NETWORK, true, "the connection broke"},
        {CURLE_GOT_NOTHING, ERR_NETWORK, true, "the server said nothing"},
        {CURLE_PEER_FAILED_VERIFICATION, ERR_NETWORK, false, "the server's certificate is not to be trusted"},
        {CURLE_SSL_CONNECT_ERROR, ERR_NETWORK, true, "no secure connection to the server"},
        {CURLE_SSL_CERTPROBLEM, ERR_ACCESS, false, "our own client certificate can't be used"},
        {CURLE_BAD_CONTENT_ENCODING, ERR_MALFORMED, false, "what the server compressed can't be unpacked"},
        {CURLE_OUT_OF_MEMORY, ERR_NOMEM, false, "no memory"},
    };
    const char *detail = x->detail[0] == '\0' ? curl_easy_strerror(code) : x->detail;
    *passing = false;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].code != code)
            continue;
        *passing = rows[i].passing;
        snprintf(why, DOWNLOAD_WHY_MAX, "%s: %.180s", rows[i].sentence, detail);
        return rows[i].err;
    }
    snprintf(why, DOWNLOAD_WHY_MAX, "%.250s", detail);
    return ERR_NETWORK;
}

static int judge(const struct exchange *x, CURLcode code, bool *passing, char why[DOWNLOAD_WHY_MAX])
{
    long connected = 0;
    *passing = false;
    if (x->broken != BROKEN_NOT)
        return explain_break(x, why);
    curl_easy_getinfo(x->curl, CURLINFO_HTTP_CONNECTCODE, &connected);
    if (connected >= 400) {
        snprintf(why, DOWNLOAD_WHY_MAX, "the proxy refuses (HTTP %ld)", connected);
        return connected == 407 ? ERR_ACCESS : ERR_NETWORK;
    }
    if ((code == CURLE_OK || code == CURLE_HTTP_RETURNED_ERROR) && status_of(x) >= 400)
        return explain_status(status_of(x), passing, why);
    return code == CURLE_OK ? 0 : explain_code(x, code, passing, why);
}

static void copy_header(CURL *curl, const char *name, char out[STORE_HEADER_MAX])
{
    struct curl_header *header;
    out[0] = '\0';
    if (curl_easy_header(curl, name, 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
        return;
    if (strlen(header->value) < STORE_HEADER_MAX)
        memcpy(out, header->value, strlen(header->value) + 1);
}

static void read_reply(const struct exchange *x, struct transfer_reply *out)
{
    const char *location = NULL;
    out->status = status_of(x);
    out->bytes = x->bytes;
    curl_easy_getinfo(x->curl, CURLINFO_REDIRECT_URL, &location);
    if (location == NULL || snprintf(out->location, sizeof out->location, "%s", location) >= (int)sizeof out->location)
        out->location[0] = '\0';
    copy_header(x->curl, "ETag", out->etag);
    copy_header(x->curl, "Last-Modified", out->last_modified);
    copy_header(x->curl, "Content-Type", out->content_type);
}

static int64_t time_taken_ms(CURL *curl)
{
    curl_off_t took_us = 0;
    curl_easy_getinfo(curl, CURLINFO_TOTAL_TIME_T, &took_us);
    return (int64_t)took_us / 1000;
}

static int perform(struct exchange *x, struct transfer_reply *out, char why[DOWNLOAD_WHY_MAX])
{
    int err = set_up(x, why);
    if (err < 0)
        return err;
    CURLcode code = curl_easy_perform(x->curl);
    out->took_ms = time_taken_ms(x->curl);
    if (x->broken == BROKEN_NOT && fflush(x->file) != 0) {
        x->write_errno = errno;
        x->broken = BROKEN_WRITE;
    }
    err = judge(x, code, &out->passing, why);
    if (err == 0)
        read_reply(x, out);
    return err;
}

int transfer_run(const struct transfer *transfer, struct transfer_reply *out, char why[DOWNLOAD_WHY_MAX])
{
    struct exchange x = {.transfer = transfer, .curl = curl_easy_init(), .file = fopen(transfer->path, "we")};
    int err = 0;
    *out = (struct transfer_reply){0};
    if (x.file == NULL) {
        x.write_errno = errno;
        x.broken = BROKEN_WRITE;
        err = explain_break(&x, why);
    } else if (x.curl == NULL) {
        err = ERR_NOMEM;
        snprintf(why, DOWNLOAD_WHY_MAX, "no memory");
    } else {
        err = perform(&x, out, why);
    }
    if (x.file != NULL)
        fclose(x.file);
    if (err < 0 || out->status != HTTP_OK)
        unlink(transfer->path);
    curl_easy_cleanup(x.curl);
    curl_slist_free_all(x.headers);
    return err;
}
