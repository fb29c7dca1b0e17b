/*
 * One form for every name of every feed: lower case, A-labels, no closing dot; as text and as key (dns/key.h).
 *
 * Nearly all names are plain ASCII and take one pass without a library. Others go label by label through UTS #46
 * (non-transitional, libidn2); a label which IDNA refuses but which exists in the DNS all the same (emoji) is encoded
 * as it stands. What resolvers really see is accepted: underscores, hyphens anywhere but at the ends of the last label,
 * A-labels that no IDNA library would decode. Addresses are not names.
 *
 * Memory: nothing on the ASCII path; libidn2 allocates on the other. Threads: pure; any thread.
 */
#ifndef FEED_NORMALISE_H
#define FEED_NORMALISE_H

#include "dns/key.h"
#include "feed/refusal.h"
#include "feed/span.h"

#define LISTED_NAME_MAX 253 /* bytes of text without the closing dot (RFC 1035, 3.1: 255 on the wire) */

struct listed_name {
    struct name_key key;
    uint8_t text_len;
    char text[LISTED_NAME_MAX + 1]; /* zero-terminated */
};

/* REFUSED_NONE and *out filled, or why not. A single label is refused only by its caller: see intake_rule(). */
enum refusal normalise_name(struct span text, struct listed_name *out);

/* Whether text is an IPv4 or IPv6 address. */
bool normalise_is_address(struct span text);

#endif
