/*
 * The data of SVCB and HTTPS records: where a service is to be had, and how (RFC 9460, 2.2).
 *
 *      0          2             n
 *     | priority | target name | key, length, value | key, length, value | ...
 *
 * Priority 0 is AliasMode: the record leads to another name, and its parameters mean nothing (2.4.2). The target is
 * written without compression; the root stands for the record's owner, or, in AliasMode, for no service at all (2.5).
 *
 * svcb_parse() is strict: what it refuses, two clients could read in two ways. A client must refuse the whole record set
 * for it, and goes on as if there were none (2.2).
 *
 * Memory:  allocates nothing; what it gives points into the caller's bytes.
 * Errors:  negative enum err; outputs are untouched on failure.
 * Threads: pure; any thread.
 */
#ifndef DNS_SVCB_H
#define DNS_SVCB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"
#include "dns/rr.h"

/* SvcParamKeys (RFC 9460, 14.3.2; ech: RFC 9848, dohpath: RFC 9461, 5). */
enum svcb_key {
    SVCB_MANDATORY = 0,
    SVCB_ALPN = 1,
    SVCB_NO_DEFAULT_ALPN = 2,
    SVCB_PORT = 3,
    SVCB_IPV4HINT = 4,
    SVCB_ECH = 5,
    SVCB_IPV6HINT = 6,
    SVCB_DOHPATH = 7,
};

/* Whether records of this type have such data. */
static inline bool svcb_is_type(uint16_t type)
{
    return type == DNS_TYPE_SVCB || type == DNS_TYPE_HTTPS;
}

struct svcb_value {
    const uint8_t *bytes; /* NULL: the record has no such parameter */
    size_t len;
};

struct svcb {
    uint16_t priority;
    const uint8_t *target; /* wire, case as it came */
    size_t target_len;
    struct svcb_value mandatory; /* keys, 2 bytes each */
    struct svcb_value ipv4hint;  /* addresses, 4 bytes each */
    struct svcb_value ipv6hint;  /* addresses, 16 bytes each */
    struct svcb_value ech;       /* a list of ECHConfig */
};

/*
 * ERR_TRUNCATED: the data end within the name or a parameter. ERR_MALFORMED: a broken or compressed name, keys that do
 * not increase, a value that its key does not allow, or a mandatory key that is not there (2.4.3). Keys that it does not
 * know may have any value (4.3).
 */
ERR_CHECKED int svcb_parse(const uint8_t *rdata, size_t len, struct svcb *out);

/*
 * Takes Encrypted ClientHello out of the data, in place. Returns the new length, or 0 when nothing of the record may be
 * given: it can't be read, or it is not for clients without ECH (mandatory, RFC 9460, 8), who would leave it aside.
 */
size_t svcb_strip_ech(uint8_t *rdata, size_t len);

#endif
