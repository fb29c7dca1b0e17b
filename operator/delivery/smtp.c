#include "delivery/smtp.h"

#include <stdio.h>
#include <string.h>

#include <curl/curl.h>

#include "base/endpoint.h"
#include "base/secret.h"
#include "delivery/mime.h"

#define STALL_BYTES_S 100L
#define SLOW_BYTES_S  20000 /* a line so slow is given the time it needs */
#define REPLY_MAX     160

struct mailing {
    const struct mail_opts *opts;
    const char *to;
    const struct text *mail;
    size_t sent;
    CURL *curl;
    char reply[REPLY_MAX]; /* the server's last line that says no */
    char detail[CURL_ERROR_SIZE];
};

static size_t on_read(char *buffer, size_t one, size_t room, void *ctx)
{
    struct mailing *m = ctx;
    size_t left = m->mail->len - m->sent;
    size_t len = left < one * room ? left : one * room;
    memcpy(buffer, m->mail->bytes + m->sent, len);
    m->sent += len;
    return len;
}

/* Lines of the server, without a zero behind them. Those of 4xx and 5xx are worth telling. */
static size_t on_reply(char *bytes, size_t one, size_t len, void *ctx)
{
    struct mailing *m = ctx;
    size_t total = one * len;
    if (total > 3 && (bytes[0] == '4' || bytes[0] == '5')) {
        size_t keep = total;
        while (keep > 0 && (bytes[keep - 1] == '\r' || bytes[keep - 1] == '\n'))
            keep--;
        snprintf(m->reply, sizeof m->reply, "%.*s", (int)keep, bytes);
    }
    return total;
}

/* ---- what is asked of libcurl ---- */

