#include "xfr/tsig.h"

#include <stdio.h>
#include <string.h>

#include "dns/msg.h"

#define FUDGE_S       300
#define TAIL_LEN      16 /* of the data: behind algorithm and MAC, with times; see struct record */
#define TIME_MASK     INT64_C(0xffffffffffff)
#define ERROR_BADSIG  16
#define ERROR_BADKEY  17
#define ERROR_BADTIME 18

static const struct {
    const char *name;
    size_t mac_len;
} algorithms[] = {
#define X(suffix, text, len) [TSIG_##suffix] = {text, len},
    TSIG_ALGORITHM_LIST(X)
#undef X
};

/* A TSIG record as it came (RFC 8945, 4.2). */
struct record {
    uint8_t key[NAME_MAX_LEN], algorithm[NAME_MAX_LEN];
    const uint8_t *times; /* time u48, fudge u16 */
    const uint8_t *mac;
    size_t mac_len;
    uint16_t original_id, error;
    const uint8_t *other; /* length u16 and bytes */
    size_t other_len;
};

/* ---- HMAC ---- */

static void hmac_begin(struct tsig_hmac *h, const struct tsig_key *key)
{
    if (key->algorithm == TSIG_SHA512)
        crypto_auth_hmacsha512_init(&h->state.sha512, key->secret, key->secret_len);
    else
        crypto_auth_hmacsha256_init(&h->state.sha256, key->secret, key->secret_len);
}

static void hmac_add(struct tsig_hmac *h, const struct tsig_key *key, const void *bytes, size_t len)
{
    if (key->algorithm == TSIG_SHA512)
        crypto_auth_hmacsha512_update(&h->state.sha512, bytes, len);
    else
        crypto_auth_hmacsha256_update(&h->state.sha256, bytes, len);
}

static size_t hmac_end(struct tsig_hmac *h, const struct tsig_key *key, uint8_t out[TSIG_MAC_MAX])
{
    if (key->algorithm == TSIG_SHA512)
        crypto_auth_hmacsha512_final(&h->state.sha512, out);
    else
        crypto_auth_hmacsha256_final(&h->state.sha256, out);
    return algorithms[key->algorithm].mac_len;
}

/* What every digest but the first begins with: the MAC before, with its length. */
static void hmac_chain(struct tsig_hmac *h, const struct tsig_key *key, const uint8_t *mac, size_t mac_len)
{
    uint8_t len[2];
    msg_put_u16(len, (unsigned)mac_len);
    hmac_begin(h, key);
    hmac_add(h, key, len, sizeof len);
    hmac_add(h, key, mac, mac_len);
}

static size_t algorithm_name(enum tsig_algorithm algorithm, uint8_t out[NAME_MAX_LEN])
{
    int len = name_from_text(algorithms[algorithm].name, strlen(algorithms[algorithm].name), out);
    return len > 0 ? (size_t)len : 0;
}

/* The TSIG variables (4.3.3). times: 8 bytes; other: its length and itself. */
static void hmac_variables(struct tsig_hmac *h, const struct tsig_key *key, const uint8_t *times, uint16_t error,
                           const uint8_t *other, size_t other_len)
{
    static const uint8_t class_and_ttl[] = {0, DNS_CLASS_ANY, 0, 0, 0, 0};
    uint8_t name[NAME_MAX_LEN], error_bytes[2];
    hmac_add(h, key, key->name, name_len(key->name));
    hmac_add(h, key, class_and_ttl, sizeof class_and_ttl);
    hmac_add(h, key, name, algorithm_name(key->algorithm, name));
    hmac_add(h, key, times, 8);
    msg_put_u16(error_bytes, error);
    hmac_add(h, key, error_bytes, sizeof error_bytes);
    hmac_add(h, key, other, other_len);
}

/* ---- keys ---- */

int tsig_key_make(const char *name, const char *algorithm, const char *secret, struct tsig_key *out)
{
    struct tsig_key made = {.algorithm = TSIG_ALGORITHM_COUNT};
    int len = name_from_text(name, strlen(name), made.name);
    for (int i = 0; i < TSIG_ALGORITHM_COUNT; i++)
        if (strcmp(algorithms[i].name, algorithm) == 0)
            made.algorithm = (enum tsig_algorithm)i;
    if (len <= 1 || made.algorithm == TSIG_ALGORITHM_COUNT ||
        sodium_base642bin(made.secret, sizeof made.secret, secret, strlen(secret), " \n", &made.secret_len, NULL,
                          sodium_base64_VARIANT_ORIGINAL) != 0 ||
        made.secret_len == 0)
        return ERR_MALFORMED;
    name_lower(made.name, made.name, (size_t)len);
    *out = made;
    sodium_memzero(&made, sizeof made);
    return 0;
}

