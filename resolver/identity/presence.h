/*
 * Who is behind an address now: the claims of all sources joined, as the query path asks for it.
 *
 *     address ── lease, session ──▶ card ── configuration ──▶ device ── loan register ──▶ user
 *        └────── logon, session with an address ─────────────────────────────────────────▶ user
 *                                    card ── session without an address ─────────────────▶ user
 *
 * Which card an address belongs to says the claim that began last. Of several users the one with the best evidence counts
 * (claim.h), of two with the same evidence the one who came last. What a session or a logon says of an address that has
 * meanwhile been given to another card is not believed.
 *
 * What a device calls itself makes nobody of it, unless believe_host_names; even then not a name that two cards use, nor
 * one that the configuration gives to a card or an address.
 *
 * A table is made anew when claims have changed, begin or end. What ends meanwhile is known by its time: a user whose
 * session is over is not taken for the one who is there.
 *
 * Cost: one line of memory for a look-up, however many devices there are.
 *
 * Memory:  64 bytes for a place, about two places for each address and each card.
 * Threads: immutable once made; any thread.
 */
#ifndef IDENTITY_PRESENCE_H
#define IDENTITY_PRESENCE_H

#include "identity/claims.h"

#define PRESENCE_NOBODY UINT32_MAX /* as POLICY_NOBODY */

/* How sure we are; the values are those of the log (qlog/record.h). */
enum presence_grade {
    PRESENCE_USER = 1,    /* A: user authenticated on the network */
    PRESENCE_LOGON = 2,   /* B: logged-on managed device */
    PRESENCE_LOAN = 3,    /* C: loan register, or configuration */
    PRESENCE_DEVICE = 4,  /* D: device only */
    PRESENCE_ADDRESS = 5, /* E: address only */
};
#define PRESENCE_GRADES 6

/* Whoever asks: all there is to know of him. */
struct presence_who {
    uint32_t device; /* number in the roster; 0: unknown */
    uint32_t user;   /* the same */
    uint32_t person; /* index in the policy's people, or PRESENCE_NOBODY */
    uint8_t grade;   /* enum presence_grade */
    int64_t until_s; /* wall time from which on it is to be asked anew; INT64_MAX */
};

#define PRESENCE_UNKNOWN                                                                                               \
    (struct presence_who)                                                                                              \
    {                                                                                                                  \
        .person = PRESENCE_NOBODY, .grade = PRESENCE_ADDRESS, .until_s = INT64_MAX                                     \
    }

/* What a table is made with. */
struct presence_opts {
    uint64_t seed; /* a number that nobody outside knows */
    bool believe_host_names;
    const struct prefix
        *shared; /* many people sit behind each of these addresses: no question from there is a user's */
    size_t shared_count;
    uint64_t epoch; /* another one whenever the next three might say something else of the same name; not 0 */
    /* Numbers of names, 0: it gets none; person: index or PRESENCE_NOBODY. */
    uint32_t (*user)(void *ctx, const char *name);
    uint32_t (*device)(void *ctx, const char *name);
    uint32_t (*person)(void *ctx, const char *user);
    void (*called)(void *ctx, uint32_t device, const char *host); /* what a device without a name calls itself; NULL */
    void *ctx;
};

struct presence;

/* claims: keeps what their names were found to be. ERR_NOMEM. */
ERR_CHECKED int presence_new(struct claims *claims, const struct presence_opts *opts, int64_t now_s,
                             struct presence **out);
void presence_free(struct presence *table);

/* false: nothing is known of it now, and *out is PRESENCE_UNKNOWN but for until_s. */
bool presence_find(const struct presence *table, const struct ipaddr *address, int64_t now_s, struct presence_who *out);
bool presence_find_mac(const struct presence *table, const uint8_t mac[6], int64_t now_s, struct presence_who *out);
/* The card that has the address now, as far as anybody says. */
bool presence_find_card(const struct presence *table, const struct ipaddr *address, int64_t now_s, uint8_t out[6]);
/* Brings the memory of a look-up near. */
void presence_fetch(const struct presence *table, const struct ipaddr *address);

/* When a claim begins or ends next, so that a new table would say something else. INT64_MAX: never. */
int64_t presence_next_s(const struct presence *table);

/* Addresses of which something is known, in all and by grade (as at the time the table was made). */
size_t presence_count(const struct presence *table);
size_t presence_count_grade(const struct presence *table, enum presence_grade grade);

/* Addresses in no order: index below presence_count(); what is known then is in *out. */
struct ipaddr presence_at(const struct presence *table, size_t index, int64_t now_s, struct presence_who *out);

#endif