/* The server's place, and behind the slash what we call ourselves (EHLO). */
static int set_place(struct mailing *m, char why[DELIVER_WHY_MAX])
{
    char url[600];
    const struct mail_opts *o = m->opts;
    const char *domain = strchr(o->from, '@');
    bool v6 = strchr(o->server, ':') != NULL;
    if (o->tls == ROUTE_TLS_NONE && !endpoint_is_loopback(o->server, strlen(o->server))) {
        snprintf(why, DELIVER_WHY_MAX, "without TLS, mail is given to this machine itself only");
        return ERR_CONFIG;
    }
    snprintf(url, sizeof url, "%s://%s%s%s:%u/%s", o->tls == ROUTE_TLS_IMPLICIT ? "smtps" : "smtp", v6 ? "[" : "",
             o->server, v6 ? "]" : "", o->port, domain == NULL ? "localhost" : domain + 1);
    curl_easy_setopt(m->curl, CURLOPT_URL, url);
    curl_easy_setopt(m->curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(m->curl, CURLOPT_USE_SSL, (long)(o->tls == ROUTE_TLS_NONE ? CURLUSESSL_NONE : CURLUSESSL_ALL));
    curl_easy_setopt(m->curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (o->ca != NULL)
        curl_easy_setopt(m->curl, CURLOPT_CAINFO, o->ca);
    return 0;
}

static void set_limits(struct mailing *m)
{
    int64_t whole_ms = 4 * m->opts->timeout_ms + (int64_t)(m->mail->len / SLOW_BYTES_S) * 1000;
    curl_easy_setopt(m->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(m->curl, CURLOPT_PROXY, "");
    curl_easy_setopt(m->curl, CURLOPT_CONNECTTIMEOUT_MS, (long)m->opts->timeout_ms);
    curl_easy_setopt(m->curl, CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)(m->opts->timeout_ms / 1000 + 1));
    curl_easy_setopt(m->curl, CURLOPT_TIMEOUT_MS, (long)whole_ms);
    curl_easy_setopt(m->curl, CURLOPT_LOW_SPEED_LIMIT, STALL_BYTES_S);
    curl_easy_setopt(m->curl, CURLOPT_LOW_SPEED_TIME, (long)(m->opts->timeout_ms / 1000 + 1));
}

static void set_body(struct mailing *m)
{
    curl_easy_setopt(m->curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(m->curl, CURLOPT_READFUNCTION, on_read);
    curl_easy_setopt(m->curl, CURLOPT_READDATA, m);
    curl_easy_setopt(m->curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)m->mail->len);
    curl_easy_setopt(m->curl, CURLOPT_HEADERFUNCTION, on_reply);
    curl_easy_setopt(m->curl, CURLOPT_HEADERDATA, m);
    curl_easy_setopt(m->curl, CURLOPT_ERRORBUFFER, m->detail);
}

static int set_user(struct mailing *m, char why[DELIVER_WHY_MAX])
{
    struct secret secret;
    if (m->opts->user == NULL)
        return 0;
    int err = secret_read(m->opts->password_file, &secret, why);
    if (err < 0)
        return err;
    curl_easy_setopt(m->curl, CURLOPT_USERNAME, m->opts->user);
    curl_easy_setopt(m->curl, CURLOPT_PASSWORD, secret.text);
    secret_wipe(&secret);
    return 0;
}

/* ---- what came of it ---- */

/* Of a no for good: the server speaks of this mail or this recipient, not of who we are. */
static bool is_final(CURLcode code, long reply)
{
    if (code == CURLE_LOGIN_DENIED || reply < 500 || reply > 599)
        return false;
    return reply != 530 && reply != 534 && reply != 535 && reply != 538;
}

static enum outcome judge(struct mailing *m, CURLcode code, char why[DELIVER_WHY_MAX])
{
    long reply = 0;
    if (code == CURLE_OK)
        return OUTCOME_SENT;
    curl_easy_getinfo(m->curl, CURLINFO_RESPONSE_CODE, &reply);
    const char *what = m->detail[0] != '\0' ? m->detail : curl_easy_strerror(code);
    if (code == CURLE_USE_SSL_FAILED)
        what = "the mail server offers no TLS, without which nothing is sent to it";
    else if (code == CURLE_LOGIN_DENIED)
        what = "the mail server does not know the user, or the password is wrong";
    snprintf(why, DELIVER_WHY_MAX, "%.140s%s%s", what, m->reply[0] == '\0' ? "" : ": ", m->reply);
    if (is_final(code, reply))
        return OUTCOME_REFUSED;
    /* a no for now to this mail or recipient says nothing about the next */
    return code == CURLE_SEND_ERROR && reply >= 400 && reply <= 499 ? OUTCOME_LATER : OUTCOME_DOWN;
}

static enum outcome mail_out(struct mailing *m, char why[DELIVER_WHY_MAX])
{
    char from[ROUTE_TARGET_MAX], to[ROUTE_TARGET_MAX];
    snprintf(from, sizeof from, "<%s>", m->opts->from);
    snprintf(to, sizeof to, "<%s>", m->to);
    struct curl_slist *recipients = curl_slist_append(NULL, to);
    if (recipients == NULL || set_place(m, why) < 0 || set_user(m, why) < 0) {
        curl_slist_free_all(recipients);
        return OUTCOME_DOWN; /* somebody mends a file, and it goes */
    }
    curl_easy_setopt(m->curl, CURLOPT_MAIL_FROM, from);
    curl_easy_setopt(m->curl, CURLOPT_MAIL_RCPT, recipients);
    set_limits(m);
    set_body(m);
    enum outcome outcome = judge(m, curl_easy_perform(m->curl), why);
    curl_slist_free_all(recipients);
    return outcome;
}

enum outcome smtp_send(const struct mail_opts *opts, const char *to, const struct message *message,
                       char why[DELIVER_WHY_MAX])
{
    struct text mail = {.max = 3 * MESSAGE_BYTES_MAX};
    const struct mime_envelope envelope = {.from = opts->from, .from_name = opts->from_name, .to = to};
    struct mailing m = {.opts = opts, .to = to, .mail = &mail, .curl = curl_easy_init()};
    enum outcome outcome = OUTCOME_LATER;
    mime_write(message, &envelope, &mail);
    if (m.curl == NULL || !text_ok(&mail))
        snprintf(why, DELIVER_WHY_MAX, "there is no memory for the mail");
    else
        outcome = mail_out(&m, why);
    curl_easy_cleanup(m.curl);
    text_done(&mail);
    return outcome;
}
