#include "upstream/cause.h"

#include <stdbool.h>

#include "dns/edns.h"
#include "dns/msg.h"

#define CODES_KNOWN 32 /* codes above are nobody's, or of private use */
#define CODE(n)     (UINT32_C(1) << (n))

/* Unsupported DNSKEY algorithm and DS digest; the same in NSEC3: the answer is good, but was not validated. */
#define NOT_VALIDATED (CODE(1) | CODE(2) | CODE(27))

/* Indeterminate, bogus, signature expired or not yet valid, DNSKEY, RRSIGs, key bit, NSEC missing; expired before valid. */
#define VALIDATION (CODE(5) | CODE(6) | CODE(7) | CODE(8) | CODE(9) | CODE(10) | CODE(11) | CODE(12) | CODE(25))

#define FILTER (CODE(EDE_BLOCKED) | CODE(EDE_CENSORED) | CODE(EDE_FILTERED))
#define STALE  (CODE(EDE_STALE_ANSWER) | CODE(EDE_STALE_NXDOMAIN))

/* Not those about a client's rights or a server's readiness: our client would take them for its own and ours. */
#define OF_FAILURES                                                                                                    \
    (NOT_VALIDATED | VALIDATION | FILTER | CODE(EDE_NO_REACHABLE_AUTHORITY) | CODE(EDE_NETWORK_ERROR) |                \
     CODE(EDE_INVALID_DATA))
#define OF_ANSWERS (NOT_VALIDATED | STALE | FILTER | CODE(EDE_FORGED_ANSWER))

static bool is_in(uint32_t codes, unsigned code)
{
    return code < CODES_KNOWN && (codes & CODE(code)) != 0;
}

int16_t cause_find(const uint8_t *rdata, size_t rdata_len, unsigned rcode)
{
    uint32_t told = rcode == DNS_RCODE_NOERROR || rcode == DNS_RCODE_NXDOMAIN ? OF_ANSWERS : OF_FAILURES;
    struct edns_option option;
    size_t pos = 0;
    while (edns_option_next(rdata, rdata_len, &pos, &option) > 0)
        if (option.code == EDNS_OPTION_EDE && option.len >= 2 && is_in(told, msg_u16(option.data)))
            return (int16_t)msg_u16(option.data);
    return EDE_NONE;
}

int16_t cause_better(int16_t earlier, int16_t later)
{
    if (earlier == EDE_NONE)
        return later;
    bool explains = later != EDE_NONE && is_in(VALIDATION, (unsigned)later) && !is_in(VALIDATION, (unsigned)earlier);
    return explains ? later : earlier;
}
