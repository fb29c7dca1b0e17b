#include "session/session.h"

#include <stdlib.h>
#include <string.h>

static const char *const sources[SESSION_SOURCES] = {"radius", "logon"};
static const char *const ends[SESSION_ENDS] = {"lasts", "stopped", "superseded", "cleared", "expired"};

const char *session_source_name(enum session_source source)
{
    return sources[source];
}

const char *session_end_name(enum session_end end)
{
    return ends[end];
}

/* Copies text behind *at, which moves on. */
static const char *pack(char **at, const char *text)
{
    size_t size = strlen(text) + 1;
    const char *copy = memcpy(*at, text, size);
    *at += size;
    return copy;
}

struct session *session_new(const struct session *from)
{
    size_t texts = strlen(from->user) + strlen(from->host) + strlen(from->origin) + strlen(from->id) + 4;
    struct session *session = malloc(sizeof *session + texts);
    if (session == NULL)
        return NULL;
    char *at = (char *)(session + 1);
    *session = *from;
    session->user = pack(&at, from->user);
    session->host = pack(&at, from->host);
    session->origin = pack(&at, from->origin);
    session->id = pack(&at, from->id);
    session->holders = 1;
    return session;
}

void session_release(struct session *session)
{
    if (session != NULL && --session->holders == 0)
        free(session);
}
