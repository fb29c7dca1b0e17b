#include "delivery/deliver.h"

#include <stdio.h>
#include <time.h>

#include <curl/curl.h>
#include <sodium.h>

#include "base/err.h"
#include "delivery/folder.h"
#include "delivery/smtp.h"
#include "delivery/syslog.h"
#include "delivery/webhook.h"

const char *outcome_name(enum outcome outcome)
{
    static const char *const names[] = {"sent", "later", "later", "refused"};
    return names[outcome];
}

int deliver_init(void)
{
    return sodium_init() < 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ? ERR_NOMEM : 0;
}

void deliver_done(void)
{
    curl_global_cleanup();
}

/* What servers say ends up on terminals and in files of lines. */
static void make_printable(char *text)
{
    for (; *text != '\0'; text++)
        if (*text < 0x20 || *text > 0x7e)
            *text = '?';
}

static enum outcome send_by(const struct route *route, const struct message *message, char why[DELIVER_WHY_MAX])
{
    switch (route->kind) {
    case ROUTE_MAIL:
        return smtp_send(route->mail, route->to, message, why);
    case ROUTE_WEBHOOK:
        return webhook_send(route->webhook, message, time(NULL), why);
    case ROUTE_SYSLOG:
        return syslog_deliver(route->syslog, message, why);
    case ROUTE_FOLDER:
        return folder_put(route->to, message, why);
    case ROUTE_KINDS:
        break;
    }
    return OUTCOME_REFUSED;
}

enum outcome deliver(const struct routes *routes, const char *target, const struct message *message,
                     char why[DELIVER_WHY_MAX])
{
    struct route route;
    int err = message_check(message);
    why[0] = '\0';
    if (err < 0) {
        snprintf(why, DELIVER_WHY_MAX, "the message is not of the form that can be sent: %s", err_str(err));
        return OUTCOME_REFUSED;
    }
    err = route_find(routes, target, &route);
    if (err < 0) {
        snprintf(why, DELIVER_WHY_MAX, err == ERR_NOENT ? "the configuration has no such route" : "that is no target");
        return OUTCOME_REFUSED;
    }
    enum outcome outcome = send_by(&route, message, why);
    if (outcome == OUTCOME_SENT)
        why[0] = '\0';
    make_printable(why);
    return outcome;
}
