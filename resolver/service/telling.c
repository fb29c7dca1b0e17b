#include "service/telling.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "net/address.h"
#include "net/notify.h"

static void say_listening(const struct endpoint at[], size_t count, const char *protocol)
{
    for (size_t i = 0; i < count; i++) {
        char text[ENDPOINT_TEXT_MAX];
        log_info("listening address=%s%s", endpoint_to_text(&at[i], text), protocol);
        if (!address_is_here(&at[i]))
            log_warning("this machine does not have the address, questions are taken as soon as it does address=%s",
                        text);
    }
}

void telling_ready(const struct config *config, size_t worker_count, bool monitored)
{
    say_listening(config->listen, config->listen_count, "");
    say_listening(config->tls.dot, config->tls.dot_count, " protocol=dot");
    say_listening(config->tls.doh, config->tls.doh_count, " protocol=doh");
    if (monitored)
        say_listening(config->metrics.listen, config->metrics.listen_count, " protocol=http");
    log_info("ready version=%s workers=%zu", BELISHA_VERSION, worker_count);
    puts("ready");
    fflush(stdout);
    notify_send("READY=1");
}

void telling_generation(const struct blockdb *db)
{
    log_info("blocklist generation in force generation=%" PRIu64 " names=%" PRIu64 " feeds=%zu", blockdb_generation(db),
             blockdb_name_count(db), blockdb_feed_count(db));
}

void telling_tier(const struct statutory *list)
{
    log_info("statutory list in force generation=%" PRIu64 " hosts=%zu feeds=%zu", statutory_generation(list),
             statutory_count(list), statutory_feed_count(list));
}

void telling_lines(const struct text *text)
{
    const char *at = text->bytes;
    while (at != NULL && *at != '\0') {
        int len = (int)strcspn(at, "\n");
        log_error("%.*s", len, at);
        at += len + (at[len] == '\n');
    }
}
