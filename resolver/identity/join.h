/*
 * The joining of claims that a table of presence is made of (presence.h has the figure). Internal to identity/.
 *
 * Threads: one.
 */
#ifndef IDENTITY_JOIN_H
#define IDENTITY_JOIN_H

#include "identity/presence.h"

struct join;

/* What was found of an address or a card. */
struct join_result {
    uint32_t device, user, person;
    uint8_t grade;
    bool has_card; /* of addresses */
    uint8_t card[6];
    int64_t device_until_s, user_until_s; /* INT64_MAX: no end; 0: there is none */
};

/* ERR_NOMEM. */
ERR_CHECKED int join_new(struct claims *claims, const struct presence_opts *opts, int64_t now_s, struct join **out);
void join_free(struct join *join);

size_t join_address_count(const struct join *join);
size_t join_mac_count(const struct join *join);
/* What the next two will return. */
const uint8_t *join_address_key(const struct join *join, size_t index);
const uint8_t *join_mac_key_at(const struct join *join, size_t index);
/* Returns the address's 16 bytes, or the card's key. Gives numbers to names: each index once, addresses first. */
const uint8_t *join_address(struct join *join, size_t index, struct join_result *out);
const uint8_t *join_mac(struct join *join, size_t index, struct join_result *out);

int64_t join_next_s(const struct join *join);

void join_mac_key(const uint8_t mac[6], uint8_t out[16]);

#endif
