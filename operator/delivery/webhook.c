#include "delivery/webhook.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <curl/curl.h>
#include <sodium.h>

#include "base/endpoint.h"
#include "base/secret.h"

#define ANSWER_MAX 65536 /* bytes; what is behind is not waited for */

/* ---- what is sent ---- */

void webhook_write(const struct message *m, struct text *out)
{
    time_t time = (time_t)m->time_s;
    struct tm t = {0};
    char when[32];
    gmtime_r(&time, &t);
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &t);
    text_printf(out, "{\"version\":1");
    text_add_json_member(out, "id", m->id);
    text_add_json_member(out, "kind", m->kind);
    text_add_json_member(out, "time", when);
    text_add_json_member(out, "subject", m->subject);
    text_add_json_member(out, "text", m->text);
    text_printf(out, ",\"fields\":{");
    for (size_t i = 0; i < m->field_count; i++) {
        text_add(out, ",", i > 0);
        text_add_json(out, m->fields[i].name);
        text_add(out, ":", 1);
        text_add_json(out, m->fields[i].value);
    }
    text_printf(out, "}}");
}

char *webhook_sign(const char *secret, int64_t time_s, const char *body, size_t len, char out[WEBHOOK_SIGNATURE_MAX])
{
    unsigned char mac[crypto_auth_hmacsha256_BYTES];
    crypto_auth_hmacsha256_state state;
    char when[24];
    snprintf(when, sizeof when, "%lld.", (long long)time_s);
    crypto_auth_hmacsha256_init(&state, (const unsigned char *)secret, strlen(secret));
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)when, strlen(when));
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)body, len);
    crypto_auth_hmacsha256_final(&state, mac);
    strcpy(out, "v1=");
    sodium_bin2hex(out + 3, WEBHOOK_SIGNATURE_MAX - 3, mac, sizeof mac);
    sodium_memzero(&state, sizeof state);
    return out;
}

/* ---- the request ---- */

struct posting {
    const struct webhook_opts *opts;
    CURL *curl;
    struct curl_slist *headers;
    size_t answered;
    char detail[CURL_ERROR_SIZE];
};

static size_t on_answer(char *bytes, size_t one, size_t len, void *ctx)
{
    struct posting *p = ctx;
    (void)bytes;
    p->answered += one * len;
    return p->answered > ANSWER_MAX ? CURL_WRITEFUNC_ERROR : one * len;
}

static int add_header(struct posting *p, const char *line)
{
    struct curl_slist *more = curl_slist_append(p->headers, line);
    if (more == NULL)
        return ERR_NOMEM;
    p->headers = more;
    return 0;
}

static int add_headers(struct posting *p, const struct message *m, const struct text *body, int64_t now_s,
                       char why[DELIVER_WHY_MAX])
{
    struct secret secret;
    char signature[WEBHOOK_SIGNATURE_MAX], line[160];
    int err = secret_read(p->opts->secret_file, &secret, why);
    if (err < 0)
        return err;
    webhook_sign(secret.text, now_s, body->bytes, body->len, signature);
    secret_wipe(&secret);
    err = add_header(p, "Content-Type: application/json");
    snprintf(line, sizeof line, "Idempotency-Key: %s", m->id);
    err = err < 0 ? err : add_header(p, line);
    snprintf(line, sizeof line, "Belisha-Timestamp: %lld", (long long)now_s);
    err = err < 0 ? err : add_header(p, line);
    snprintf(line, sizeof line, "Belisha-Signature: %s", signature);
    return err < 0 ? err : add_header(p, line);
}

static void set_options(struct posting *p, const struct text *body)
{
    CURL *curl = p->curl;
    curl_easy_setopt(curl, CURLOPT_URL, p->opts->url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body->bytes);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body->len);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, p->headers);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "belisha/" BELISHA_VERSION);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)p->opts->timeout_ms);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)(2 * p->opts->timeout_ms));
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_answer);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, p);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, p->detail);
    if (p->opts->ca != NULL)
        curl_easy_setopt(curl, CURLOPT_CAINFO, p->opts->ca);
}

/* ---- what came of it ---- */

static bool is_final(long status)
{
    return status == 400 || status == 410 || status == 413 || status == 415 || status == 422;
}

/* A 2xx is a yes, even if the answer's text is endless. */
static enum outcome judge(struct posting *p, CURLcode code, char why[DELIVER_WHY_MAX])
{
    long status = 0;
    curl_easy_getinfo(p->curl, CURLINFO_RESPONSE_CODE, &status);
    if (status >= 200 && status <= 299)
        return OUTCOME_SENT;
    if (status == 0)
        snprintf(why, DELIVER_WHY_MAX, "%s", p->detail[0] != '\0' ? p->detail : curl_easy_strerror(code));
    else
        snprintf(why, DELIVER_WHY_MAX, "the other end answers with HTTP %ld", status);
    return is_final(status) ? OUTCOME_REFUSED : OUTCOME_DOWN;
}

static enum outcome post(struct posting *p, const struct message *m, int64_t now_s, char why[DELIVER_WHY_MAX])
{
    struct text body = {.max = 2 * MESSAGE_BYTES_MAX};
    enum outcome outcome = OUTCOME_DOWN;
    webhook_write(m, &body);
    if (!text_ok(&body)) {
        snprintf(why, DELIVER_WHY_MAX, "there is no memory for the message");
    } else if (add_headers(p, m, &body, now_s, why) == 0) {
        set_options(p, &body);
        outcome = judge(p, curl_easy_perform(p->curl), why);
    }
    text_done(&body);
    return outcome;
}

enum outcome webhook_send(const struct webhook_opts *webhook, const struct message *message, int64_t now_s,
                          char why[DELIVER_WHY_MAX])
{
    struct posting p = {.opts = webhook};
    enum outcome outcome = OUTCOME_LATER;
    if (!endpoint_is_url(webhook->url)) {
        snprintf(why, DELIVER_WHY_MAX, "the address must be https, or http to this machine itself");
        return OUTCOME_DOWN;
    }
    p.curl = curl_easy_init();
    if (p.curl == NULL)
        snprintf(why, DELIVER_WHY_MAX, "there is no memory for the message");
    else
        outcome = post(&p, message, now_s, why);
    curl_slist_free_all(p.headers);
    curl_easy_cleanup(p.curl);
    return outcome;
}
