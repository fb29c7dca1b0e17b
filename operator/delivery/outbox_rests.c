#include "delivery/outbox_rests.h"

#include <stdio.h>
#include <string.h>

/* All mail goes by one server. */
static const char *server_of(const char *target)
{
    return strncmp(target, "mail:", 5) == 0 ? "mail:" : target;
}

/* Where the server's rest is in the table, or would be. */
static size_t place_of(const struct outbox_rests *rests, const char *server)
{
    size_t i = 0;
    while (i < rests->count && strcmp(rests->rests[i].server, server) != 0)
        i++;
    return i;
}

void outbox_rest_set(struct outbox_rests *rests, const char *target, int64_t until_s)
{
    const char *server = server_of(target);
    size_t i = place_of(rests, server);
    if (i == OUTBOX_RESTS_MAX)
        return;
    if (i == rests->count) {
        snprintf(rests->rests[i].server, sizeof rests->rests[i].server, "%s", server);
        rests->count++;
    }
    rests->rests[i].until_s = until_s;
}

int64_t outbox_rest_until_s(const struct outbox_rests *rests, const char *target)
{
    size_t i = place_of(rests, server_of(target));
    return i < rests->count ? rests->rests[i].until_s : INT64_MIN;
}
