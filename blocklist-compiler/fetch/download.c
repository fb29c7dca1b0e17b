#include "fetch/download.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fetch/transfer.h"

#define REDIRECTS_MAX 5
#define TRIES         2

/* One download on its way. */
struct journey {
    const char *url, *path, *etag, *last_modified;
    const struct download_opts *opts;
    const struct download_access *access;
    int64_t left_ms;
    char at[URL_MAX];            /* where redirects have led to */
    char home[URL_SERVER_MAX];   /* the server that credentials are for */
    struct transfer_reply reply; /* the last one */
};

int download_init(void)
{
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? 0 : ERR_NOMEM;
}

void download_done(void)
{
    curl_global_cleanup();
}

static int fail(int err, const char *sentence, char why[DOWNLOAD_WHY_MAX])
{
    snprintf(why, DOWNLOAD_WHY_MAX, "%s", sentence);
    return err;
}

static int ask(struct journey *j, char why[DOWNLOAD_WHY_MAX])
{
    char server[URL_SERVER_MAX];
    if (!url_server(j->at, server))
        return fail(ERR_NETWORK, "the address is not https", why);
    if (j->left_ms <= 0)
        return fail(ERR_TIMEOUT, "the server is too slow", why);
    const struct transfer transfer = {.url = j->at,
                                      .path = j->path,
                                      .etag = j->etag,
                                      .last_modified = j->last_modified,
                                      .opts = j->opts,
                                      .access = j->access,
                                      .at_home = strcmp(server, j->home) == 0,
                                      .left_ms = j->left_ms};
    turns_take(j->opts->turns, server);
    int err = transfer_run(&transfer, &j->reply, why);
    turns_give(j->opts->turns, server);
    j->left_ms -= j->reply.took_ms;
    return err;
}

static bool is_redirect(long status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* What a stranger's header may show on a terminal. */
static void make_printable(char *text)
{
    for (; *text != '\0'; text++) {
        if (*text < 0x20 || *text > 0x7e)
            *text = '?';
    }
}

static int follow(struct journey *j, char why[DOWNLOAD_WHY_MAX])
{
    char server[URL_SERVER_MAX];
    if (j->reply.location[0] == '\0')
        return fail(ERR_NETWORK, "the server redirects without saying where to", why);
    if (!url_server(j->reply.location, server)) {
        make_printable(j->reply.location);
        snprintf(why, DOWNLOAD_WHY_MAX, "the server redirects to '%.120s', and only https is followed",
                 j->reply.location);
        return ERR_NETWORK;
    }
    memcpy(j->at, j->reply.location, sizeof j->at);
    return 0;
}

/* From the address to the first answer that is no redirect. */
static int travel(struct journey *j, char why[DOWNLOAD_WHY_MAX])
{
    snprintf(j->at, sizeof j->at, "%s", j->url);
    for (int hops = 0; hops <= REDIRECTS_MAX; hops++) {
        int err = ask(j, why);
        if (err < 0 || !is_redirect(j->reply.status))
            return err;
        err = follow(j, why);
        if (err < 0)
            return err;
    }
    return fail(ERR_NETWORK, "the server redirects more than 5 times", why);
}

static void pause_ms(int64_t ms)
{
    struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    while (nanosleep(&time, &time) < 0 && errno == EINTR)
        ;
}

/* Whether the last answer is one that a list can come with. */
static int check_answer(const struct journey *j, char why[DOWNLOAD_WHY_MAX])
{
    if (j->reply.status == 200)
        return 0;
    if (j->reply.status == 304 && (j->etag[0] != '\0' || j->last_modified[0] != '\0'))
        return 0;
    if (j->reply.status == 304)
        return fail(ERR_NETWORK, "the server says that nothing has changed, but was not asked that", why);
    snprintf(why, DOWNLOAD_WHY_MAX, "the server's answer has no list (HTTP %ld)", j->reply.status);
    return ERR_NETWORK;
}

int download(const char *url, const char *path, const char *etag, const char *last_modified,
             const struct download_opts *opts, const struct download_access *access, struct download_reply *out,
             char why[DOWNLOAD_WHY_MAX])
{
    struct journey j = {.url = url,
                        .path = path,
                        .etag = etag,
                        .last_modified = last_modified,
                        .opts = opts,
                        .access = access,
                        .left_ms = opts->total_ms};
    if (strlen(url) >= URL_MAX || !url_server(url, j.home))
        return fail(ERR_NETWORK, "the address is not https", why);
    int err = travel(&j, why);
    for (int tries = 1; tries < TRIES && err < 0 && j.reply.passing && j.left_ms > opts->retry_pause_ms; tries++) {
        pause_ms(opts->retry_pause_ms);
        j.left_ms -= opts->retry_pause_ms;
        err = travel(&j, why);
    }
    if (err == 0)
        err = check_answer(&j, why);
    if (err < 0)
        return err;
    out->unchanged = j.reply.status == 304;
    out->bytes = j.reply.bytes;
    memcpy(out->etag, j.reply.etag, sizeof out->etag);
    memcpy(out->last_modified, j.reply.last_modified, sizeof out->last_modified);
    memcpy(out->content_type, j.reply.content_type, sizeof out->content_type);
    return 0;
}
