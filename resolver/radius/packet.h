/*
 * RADIUS packets: what is in one, whether it comes from who knows the secret, and the answer.
 *
 *     0      1      2           4                          20
 *     +------+------+-----------+--------------------------+----------------------------------+
 *     | code | id   | length    | authenticator            | attributes: type, length, value  |
 *     +------+------+-----------+--------------------------+----------------------------------+
 *
 * The length counts all of it (20 to 4096); bytes of the datagram behind it are padding (RFC 2865, 3). An attribute's
 * length counts type and length too, so a value has 0 to 253 bytes; one without a value breaks the rules of some types,
 * but is no reason to refuse a packet.
 *
 * An Accounting-Request proves its sender by its authenticator: MD5 over the packet, with zeros in the authenticator's
 * place, and the secret (RFC 2866, 3). A Message-Authenticator, where there is one, is an HMAC-MD5 over the packet with
 * zeros both there and in the authenticator's place (RFC 3579, 3.2; RFC 5997, 4.2 has requests of the other code).
 *
 * Memory:  allocates nothing; struct radius_packet points into the bytes it was parsed from.
 * Threads: pure; any.
 */
#ifndef RADIUS_PACKET_H
#define RADIUS_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"

#define RADIUS_LEN_MIN   20
#define RADIUS_LEN_MAX   4096
#define RADIUS_VALUE_MAX 253
#define RADIUS_AUTH_LEN  16

enum radius_code {
    RADIUS_ACCOUNTING_REQUEST = 4,
    RADIUS_ACCOUNTING_RESPONSE = 5,
    RADIUS_STATUS_SERVER = 12, /* RFC 5997: are you there? */
};

/* The types that somebody here reads (RFC 2865, 2866, 2869, 3162, 4372, 6911). */
enum radius_type {
    RADIUS_USER_NAME = 1,
    RADIUS_NAS_IP_ADDRESS = 4,
    RADIUS_FRAMED_IP_ADDRESS = 8,
    RADIUS_CALLING_STATION_ID = 31,
    RADIUS_NAS_IDENTIFIER = 32,
    RADIUS_PROXY_STATE = 33,
    RADIUS_ACCT_STATUS_TYPE = 40,
    RADIUS_ACCT_DELAY_TIME = 41,
    RADIUS_ACCT_SESSION_ID = 44,
    RADIUS_ACCT_SESSION_TIME = 46,
    RADIUS_EVENT_TIMESTAMP = 55,
    RADIUS_MESSAGE_AUTHENTICATOR = 80,
    RADIUS_CHARGEABLE_USER_IDENTITY = 89,
    RADIUS_NAS_IPV6_ADDRESS = 95,
    RADIUS_FRAMED_INTERFACE_ID = 96,
    RADIUS_FRAMED_IPV6_PREFIX = 97,
    RADIUS_FRAMED_IPV6_ADDRESS = 168,
};

struct radius_packet {
    const uint8_t *bytes;
    size_t len; /* as the packet says: without padding */
    uint8_t code, id;
    const uint8_t *message_authenticator; /* its 16 bytes; NULL: the packet has none */
};

/*
 * ERR_TRUNCATED: shorter than it says; ERR_MALFORMED: a length that can't be, an attribute that leaves the packet, two
 * Message-Authenticators or one that is not 16 bytes long.
 */
ERR_CHECKED int radius_packet_parse(const uint8_t *bytes, size_t len, struct radius_packet *out);

struct radius_attribute {
    uint8_t type, len; /* of value */
    const uint8_t *value;
};

/* *at begins as 0. false: no more. */
bool radius_packet_next(const struct radius_packet *packet, size_t *at, struct radius_attribute *out);

enum radius_proof {
    RADIUS_PROVED,
    RADIUS_NO_MESSAGE_AUTHENTICATOR,    /* it has none, and should */
    RADIUS_WRONG_MESSAGE_AUTHENTICATOR, /* wrong secret, or changed on its way */
    RADIUS_WRONG_AUTHENTICATOR,
};

/*
 * Whether who made a request knows the secret. message_authenticator: it must have one. A Status-Server must have one
 * anyhow, and proves itself by nothing else. ERR_UNSUPPORTED (tls/digest.h); *out is RADIUS_PROVED only on success.
 */
ERR_CHECKED int radius_packet_prove(const struct radius_packet *packet, const char *secret, bool message_authenticator,
                                    enum radius_proof *out);

/*
 * Writes the Accounting-Response to a request: all its Proxy-States in their order (RFC 2866, 5: an answer goes back
 * through the proxies that it names), and to a Status-Server a Message-Authenticator (RFC 5997, 4.2). To an
 * Accounting-Request it has none, whatever the request had: no RFC says over which bytes, and clients differ; the Response
 * Authenticator proves it. The same request gets the same bytes each time. Returns their number; ERR_LIMIT: not in cap bytes;
 * ERR_UNSUPPORTED.
 */
ERR_CHECKED int radius_packet_answer(const struct radius_packet *request, const char *secret, uint8_t *out, size_t cap);

#endif