/* ---- requests ---- */

static void put_time(uint8_t out[8], int64_t now_s)
{
    msg_put_u16(out, (unsigned)(now_s >> 32 & 0xffff));
    msg_put_u32(out + 2, (uint32_t)now_s);
    msg_put_u16(out + 6, FUDGE_S);
}

int tsig_sign(struct tsig *tsig, const struct tsig_key *key, uint8_t *msg, size_t *len, size_t cap, int64_t now_s)
{
    static const uint8_t no_other[2] = {0, 0};
    uint8_t algorithm[NAME_MAX_LEN], times[8], mac[TSIG_MAC_MAX];
    size_t name_bytes = name_len(key->name), algorithm_len = algorithm_name(key->algorithm, algorithm);
    put_time(times, now_s);
    *tsig = (struct tsig){.key = key};
    hmac_begin(&tsig->hmac, key);
    hmac_add(&tsig->hmac, key, msg, *len);
    hmac_variables(&tsig->hmac, key, times, 0, no_other, sizeof no_other);
    size_t mac_len = hmac_end(&tsig->hmac, key, mac);
    hmac_chain(&tsig->hmac, key, mac, mac_len);

    size_t rdata_len = algorithm_len + mac_len + TAIL_LEN;
    if (*len + name_bytes + 10 + rdata_len > cap)
        return ERR_LIMIT;
    uint8_t *at = msg + *len;
    memcpy(at, key->name, name_bytes);
    at += name_bytes;
    msg_put_u16(at, DNS_TYPE_TSIG);
    msg_put_u16(at + 2, DNS_CLASS_ANY);
    msg_put_u32(at + 4, 0);
    msg_put_u16(at + 8, (unsigned)rdata_len);
    memcpy(at + 10, algorithm, algorithm_len);
    at += 10 + algorithm_len;
    memcpy(at, times, sizeof times);
    msg_put_u16(at + 8, (unsigned)mac_len);
    memcpy(at + 10, mac, mac_len);
    at += 10 + mac_len;
    memcpy(at, msg, 2); /* original id */
    msg_put_u16(at + 2, 0);
    memcpy(at + 4, no_other, sizeof no_other);
    msg_put_u16(msg + 10, msg_u16(msg + 10) + 1u);
    *len = (size_t)(at + 6 - msg);
    return 0;
}

/* ---- answers ---- */

static int fail(int err, const char *sentence, char why[TSIG_WHY_MAX])
{
    snprintf(why, TSIG_WHY_MAX, "%s", sentence);
    return err;
}

static int record_read(const uint8_t *msg, size_t len, const struct msg_rr *rr, struct record *out)
{
    const uint8_t *end = msg + rr->rdata_pos + rr->rdata_len;
    if (rr->class != DNS_CLASS_ANY || msg_name_unpack(msg, len, rr->name_pos, out->key) < 0)
        return ERR_MALFORMED;
    name_lower(out->key, out->key, name_len(out->key));
    int used = msg_name_unpack(msg, len, rr->rdata_pos, out->algorithm);
    if (used < 0 || used > rr->rdata_len)
        return ERR_MALFORMED;
    name_lower(out->algorithm, out->algorithm, name_len(out->algorithm));
    const uint8_t *at = msg + rr->rdata_pos + used;
    if (end - at < 10)
        return ERR_MALFORMED;
    out->times = at;
    out->mac_len = msg_u16(at + 8);
    out->mac = at + 10;
    if ((size_t)(end - out->mac) < out->mac_len + 6)
        return ERR_MALFORMED;
    at = out->mac + out->mac_len;
    out->original_id = msg_u16(at);
    out->error = msg_u16(at + 2);
    out->other = at + 4;
    out->other_len = (size_t)(end - out->other);
    return out->other_len == 2u + msg_u16(out->other) ? 0 : ERR_MALFORMED;
}

/* The last record, when it is a TSIG. 1: *out is set; 0: there is none; ERR_MALFORMED: there is one elsewhere. */
static int record_find(const uint8_t *msg, size_t len, struct msg_rr *out)
{
    struct msg_walk walk;
    struct msg_rr rr;
    bool found = false;
    int code = msg_walk_begin(&walk, msg, len);
    while (code >= 0 && (code = msg_walk_next(&walk, &rr)) > 0) {
        if (found || (rr.type == DNS_TYPE_TSIG && rr.section != MSG_ADDITIONAL))
            return ERR_MALFORMED;
        found = rr.type == DNS_TYPE_TSIG;
        if (found)
            *out = rr;
    }
    return code < 0 ? ERR_MALFORMED : found;
}

