/*
 * The verdict: what is decided about one question, and why.
 *
 * One struct is made by the policy and used unchanged by the answer, the extended DNS error (RFC 8914), the query log
 * and the notice page, so the four can never disagree. The numeric values are stored in the query log: they never
 * change, new ones are added at the end of their list.
 */
#ifndef BELISHA_VERDICT_H
#define BELISHA_VERDICT_H

#include <stdint.h>

/* X(value, enum suffix, name in exports) */
#define VERDICT_ACTION_LIST(X)                                                                     \
    X(0, RESOLVE, "allowed")      /* answered as asked */                                          \
    X(1, NOTICE, "blocked")       /* address of the notice page; NODATA for other types */         \
    X(2, NXDOMAIN, "nxdomain")    /* blocked with NXDOMAIN */                                      \
    X(3, REWRITE, "rewritten")    /* answered with the records that a list gives, or SafeSearch */ \
    X(4, LOCAL, "local")          /* answered from local records or a special-use rule */          \
    X(5, REFUSED, "refused")      /* client outside the configured networks, or a refused type */  \
    X(6, NOT_READY, "not-ready")  /* no list has ever been loaded: SERVFAIL, EDE 14 */             \
    X(7, DROPPED, "dropped")      /* no answer is given (rate limit) */                            \
    X(8, ERROR, "error")          /* the question itself was refused: FORMERR, NOTIMP, BADVERS */  \
    X(9, NODATA, "nodata")        /* blocked with NODATA, as a list asks */                        \
    X(10, TRUNCATED, "tcp-only")  /* told to come over TCP, as a list asks */

#define VERDICT_REASON_LIST(X)                                                                     \
    X(0, DEFAULT, "default")              /* nothing concerned the name: the level's default */    \
    X(1, PROTECTED_HELP, "protected-help")                                                         \
    X(2, STATUTORY, "statutory")                                                                   \
    X(3, NETWORK_DUTY, "network-duty")    /* special-use names, canaries, resolver.arpa */         \
    X(4, SUSPENSION, "suspension")                                                                 \
    X(5, LOCAL_BLOCK, "local-block")                                                               \
    X(6, EXCEPTION, "exception")                                                                   \
    X(7, CATEGORY, "category")            /* blocked because of a category */                      \
    X(8, SAFE_SEARCH, "safe-search")                                                               \
    X(9, LOG_ONLY, "log-only")            /* listed, but the level only wants it logged */         \
    X(10, CATEGORY_ALLOWED, "category-allowed") /* listed, and the level allows the category */    \
    X(11, ACCESS, "access")               /* client outside the configured networks */             \
    X(12, NOT_READY, "not-ready")                                                                  \
    X(13, LOCAL_RECORD, "local-record")                                                            \
    X(14, RATE_LIMIT, "rate-limit")                                                                \
    X(15, BAD_QUESTION, "bad-question")                                                            \
    X(16, REBINDING, "rebinding")         /* a public name led to a private address */             \
    X(17, CONDITIONAL_ZONE, "conditional-zone")                                                    \
    X(18, HOLD, "hold")                   /* its category is blocked until it was assessed */      \
    X(19, UNLESS_APPROVED, "unless-approved") /* ... but for the sites that were approved */

/* What the deciding rule matched. */
#define VERDICT_MATCH_LIST(X)                                                                      \
    X(0, NONE, "none")                                                                             \
    X(1, QNAME, "qname")                                                                           \
    X(2, CNAME, "cname")                  /* the target of a CNAME, HTTPS or SVCB record */        \
    X(3, ADDRESS, "address")              /* an address in the answer, or a hint (RFC 9460) */     \
    X(4, CLIENT, "client")                /* the client's own address */

enum verdict_action {
#define X(value, suffix, name) VERDICT_##suffix = (value),
    VERDICT_ACTION_LIST(X)
#undef X
};

enum verdict_reason {
#define X(value, suffix, name) REASON_##suffix = (value),
    VERDICT_REASON_LIST(X)
#undef X
};

enum verdict_match {
#define X(value, suffix, name) MATCH_##suffix = (value),
    VERDICT_MATCH_LIST(X)
#undef X
};

/* How many values there are of each; they are numbered without a gap. */
enum verdict_counts {
#define X(value, suffix, name) +1
    VERDICT_ACTION_COUNT = 0 VERDICT_ACTION_LIST(X),
    VERDICT_REASON_COUNT = 0 VERDICT_REASON_LIST(X)
#undef X
};

#define VERDICT_NO_FEED UINT16_MAX

struct verdict {
    uint8_t action;       /* enum verdict_action */
    uint8_t reason;       /* enum verdict_reason */
    uint8_t category;     /* the category that decided (or that is only logged); CATEGORY_NONE */
    uint8_t match;        /* enum verdict_match */
    uint8_t match_labels; /* how many labels of the matched name, from the right, the listed name has */
    uint8_t unattributed; /* 1: the log counts this question, but never says who asked */
    uint16_t feed;        /* index in the generation's feed table, or VERDICT_NO_FEED */
    uint32_t rule;        /* number of the record, clause or recorded decision that decided, from 1; 0 = none */
    uint64_t categories;  /* all categories of the name */
};

#endif
