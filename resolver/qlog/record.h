/*
 * One row of the query log, as the resolver hands it over and as readers get it back.
 *
 * The journal and segment formats are drawn in docs/formats/qlog.md and defined in qlog/format.h. Numeric values
 * (verdict, transport, cache state, grade) are stored as they are and never change their meaning.
 */
#ifndef QLOG_RECORD_H
#define QLOG_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "base/ipaddr.h"
#include "belisha/err.h"
#include "belisha/verdict.h"
#include "dns/name.h"

enum qlog_transport { QLOG_UDP = 0, QLOG_TCP = 1, QLOG_DOT = 2, QLOG_DOH = 3 };

enum qlog_cache {
    QLOG_CACHE_NONE = 0, /* answered without cache or upstream: blocked, local, refused */
    QLOG_CACHE_HIT = 1,
    QLOG_CACHE_MISS = 2,
    QLOG_CACHE_STALE = 3,
    QLOG_CACHE_MERGED = 4, /* waited for an identical question already in flight */
};

/* How sure we are who asked. */
enum qlog_grade {
    QLOG_GRADE_NONE = 0,    /* not attributed: protected help */
    QLOG_GRADE_USER = 1,    /* A: user authenticated on the network */
    QLOG_GRADE_LOGON = 2,   /* B: logged-on managed device */
    QLOG_GRADE_LOAN = 3,    /* C: loan register */
    QLOG_GRADE_DEVICE = 4,  /* D: device only */
    QLOG_GRADE_ADDRESS = 5, /* E: address only */
};

#define QLOG_NO_UPSTREAM UINT16_MAX

struct qlog_record {
    int64_t time_ns;      /* wall clock, UTC, ns since 1970 */
    struct ipaddr client; /* all zero when not attributed */
    uint16_t client_port;
    uint16_t group;    /* index in the policy's groups; POLICY_GROUP_* */
    uint32_t device;   /* 0: unknown */
    uint32_t user;     /* 0: unknown */
    uint8_t grade;     /* enum qlog_grade */
    uint8_t transport; /* enum qlog_transport */
    uint16_t qtype;
    uint16_t qclass;
    uint16_t rcode;
    struct verdict verdict;
    uint64_t generation; /* of the blocklist; 0: none */
    uint32_t policy_version;
    uint16_t upstream;             /* index in the configuration's upstreams, or QLOG_NO_UPSTREAM */
    uint8_t cache;                 /* enum qlog_cache */
    uint8_t answer_count;          /* records in the answer section, at most 255 */
    uint32_t rtt_us;               /* from question to answer, us; 0 when answered at once */
    struct ipaddr answer;          /* first address in the answer; all zero: none */
    uint8_t qname_len;             /* bytes of qname */
    uint8_t matched_len;           /* bytes of matched; 0: same as qname */
    uint8_t qname[NAME_MAX_LEN];   /* wire, lower case */
    uint8_t matched[NAME_MAX_LEN]; /* CNAME target that decided, wire, lower case */
};

/*
 * Writes the record as the body of a journal entry (at most JOURNAL_BODY_MAX bytes, qlog/format.h) to out, which lies on a
 * multiple of 8; returns its length.
 * A record whose verdict says unattributed leaves out client, port, device and user, and gets QLOG_GRADE_NONE.
 * A record without a name (qname_len 0) gets the root.
 */
size_t record_write(const struct qlog_record *record, uint8_t *out);

/* The reverse. ERR_MALFORMED: no row, too short, or a name that is none. */
ERR_CHECKED int record_parse(const uint8_t *body, size_t len, struct qlog_record *out);

/* Where the ranges of a row lie: rows with the same who bytes have the same values there, and so for what, names included. */
struct record_ranges {
    const uint8_t *who;
    const uint8_t *what;
    size_t who_len;
    size_t what_len;
};

/* Looks at lengths only. ERR_MALFORMED: no row, or too short. */
ERR_CHECKED int record_split(const uint8_t *body, size_t len, struct record_ranges *out);

#endif
