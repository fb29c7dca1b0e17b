#include "radius/packet.h"

#include <assert.h>
#include <string.h>

#include "tls/digest.h"

#define AUTH_AT       4
#define ATTRIBUTES_AT 20

static_assert(RADIUS_AUTH_LEN == DIGEST_MD5_LEN, "authenticators are MD5 digests");

/* ---- reading ---- */

bool radius_packet_next(const struct radius_packet *packet, size_t *at, struct radius_attribute *out)
{
    size_t from = *at == 0 ? ATTRIBUTES_AT : *at;
    if (from >= packet->len)
        return false;
    const uint8_t *bytes = packet->bytes + from; /* type, length, value: radius_packet_parse() has looked */
    *out = (struct radius_attribute){.type = bytes[0], .len = (uint8_t)(bytes[1] - 2), .value = bytes + 2};
    *at = from + bytes[1];
    return true;
}

/* Every attribute lies in the packet, and the last ends with it. */
static int check_attributes(struct radius_packet *packet)
{
    for (size_t at = ATTRIBUTES_AT; at < packet->len; at += packet->bytes[at + 1]) {
        size_t left = packet->len - at;
        if (left < 2 || packet->bytes[at + 1] < 2 || packet->bytes[at + 1] > left)
            return ERR_MALFORMED;
        if (packet->bytes[at] != RADIUS_MESSAGE_AUTHENTICATOR)
            continue;
        if (packet->message_authenticator != NULL || packet->bytes[at + 1] != 2 + RADIUS_AUTH_LEN)
            return ERR_MALFORMED;
        packet->message_authenticator = packet->bytes + at + 2;
    }
    return 0;
}

int radius_packet_parse(const uint8_t *bytes, size_t len, struct radius_packet *out)
{
    if (len < RADIUS_LEN_MIN)
        return ERR_TRUNCATED;
    struct radius_packet packet = {
        .bytes = bytes, .len = (size_t)bytes[2] << 8 | bytes[3], .code = bytes[0], .id = bytes[1]};
    if (packet.len < RADIUS_LEN_MIN || packet.len > RADIUS_LEN_MAX)
        return ERR_MALFORMED;
    if (packet.len > len)
        return ERR_TRUNCATED;
    int err = check_attributes(&packet);
    if (err == 0)
        *out = packet;
    return err;
}

/* ---- proof ---- */

/* HMAC over a packet of which the authenticator is `authenticator` and the value at `at` is zero. */
static int sign(uint8_t *copy, size_t len, const uint8_t *authenticator, size_t at, const char *secret,
                uint8_t out[RADIUS_AUTH_LEN])
{
    memcpy(copy + AUTH_AT, authenticator, RADIUS_AUTH_LEN);
    memset(copy + at, 0, RADIUS_AUTH_LEN);
    return digest_hmac_md5(secret, strlen(secret), copy, len, out);
}

static int check_message_authenticator(const struct radius_packet *packet, const char *secret, bool *out)
{
    static const uint8_t zero[RADIUS_AUTH_LEN];
    uint8_t copy[RADIUS_LEN_MAX], right[RADIUS_AUTH_LEN];
    memcpy(copy, packet->bytes, packet->len);
    /* A Status-Server's authenticator is a random number, as that of an Access-Request (RFC 5997, 3). */
    const uint8_t *authenticator = packet->code == RADIUS_STATUS_SERVER ? packet->bytes + AUTH_AT : zero;
    int err =
        sign(copy, packet->len, authenticator, (size_t)(packet->message_authenticator - packet->bytes), secret, right);
    if (err == 0)
        *out = digest_equal(right, packet->message_authenticator, RADIUS_AUTH_LEN);
    return err;
}

/* MD5 of a packet with another authenticator in its place, and the secret behind it. */
static int digest_packet(const uint8_t *packet, size_t len, const uint8_t authenticator[RADIUS_AUTH_LEN],
                         const char *secret, uint8_t out[RADIUS_AUTH_LEN])
{
    const struct digest_part parts[] = {{packet, AUTH_AT},
                                        {authenticator, RADIUS_AUTH_LEN},
                                        {packet + ATTRIBUTES_AT, len - ATTRIBUTES_AT},
                                        {secret, strlen(secret)}};
    return digest_md5(parts, sizeof parts / sizeof parts[0], out);
}

