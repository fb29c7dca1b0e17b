/*
 * Binding to addresses that come and go: an interface that is slow to start, a DHCP lease, an IPv6 address that is still
 * being checked for duplicates. A socket bound here stays; it hears questions whenever the machine has the address.
 * docs/decisions has the reasons.
 *
 * Threads: any.
 */
#ifndef NET_ADDRESS_H
#define NET_ADDRESS_H

#include <stdbool.h>

#include "base/ipaddr.h"
#include "belisha/err.h"

/* 0.0.0.0 or :: */
bool address_is_wildcard(const struct ipaddr *address);

/* Binds whether or not the machine has the address. Negative errno; -ENODEV: there is no interface at->scope. */
ERR_CHECKED int address_bind(int fd, const struct endpoint *at);

/* Whether the machine has the address now. Also true when nobody can tell. */
bool address_is_here(const struct endpoint *at);

#endif
