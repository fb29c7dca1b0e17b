/* Numbers of the DNS protocol: record types, classes, opcodes, response codes, options (IANA "DNS Parameters"). */
#ifndef DNS_RR_H
#define DNS_RR_H

#include <stddef.h>
#include <stdint.h>

enum dns_class { DNS_CLASS_IN = 1, DNS_CLASS_CH = 3, DNS_CLASS_NONE = 254, DNS_CLASS_ANY = 255 };

enum dns_opcode { DNS_OPCODE_QUERY = 0, DNS_OPCODE_NOTIFY = 4, DNS_OPCODE_UPDATE = 5 };

enum dns_rcode {
    DNS_RCODE_NOERROR = 0,
    DNS_RCODE_FORMERR = 1,
    DNS_RCODE_SERVFAIL = 2,
    DNS_RCODE_NXDOMAIN = 3,
    DNS_RCODE_NOTIMP = 4,
    DNS_RCODE_REFUSED = 5,
    DNS_RCODE_YXDOMAIN = 6,  /* a name that a DNAME makes too long (RFC 6672, 2.2) */
    DNS_RCODE_BADVERS = 16,  /* 12 bits with EDNS (RFC 6891, 6.1.3) */
    DNS_RCODE_BADCOOKIE = 23,
};

enum dns_type {
    DNS_TYPE_A = 1,
    DNS_TYPE_NS = 2,
    DNS_TYPE_CNAME = 5,
    DNS_TYPE_SOA = 6,
    DNS_TYPE_PTR = 12,
    DNS_TYPE_HINFO = 13,
    DNS_TYPE_MX = 15,
    DNS_TYPE_TXT = 16,
    DNS_TYPE_AAAA = 28,
    DNS_TYPE_SRV = 33,
    DNS_TYPE_DNAME = 39,
    DNS_TYPE_OPT = 41,
    DNS_TYPE_DS = 43,
    DNS_TYPE_RRSIG = 46,
    DNS_TYPE_NSEC = 47,
    DNS_TYPE_DNSKEY = 48,
    DNS_TYPE_NSEC3 = 50,
    DNS_TYPE_NSEC3PARAM = 51,
    DNS_TYPE_SVCB = 64,
    DNS_TYPE_HTTPS = 65,
    DNS_TYPE_NXNAME = 128,
    DNS_TYPE_TSIG = 250,
    DNS_TYPE_IXFR = 251,
    DNS_TYPE_AXFR = 252,
    DNS_TYPE_MAILB = 253,
    DNS_TYPE_MAILA = 254,
    DNS_TYPE_ANY = 255,
    DNS_TYPE_CAA = 257,
};

/* EDNS options (RFC 6891, 6.1.2). */
enum edns_option_code {
    EDNS_OPTION_CLIENT_SUBNET = 8, /* RFC 7871 */
    EDNS_OPTION_COOKIE = 10,       /* RFC 7873 */
    EDNS_OPTION_KEEPALIVE = 11,    /* RFC 7828 */
    EDNS_OPTION_PADDING = 12,      /* RFC 7830 */
    EDNS_OPTION_EDE = 15,          /* RFC 8914 */
};

/* Extended DNS errors (RFC 8914, 4 and IANA). */
enum ede_code {
    EDE_NONE = -1,
    EDE_OTHER = 0,
    EDE_STALE_ANSWER = 3,
    EDE_FORGED_ANSWER = 4,
    EDE_CACHED_ERROR = 13,
    EDE_NOT_READY = 14,
    EDE_BLOCKED = 15,
    EDE_CENSORED = 16,
    EDE_FILTERED = 17,
    EDE_PROHIBITED = 18,
    EDE_STALE_NXDOMAIN = 19,
    EDE_NOT_AUTHORITATIVE = 20,
    EDE_NOT_SUPPORTED = 21,
    EDE_NO_REACHABLE_AUTHORITY = 22,
    EDE_NETWORK_ERROR = 23,
    EDE_INVALID_DATA = 24,
    EDE_SYNTHESIZED = 29,
    EDE_INVALID_QUERY_TYPE = 30, /* RFC 9824, 3.5 */
};

#define DNS_TYPE_TEXT_MAX 16

/* "AAAA", "HTTPS", or "TYPE1234" (RFC 3597, 5). Returns out. */
char *dns_type_to_text(uint16_t type, char out[DNS_TYPE_TEXT_MAX]);
/* The number of a mnemonic (any case) or of TYPEnnn; -1 when it is none. */
int dns_type_from_text(const char *text);
/* "NOERROR", "NXDOMAIN", or "RCODE23". Returns out. */
char *dns_rcode_to_text(unsigned rcode, char out[DNS_TYPE_TEXT_MAX]);

#endif