static int check_authenticator(const struct radius_packet *packet, const char *secret, bool *out)
{
    static const uint8_t zero[RADIUS_AUTH_LEN];
    uint8_t right[RADIUS_AUTH_LEN];
    int err = digest_packet(packet->bytes, packet->len, zero, secret, right);
    if (err == 0)
        *out = digest_equal(right, packet->bytes + AUTH_AT, RADIUS_AUTH_LEN);
    return err;
}

int radius_packet_prove(const struct radius_packet *packet, const char *secret, bool message_authenticator,
                        enum radius_proof *out)
{
    bool is_status = packet->code == RADIUS_STATUS_SERVER;
    bool right = true;
    int err = 0;
    if (packet->message_authenticator == NULL && (message_authenticator || is_status)) {
        *out = RADIUS_NO_MESSAGE_AUTHENTICATOR;
        return 0;
    }
    if (!is_status) {
        err = check_authenticator(packet, secret, &right);
        if (err == 0 && !right) {
            *out = RADIUS_WRONG_AUTHENTICATOR;
            return 0;
        }
    }
    if (err == 0 && packet->message_authenticator != NULL)
        err = check_message_authenticator(packet, secret, &right);
    if (err == 0)
        *out = right ? RADIUS_PROVED : RADIUS_WRONG_MESSAGE_AUTHENTICATOR;
    return err;
}

/* ---- answering ---- */

struct answer {
    uint8_t *bytes;
    size_t len, cap;
    size_t signature_at; /* of the Message-Authenticator's value; 0: none */
};

/* false: no room. */
static bool add(struct answer *answer, uint8_t type, const uint8_t *value, size_t len)
{
    if (answer->cap - answer->len < len + 2)
        return false;
    answer->bytes[answer->len] = type;
    answer->bytes[answer->len + 1] = (uint8_t)(len + 2);
    memcpy(answer->bytes + answer->len + 2, value, len);
    answer->len += len + 2;
    return true;
}

static bool add_attributes(struct answer *answer, const struct radius_packet *request)
{
    static const uint8_t zero[RADIUS_AUTH_LEN];
    struct radius_attribute attribute;
    size_t at = 0;
    if (request->code == RADIUS_STATUS_SERVER) {
        /* First, where a forger who can make MD5 collide has nothing before it to work with. */
        if (!add(answer, RADIUS_MESSAGE_AUTHENTICATOR, zero, sizeof zero))
            return false;
        answer->signature_at = answer->len - sizeof zero;
    }
    while (radius_packet_next(request, &at, &attribute))
        if (attribute.type == RADIUS_PROXY_STATE && !add(answer, RADIUS_PROXY_STATE, attribute.value, attribute.len))
            return false;
    return true;
}

static int sign_answer(struct answer *answer, const struct radius_packet *request, const char *secret)
{
    uint8_t signature[RADIUS_AUTH_LEN];
    int err = sign(answer->bytes, answer->len, request->bytes + AUTH_AT, answer->signature_at, secret, signature);
    if (err == 0)
        memcpy(answer->bytes + answer->signature_at, signature, sizeof signature);
    return err;
}

int radius_packet_answer(const struct radius_packet *request, const char *secret, uint8_t *out, size_t cap)
{
    struct answer answer = {.bytes = out, .len = ATTRIBUTES_AT, .cap = cap < RADIUS_LEN_MAX ? cap : RADIUS_LEN_MAX};
    uint8_t authenticator[RADIUS_AUTH_LEN];
    if (cap < RADIUS_LEN_MIN || !add_attributes(&answer, request))
        return ERR_LIMIT;
    out[0] = RADIUS_ACCOUNTING_RESPONSE;
    out[1] = request->id;
    out[2] = (uint8_t)(answer.len >> 8);
    out[3] = (uint8_t)answer.len;
    int err = answer.signature_at == 0 ? 0 : sign_answer(&answer, request, secret);
    if (err == 0)
        err = digest_packet(out, answer.len, request->bytes + AUTH_AT, secret, authenticator);
    if (err < 0)
        return err;
    memcpy(out + AUTH_AT, authenticator, sizeof authenticator);
    return (int)answer.len;
}
