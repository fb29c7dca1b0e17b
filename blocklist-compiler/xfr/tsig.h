/*
 * Signed requests and the check of signed answers (RFC 8945), over HMAC of libsodium: ldns can't check a transfer, of
 * which every hundredth message may be the first that is signed.
 *
 *     request            tsig_sign()     remembers its MAC
 *     answer, message 1  tsig_verify()   must be signed: MAC of the request, the message, all TSIG variables
 *     message 2 ...      tsig_verify()   may be unsigned up to 99 times in a row; a signed one covers those before it
 *                                        (5.3.1): MAC before, messages since, time and fudge
 *     the last one       must be signed: the caller looks at *out_signed
 *
 * MACs have their full length; truncated ones (5.2.2.1) are refused.
 *
 * Memory: the caller's. Threads: pure.
 */
#ifndef XFR_TSIG_H
#define XFR_TSIG_H

#include <sodium.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"
#include "dns/name.h"

#define TSIG_SECRET_MAX   512
#define TSIG_MAC_MAX      64
#define TSIG_UNSIGNED_MAX 99
#define TSIG_WHY_MAX      160

/* X(enum suffix, name, bytes of a MAC) */
#define TSIG_ALGORITHM_LIST(X)                                                                                         \
    X(SHA256, "hmac-sha256", 32)                                                                                       \
    X(SHA512, "hmac-sha512", 64)

enum tsig_algorithm {
#define X(suffix, name, mac_len) TSIG_##suffix,
    TSIG_ALGORITHM_LIST(X)
#undef X
        TSIG_ALGORITHM_COUNT
};

struct tsig_key {
    uint8_t name[NAME_MAX_LEN]; /* wire, lower case */
    enum tsig_algorithm algorithm;
    uint8_t secret[TSIG_SECRET_MAX];
    size_t secret_len;
};

struct tsig_hmac {
    union {
        crypto_auth_hmacsha256_state sha256;
        crypto_auth_hmacsha512_state sha512;
    } state;
};

/* One request and its answer. */
struct tsig {
    const struct tsig_key *key;
    struct tsig_hmac hmac; /* over what has come since the last MAC, that first */
    bool began;            /* the first message of the answer has been checked */
    unsigned unsigned_count;
};

/* secret: base64 (RFC 4648, 4). ERR_MALFORMED: no name, no algorithm of ours, no base64, or an empty secret. */
ERR_CHECKED int tsig_key_make(const char *name, const char *algorithm, const char *secret, struct tsig_key *out);

/* Appends the record to the request of *len bytes in room for cap. ERR_LIMIT. */
ERR_CHECKED int tsig_sign(struct tsig *tsig, const struct tsig_key *key, uint8_t *msg, size_t *len, size_t cap,
                          int64_t now_s);

/*
 * Checks the next message of the answer. *out_len: its length without the TSIG record; its count of additional records
 * is put right. ERR_ACCESS (not signed where it must be, another key, a wrong MAC, a time too far off, an error that
 * the server reports), ERR_MALFORMED; why then holds a sentence without a full stop.
 */
ERR_CHECKED int tsig_verify(struct tsig *tsig, uint8_t *msg, size_t len, int64_t now_s, size_t *out_len,
                            bool *out_signed, char why[TSIG_WHY_MAX]);

#endif
