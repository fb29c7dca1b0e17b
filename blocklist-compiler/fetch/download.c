#include "fetch/download.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define REDIRECTS_MAX     5L
#define LOW_SPEED_BYTES_S 100L /* slower than this for LOW_SPEED_S is a dead peer */
#define LOW_SPEED_S       60L

struct transfer {
    FILE *file;
    uint64_t bytes, bytes_max;
    bool too_big, write_failed;
};

int download_init(void)
{
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? 0 : ERR_NOMEM;
}

void download_done(void)
{
    curl_global_cleanup();
}

/* libcurl's own size limit does not stop a body of unknown length, so bytes are counted as they come. */
static size_t on_bytes(char *bytes, size_t one, size_t len, void *ctx)
{
    struct transfer *t = ctx;
    (void)one;
    t->bytes += len;
    if (t->bytes > t->bytes_max) {
        t->too_big = true;
        return CURL_WRITEFUNC_ERROR;
    }
    if (fwrite(bytes, 1, len, t->file) != len) {
        t->write_failed = true;
        return CURL_WRITEFUNC_ERROR;
    }
    return len;
}

static struct curl_slist *condition(struct curl_slist *list, const char *header, const char *value)
{
    char line[STORE_HEADER_MAX + 32];
    if (value[0] == '\0')
        return list;
    snprintf(line, sizeof line, "%s: %s", header, value);
    struct curl_slist *more = curl_slist_append(list, line);
    return more == NULL ? list : more; /* without memory the request is only less polite */
}

static void set_up(CURL *curl, const char *url, const struct download_opts *opts, struct transfer *t)
{
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
    curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(curl, CURLOPT_MAXREDIRS, REDIRECTS_MAX);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)opts->connect_ms);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)opts->total_ms);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, LOW_SPEED_BYTES_S);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, LOW_SPEED_S);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "belisha-blocklist-compiler/" BELISHA_VERSION);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_bytes);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, t);
    if (opts->ca_file != NULL)
        curl_easy_setopt(curl, CURLOPT_CAINFO, opts->ca_file);
}

static int err_from_curl(CURL *curl, CURLcode code, const struct transfer *t)
{
    long status = 0;
    if (t->too_big)
        return ERR_LIMIT;
    if (t->write_failed)
        return errno == ENOSPC || errno == EDQUOT ? ERR_NOSPACE : ERR_IO;
    if (code == CURLE_OPERATION_TIMEDOUT)
        return ERR_TIMEOUT;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    if (status == 404 || status == 410)
        return ERR_NOENT;
    return status == 401 || status == 403 ? ERR_ACCESS : ERR_NETWORK;
}

static void explain(char why[DOWNLOAD_WHY_MAX], const struct transfer *t, CURLcode code, const char *detail)
{
    if (t->too_big)
        snprintf(why, DOWNLOAD_WHY_MAX, "more than the allowed %llu bytes", (unsigned long long)t->bytes_max);
    else if (t->write_failed)
        snprintf(why, DOWNLOAD_WHY_MAX, "could not write the copy: %s", strerror(errno));
    else
        snprintf(why, DOWNLOAD_WHY_MAX, "%s", detail[0] != '\0' ? detail : curl_easy_strerror(code));
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

static void read_reply(CURL *curl, const struct transfer *t, struct download_reply *out)
{
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    out->unchanged = status == 304;
    out->bytes = t->bytes;
    copy_header(curl, "ETag", out->etag);
    copy_header(curl, "Last-Modified", out->last_modified);
}

int download(const char *url, const char *path, const char *etag, const char *last_modified,
             const struct download_opts *opts, struct download_reply *out, char why[DOWNLOAD_WHY_MAX])
{
    char detail[CURL_ERROR_SIZE] = "";
    struct transfer t = {.bytes_max = opts->bytes_max};
    struct curl_slist *headers = condition(NULL, "If-None-Match", etag);
    int err = 0;
    CURL *curl = curl_easy_init();
    t.file = fopen(path, "we");
    if (curl == NULL || t.file == NULL) {
        err = curl == NULL ? ERR_NOMEM : ERR_IO;
        snprintf(why, DOWNLOAD_WHY_MAX, "could not write the copy: %s", strerror(errno));
        goto done;
    }
    headers = condition(headers, "If-Modified-Since", last_modified);
    set_up(curl, url, opts, &t);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, detail);
    CURLcode code = curl_easy_perform(curl);
    if (fflush(t.file) != 0)
        t.write_failed = true;
    if (code != CURLE_OK || t.write_failed) {
        err = err_from_curl(curl, code, &t);
        explain(why, &t, code, detail);
        goto done;
    }
    read_reply(curl, &t, out);
done:
    if (t.file != NULL)
        fclose(t.file);
    if (err < 0)
        unlink(path);
    curl_easy_cleanup(curl);
    curl_slist_free_all(headers);
    return err;
}
