#include "session/accounting.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static_assert(RADIUS_USER_MAX <= SESSION_USER_MAX && RADIUS_HOST_MAX <= SESSION_HOST_MAX &&
                  RADIUS_ID_MAX <= SESSION_ID_MAX && RADIUS_ADDRESSES_MAX <= SESSION_ADDRESSES_MAX,
              "what a packet says fits into a session");

/* Which NAS: two behind one proxy are two, and one name of the configuration can't speak for another. */
static void write_origin(const struct accounting_from *from, const struct radius_account *account,
                         char out[SESSION_ORIGIN_MAX])
{
    char text[IPADDR_TEXT_MAX];
    snprintf(out, SESSION_ORIGIN_MAX, "%.100s/%s", from->name,
             account->nas[0] != '\0' ? account->nas : ipaddr_to_text(&from->address, text));
}

/* Of each family that the news speaks of, its addresses count from now on. */
static void renew_addresses(struct session *s, const struct radius_account *account)
{
    bool v4 = false, v6 = false;
    unsigned kept = 0;
    for (unsigned i = 0; i < account->address_count; i++) {
        v4 = v4 || ipaddr_is_v4(&account->addresses[i]);
        v6 = v6 || !ipaddr_is_v4(&account->addresses[i]);
    }
    for (unsigned i = 0; i < s->address_count; i++)
        if (ipaddr_is_v4(&s->addresses[i]) ? !v4 : !v6)
            s->addresses[kept++] = s->addresses[i];
    s->address_count = kept;
    for (unsigned i = 0; i < account->address_count && s->address_count < SESSION_ADDRESSES_MAX; i++)
        s->addresses[s->address_count++] = account->addresses[i];
}

/* What the news adds to a session, or begins one with. */
static void renew(struct session *s, const struct accounting_from *from, const struct radius_account *account)
{
    renew_addresses(s, account);
    if (account->has_mac) {
        s->has_mac = true;
        memcpy(s->mac, account->mac, sizeof s->mac);
    }
    if (account->host[0] != '\0')
        s->host = account->host;
    if (account->user[0] != '\0' && strcmp(account->user, s->user) != 0) {
        if (s->user[0] != '\0')
            s->from_s = account->at_s; /* another person, from now on */
        s->user = account->user;
    }
    if (account->at_s > s->heard_s)
        s->heard_s = account->at_s;
    s->until_s = s->heard_s + from->lifetime_s;
}

static int begin(struct session_book *book, const struct accounting_from *from, const struct radius_account *account,
                 const char *origin)
{
    struct session s = {
        .source = SESSION_RADIUS, .from_s = account->at_s, .user = "", .host = "", .origin = origin, .id = account->id};
    if (account->event == RADIUS_INTERIM && account->lasted_s < account->at_s)
        s.from_s -= account->lasted_s;
    renew(&s, from, account);
    return session_book_put(book, &s);
}

static bool is_same(const struct session *a, const struct session *b)
{
    return a->heard_s == b->heard_s && a->from_s == b->from_s && a->until_s == b->until_s && a->has_mac == b->has_mac &&
           memcmp(a->mac, b->mac, sizeof a->mac) == 0 && a->address_count == b->address_count &&
           memcmp(a->addresses, b->addresses, a->address_count * sizeof a->addresses[0]) == 0 &&
           strcmp(a->user, b->user) == 0 && strcmp(a->host, b->host) == 0;
}

static int go_on(struct session_book *book, const struct accounting_from *from, const struct radius_account *account,
                 const struct session *known, int64_t now_s)
{
    struct session s = *known;
    if (s.heard_s > now_s) { /* our clock went back: what it said then is no measure */
        s.heard_s = account->at_s;
        s.from_s = s.from_s < account->at_s ? s.from_s : account->at_s;
    }
    if (account->at_s < s.heard_s)
        return 0; /* late: what is known is newer */
    renew(&s, from, account);
    return is_same(&s, known) ? 0 : session_book_put(book, &s);
}

/* Whether it is of another session than the one that has ended: a NAS may give an id again. */
static bool is_new(const struct radius_account *account, const struct session *ended)
{
    if (account->event == RADIUS_START)
        return account->at_s > ended->ended_s + (account->has_timestamp ? 0 : ACCOUNTING_REUSED_S);
    /* Only its own word ends a session for good; what we took from other signs is proved wrong by the session itself. */
    return ended->end != SESSION_STOPPED && account->at_s > ended->ended_s;
}

static int start(struct session_book *book, const struct accounting_from *from, const struct radius_account *account,
                 const char *origin, int64_t now_s)
{
    const struct session *known = session_book_find(book, SESSION_RADIUS, origin, account->id);
    if (known == NULL || (known->end != SESSION_LASTS && is_new(account, known)))
        return begin(book, from, account, origin);
    return known->end == SESSION_LASTS ? go_on(book, from, account, known, now_s) : 0;
}

static int stop(struct session_book *book, const struct radius_account *account, const char *origin, int64_t now_s)
{
    const struct session *known = session_book_find(book, SESSION_RADIUS, origin, account->id);
    if (known != NULL && known->end == SESSION_LASTS)
        return account->at_s < known->from_s && known->from_s <= now_s
                   ? 0
                   : session_book_end(book, known, SESSION_STOPPED, account->at_s);
    if (known != NULL && known->end == SESSION_STOPPED)
        return 0;
    const struct session over = {.source = SESSION_RADIUS,
                                 .end = SESSION_STOPPED,
                                 .from_s = account->at_s,
                                 .heard_s = account->at_s,
                                 .until_s = account->at_s,
                                 .ended_s = account->at_s,
                                 .user = account->user,
                                 .host = account->host,
                                 .origin = origin,
                                 .id = account->id};
    return session_book_put(book, &over);
}

int accounting_take(struct session_book *book, const struct accounting_from *from, const struct radius_account *account,
                    int64_t now_s)
{
    char origin[SESSION_ORIGIN_MAX];
    write_origin(from, account, origin);
    switch (account->event) {
    case RADIUS_START:
    case RADIUS_INTERIM:
        /* Heard of too long ago: it would be over before it began. */
        return account->at_s + from->lifetime_s <= now_s ? 0 : start(book, from, account, origin, now_s);
    case RADIUS_STOP:
        return stop(book, account, origin, now_s);
    case RADIUS_ON:
    case RADIUS_OFF:
        session_book_clear(book, SESSION_RADIUS, origin, account->at_s);
        return 0;
    case RADIUS_OTHER:
        return 0;
    }
    return 0;
}