static int64_t time_of(const struct record *r)
{
    return (int64_t)msg_u16(r->times) << 32 | msg_u32(r->times + 2);
}

/* What an error in the record means (3, 5.2). */
static int refused(const struct record *r, char why[TSIG_WHY_MAX])
{
    switch (r->error) {
    case ERROR_BADSIG:
        return fail(ERR_ACCESS, "the primary says that the signature is wrong (BADSIG): is the secret the same?", why);
    case ERROR_BADKEY:
        return fail(ERR_ACCESS, "the primary does not know the key (BADKEY)", why);
    case ERROR_BADTIME:
        return fail(ERR_ACCESS, "the primary's clock differs (BADTIME)", why);
    default:
        snprintf(why, TSIG_WHY_MAX, "the primary refused the signature (error %u)", r->error);
        return ERR_ACCESS;
    }
}

static int record_check(const struct tsig *tsig, const struct record *r, const uint8_t *msg, char why[TSIG_WHY_MAX])
{
    uint8_t algorithm[NAME_MAX_LEN];
    algorithm_name(tsig->key->algorithm, algorithm);
    if (r->error != 0 && r->mac_len == 0)
        return refused(r, why);
    if (!name_equal(r->key, tsig->key->name))
        return fail(ERR_ACCESS, "the answer is signed with another key", why);
    if (!name_equal(r->algorithm, algorithm) || r->mac_len != algorithms[tsig->key->algorithm].mac_len)
        return fail(ERR_ACCESS, "the answer is signed by another algorithm", why);
    return r->original_id == msg_u16(msg) ? 0 : fail(ERR_ACCESS, "the signature is of another message", why);
}

/* Takes the message into the digest and compares. rr: where its TSIG begins. */
static int mac_check(struct tsig *tsig, uint8_t *msg, const struct msg_rr *rr, const struct record *r,
                     char why[TSIG_WHY_MAX])
{
    uint8_t mac[TSIG_MAC_MAX];
    msg_put_u16(msg + 10, msg_u16(msg + 10) - 1u);
    hmac_add(&tsig->hmac, tsig->key, msg, rr->name_pos);
    if (tsig->began)
        hmac_add(&tsig->hmac, tsig->key, r->times, 8);
    else
        hmac_variables(&tsig->hmac, tsig->key, r->times, r->error, r->other, r->other_len);
    size_t mac_len = hmac_end(&tsig->hmac, tsig->key, mac);
    if (sodium_memcmp(mac, r->mac, mac_len) != 0)
        return fail(ERR_ACCESS, "the signature is wrong: is the secret the same on both sides?", why);
    hmac_chain(&tsig->hmac, tsig->key, mac, mac_len);
    return 0;
}

static int unsigned_check(struct tsig *tsig, const uint8_t *msg, size_t len, char why[TSIG_WHY_MAX])
{
    if (!tsig->began)
        return fail(ERR_ACCESS, "the answer is not signed", why);
    if (++tsig->unsigned_count > TSIG_UNSIGNED_MAX)
        return fail(ERR_ACCESS, "more than 99 messages in a row are not signed", why);
    hmac_add(&tsig->hmac, tsig->key, msg, len);
    return 0;
}

int tsig_verify(struct tsig *tsig, uint8_t *msg, size_t len, int64_t now_s, size_t *out_len, bool *out_signed,
                char why[TSIG_WHY_MAX])
{
    struct msg_rr rr;
    struct record r;
    int found = record_find(msg, len, &rr);
    if (found < 0 || (found > 0 && record_read(msg, len, &rr, &r) < 0))
        return fail(ERR_MALFORMED, "the answer is not a well-formed message", why);
    int err = found > 0 ? record_check(tsig, &r, msg, why) : unsigned_check(tsig, msg, len, why);
    if (err == 0 && found > 0)
        err = mac_check(tsig, msg, &rr, &r, why);
    if (err < 0)
        return err;
    if (found > 0) {
        int64_t off_s = time_of(&r) - (now_s & TIME_MASK);
        if (r.error != 0) /* signed, so it is the server that says it (5.2.3) */
            return refused(&r, why);
        if (off_s > msg_u16(r.times + 6) || off_s < -(int64_t)msg_u16(r.times + 6))
            return fail(ERR_ACCESS, "the answer was signed at another time: is one of the clocks wrong?", why);
        tsig->began = true;
        tsig->unsigned_count = 0;
    }
    *out_len = found > 0 ? rr.name_pos : len;
    *out_signed = found > 0;
    return 0;
}
