/*
 * What an Accounting-Request says of a session (RFC 2866).
 *
 * Access points, switches and controllers spell things in many ways; here they have one:
 *
 *   MAC      the Calling-Station-Id, in any of the usual spellings (aa:bb:..., AA-BB-..., aabb.ccdd.eeff, aabbccddeeff)
 *   user     the User-Name as it was said, with realm or domain. Who hides in it ("anonymous@school.example") is named by
 *            a Chargeable-User-Identity (RFC 4372), or not at all. Its own MAC is no user: that is a device that was let in
 *            by its address.
 *   host     "host/pc17.school.example" and "SCHOOL\PC17$" are machines, not people
 *   time     the Event-Timestamp, or what remains after the Acct-Delay-Time
 *
 * Memory:  the caller's struct, a copy: nothing points into the packet.
 * Threads: pure; any.
 */
#ifndef RADIUS_ACCOUNT_H
#define RADIUS_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ipaddr.h"
#include "belisha/err.h"
#include "radius/packet.h"

#define RADIUS_ADDRESSES_MAX 4
#define RADIUS_USER_MAX      129 /* with the closing zero; a longer name is refused */
#define RADIUS_HOST_MAX      64
#define RADIUS_ID_MAX        (RADIUS_VALUE_MAX * 2 + 2) /* with the closing zero; strange bytes become two digits each */
#define RADIUS_NAS_MAX       (RADIUS_VALUE_MAX + 1)

enum radius_event {
    RADIUS_START = 1, /* the values of Acct-Status-Type */
    RADIUS_STOP = 2,
    RADIUS_INTERIM = 3,
    RADIUS_ON = 7,
    RADIUS_OFF = 8,
    RADIUS_OTHER = 0, /* tunnels and links: nothing about who is where */
};

struct radius_account {
    enum radius_event event;
    char id[RADIUS_ID_MAX];     /* Acct-Session-Id; "" for On, Off and OTHER without one */
    char nas[RADIUS_NAS_MAX];   /* what the NAS calls itself: address or name; "": nothing useful */
    char user[RADIUS_USER_MAX]; /* "": nobody */
    char host[RADIUS_HOST_MAX]; /* "": not said */
    bool has_mac;
    uint8_t mac[6];
    unsigned address_count;
    struct ipaddr addresses[RADIUS_ADDRESSES_MAX]; /* each once */
    int64_t at_s;                                  /* wall time: when it happened; never after now */
    bool has_timestamp;                            /* ... as the packet says itself */
    int64_t lasted_s;                              /* Acct-Session-Time; 0: not said */
};

/*
 * now_s: wall time. ERR_MALFORMED: no or an impossible Acct-Status-Type, a Start, Stop or Interim-Update without
 * Acct-Session-Id, one of these twice, a User-Name that is no text (UTF-8 without control bytes) or too long.
 */
ERR_CHECKED int radius_account_read(const struct radius_packet *packet, int64_t now_s, struct radius_account *out);

#endif
