#include <openssl/ssl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tls/certificate.h"
#include "tls/session.h"

#define ROOM 200000

static struct certificate files;
static struct tls_identity *identity;

/* OpenSSL's own client, with the network between it and the session in our hands. */
struct client {
    SSL_CTX *ctx;
    SSL *ssl;
    BIO *to_client, *from_client;
    struct tls_session *session;
    size_t step; /* bytes given to the session at once */
    uint8_t plain[ROOM];
    size_t plain_len;
    int err; /* the session's last */
};

static void client_start(struct client *c, enum tls_protocol protocol, const char *alpn, int version)
{
    memset(c, 0, sizeof *c);
    c->step = SIZE_MAX;
    c->ctx = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_security_level(c->ctx, 0);
    SSL_CTX_set_max_proto_version(c->ctx, version);
    if (alpn != NULL)
        SSL_CTX_set_alpn_protos(c->ctx, (const unsigned char *)alpn, (unsigned)strlen(alpn));
    c->ssl = SSL_new(c->ctx);
    c->to_client = BIO_new(BIO_s_mem());
    c->from_client = BIO_new(BIO_s_mem());
    SSL_set_bio(c->ssl, c->to_client, c->from_client);
    SSL_set_connect_state(c->ssl);
    assert_int_equal(tls_session_accept(identity, protocol, &c->session), 0);
}

static void client_end(struct client *c)
{
    tls_session_free(c->session);
    SSL_free(c->ssl);
    SSL_CTX_free(c->ctx);
}

static void session_to_client(struct client *c)
{
    size_t len;
    const void *bytes = tls_session_output(c->session, &len);
    if (bytes != NULL)
        assert_int_equal(BIO_write(c->to_client, bytes, (int)len), (int)len);
    tls_session_taken(c->session);
    assert_null(tls_session_output(c->session, &len));
    assert_int_equal(len, 0);
}

static void client_to_session(struct client *c)
{
    static uint8_t bytes[ROOM], plain[ROOM + TLS_RECORD_MAX];
    int len;
    while (c->err == 0 && (len = BIO_read(c->from_client, bytes, c->step < ROOM ? (int)c->step : ROOM)) > 0) {
        size_t got = 0;
        c->err = tls_session_read(c->session, bytes, (size_t)len, plain, &got);
        assert_true(c->plain_len + got <= ROOM);
        memcpy(c->plain + c->plain_len, plain, got);
        c->plain_len += got;
        session_to_client(c);
    }
}

/* Lets both talk until neither has more to say. */
static void talk(struct client *c)
{
    for (int i = 0; i < 10; i++) {
        SSL_do_handshake(c->ssl);
        client_to_session(c);
    }
}

static void tls_session_carries_bytes_both_ways_whatever_their_pieces(void **state)
{
    static const size_t steps[] = {1, 7, 1400, SIZE_MAX};
    static const char *const alpns[] = {"\003dot", NULL, "\002h2", "\010whatever"};
    (void)state;
    for (size_t i = 0; i < 16; i++) {
        static struct client c;
        static char back[8];
        client_start(&c, TLS_PROTOCOL_DOT, alpns[i / 4], i % 2 == 0 ? TLS1_3_VERSION : TLS1_2_VERSION);
        c.step = steps[i % 4];
        assert_false(tls_session_is_open(c.session));
        talk(&c);
        assert_true(tls_session_is_open(c.session));
        assert_int_equal(SSL_write(c.ssl, "question", 8), 8);
        client_to_session(&c);
        assert_int_equal(c.err, 0);
        assert_int_equal(c.plain_len, 8);
        assert_memory_equal(c.plain, "question", 8);
        assert_int_equal(tls_session_write(c.session, "answer", 6), 0);
        session_to_client(&c);
        assert_int_equal(SSL_read(c.ssl, back, sizeof back), 6);
        assert_memory_equal(back, "answer", 6);
        client_end(&c);
    }
}

static void tls_session_gives_out_all_of_a_large_read(void **state)
{
    static struct client c;
    static uint8_t large[100000];
    (void)state;
    client_start(&c, TLS_PROTOCOL_DOT, NULL, TLS1_3_VERSION);
    talk(&c);
    for (size_t i = 0; i < sizeof large; i++)
        large[i] = (uint8_t)(i * 7);
    assert_int_equal(SSL_write(c.ssl, large, sizeof large), (int)sizeof large);
    client_to_session(&c);
    assert_int_equal(c.plain_len, sizeof large);
    assert_memory_equal(c.plain, large, sizeof large);
    client_end(&c);
}

static void tls_session_wants_http_2_to_be_named(void **state)
{
    static const struct {
        const char *alpn;
        bool good;
    } cases[] = {{"\002h2", true}, {"\010http/1.1\002h2", true}, {"\010http/1.1", false}, {NULL, false}};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        static struct client c;
        client_start(&c, TLS_PROTOCOL_H2, cases[i].alpn, TLS1_3_VERSION);
        talk(&c);
        if (c.err == 0 && SSL_is_init_finished(c.ssl)) {
            SSL_write(c.ssl, "PRI", 3);
            client_to_session(&c);
        }
        assert_int_equal(c.err, cases[i].good ? 0 : ERR_MALFORMED);
        assert_int_equal(c.plain_len, cases[i].good ? 3 : 0);
        client_end(&c);
    }
}

static void tls_session_speaks_no_old_version(void **state)
{
    static struct client c;
    (void)state;
    client_start(&c, TLS_PROTOCOL_DOT, NULL, TLS1_1_VERSION);
    talk(&c);
    assert_int_equal(c.err, ERR_MALFORMED);
    assert_false(tls_session_is_open(c.session));
    client_end(&c);
}

static void tls_session_ends_with_a_goodbye_from_either_side(void **state)
{
    static struct client c;
    char byte;
    (void)state;
    client_start(&c, TLS_PROTOCOL_DOT, NULL, TLS1_3_VERSION);
    talk(&c);
    SSL_write(c.ssl, "last", 4);
    SSL_shutdown(c.ssl);
    client_to_session(&c);
    assert_int_equal(c.err, ERR_END);
    assert_int_equal(c.plain_len, 4);                               /* what came before it counts */
    assert_int_equal(tls_session_write(c.session, "answer", 6), 0); /* and may still be answered */
    session_to_client(&c);
    client_end(&c);

    client_start(&c, TLS_PROTOCOL_DOT, NULL, TLS1_3_VERSION);
    talk(&c);
    tls_session_close(c.session);
    session_to_client(&c);
    assert_int_equal(SSL_read(c.ssl, &byte, 1), 0);
    assert_int_equal(SSL_get_error(c.ssl, 0), SSL_ERROR_ZERO_RETURN);
    client_end(&c);
}

static void tls_session_refuses_what_is_no_tls(void **state)
{
    static const char *const garbage[] = {"GET / HTTP/1.1\r\n\r\n", "\0\x1d\x12\x34\1\0\0\1\0\0\0\0\0\0\3www",
                                          "\x16\x03\x01\xff\xff\x01", "\x17\x03\x03\x00\x01x"};
    static const size_t lens[] = {18, 18, 6, 6};
    uint8_t plain[64 + TLS_RECORD_MAX];
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct tls_session *session;
        size_t len = 1;
        assert_int_equal(tls_session_accept(identity, TLS_PROTOCOL_DOT, &session), 0);
        assert_int_equal(tls_session_read(session, garbage[i], lens[i], plain, &len), ERR_MALFORMED);
        assert_int_equal(len, 0);
        tls_session_close(session); /* before it ever opened: nothing to say */
        tls_session_free(session);
    }
}

static void tls_session_outlives_its_identity(void **state)
{
    static struct client c;
    struct tls_identity_opts opts = {files.cert, files.key};
    char why[TLS_WHY_MAX];
    (void)state;
    client_start(&c, TLS_PROTOCOL_DOT, NULL, TLS1_3_VERSION);
    tls_identity_free(identity);
    talk(&c);
    assert_true(tls_session_is_open(c.session));
    client_end(&c);
    assert_int_equal(tls_identity_load(&opts, &identity, why), 0);
}

/* ---- as a client ---- */

/* Both ends are ours. */
struct pair {
    struct tls_session *server, *client;
    int server_err, client_err;
    uint8_t got[64]; /* by the server, in the clear */
    size_t got_len;
};

static size_t carry(struct tls_session *from, struct tls_session *to, uint8_t *out, int *err)
{
    static uint8_t plain[ROOM + TLS_RECORD_MAX];
    size_t len, got = 0;
    const void *bytes = tls_session_output(from, &len);
    if (bytes == NULL || *err < 0)
        return 0;
    *err = tls_session_read(to, bytes, len, plain, &got);
    tls_session_taken(from);
    if (out != NULL)
        memcpy(out, plain, got);
    return got;
}

static void pair_talk(struct pair *p)
{
    for (int i = 0; i < 6; i++) {
        p->got_len += carry(p->client, p->server, p->got + p->got_len, &p->server_err);
        carry(p->server, p->client, NULL, &p->client_err);
    }
}

static void pair_start(struct pair *p, struct tls_trust *trust, const struct tls_peer *peer,
                       struct tls_tickets *tickets)
{
    memset(p, 0, sizeof *p);
    assert_int_equal(tls_session_accept(identity, TLS_PROTOCOL_DOT, &p->server), 0);
    assert_int_equal(tls_session_connect(trust, peer, tickets, &p->client), 0);
    assert_false(tls_session_is_open(p->client));
    pair_talk(p);
}

static void pair_end(struct pair *p)
{
    tls_session_free(p->server);
    tls_session_free(p->client);
}

static struct tls_trust *trust_in(const char *file)
{
    struct tls_trust *trust = NULL;
    char why[TLS_WHY_MAX];
    assert_int_equal(tls_trust_load(file, &trust, why), 0);
    return trust;
}

static void tls_session_talks_only_to_who_proves_to_be_the_peer(void **state)
{
    uint8_t pins[2][TLS_PIN_LEN];
    struct certificate other;
    certificate_make(&other, "dns.school.test", NULL);
    certificate_pin(&other, pins[0]);
    certificate_pin(&files, pins[1]);
    const struct {
        const char *roots;
        struct tls_peer peer;
        bool good;
    } cases[] = {
        {files.cert, {.name = "dns.school.test"}, true},
        {files.cert, {.name = "DNS.School.test"}, true},
        {files.cert, {.name = "www.school.test"}, false},
        {files.cert, {.name = "school.test"}, false},
        {files.cert, {.name = "10.0.0.7"}, false},
        {other.cert, {.name = "dns.school.test"}, false}, /* nobody we trust vouches for it */
        {other.cert, {.pins = pins, .pin_count = 2}, true},
        {files.cert, {.pins = pins, .pin_count = 1}, false},
        {files.cert, {.name = "dns.school.test", .pins = pins, .pin_count = 2}, true},
        {files.cert, {.name = "dns.school.test", .pins = pins, .pin_count = 1}, false},
        {files.cert, {.name = "www.school.test", .pins = pins, .pin_count = 2}, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tls_trust *trust = trust_in(cases[i].roots);
        struct tls_tickets tickets = {.count = 0};
        struct pair p;
        pair_start(&p, trust, &cases[i].peer, &tickets);
        assert_int_equal(p.client_err, cases[i].good ? 0 : ERR_ACCESS);
        assert_int_equal(tls_session_is_open(p.client), cases[i].good);
        if (cases[i].good) {
            assert_null(tls_session_complaint(p.client));
            assert_int_equal(tls_session_write(p.client, "question", 8), 0);
            pair_talk(&p);
            assert_int_equal(p.got_len, 8);
            assert_memory_equal(p.got, "question", 8);
        } else {
            assert_non_null(tls_session_complaint(p.client));
        }
        pair_end(&p);
        tls_tickets_done(&tickets);
        tls_trust_free(trust);
    }
    certificate_remove(&other);
}

static void tls_session_uses_each_ticket_once(void **state)
{
    const struct tls_peer peer = {.name = "dns.school.test"};
    struct tls_trust *trust = trust_in(files.cert);
    struct tls_tickets tickets = {.count = 0};
    struct pair first, second;
    (void)state;
    pair_start(&first, trust, &peer, &tickets);
    assert_int_equal(tickets.count, 1);
    tls_session_leave_tickets(first.client);
    pair_end(&first);
    pair_start(&second, trust, &peer, &tickets);
    assert_int_equal(second.client_err, 0);
    assert_true(tls_session_is_open(second.client));
    assert_int_equal(tickets.count, 1); /* the old one is used up, a new one came */
    pair_end(&second);
    tls_tickets_done(&tickets);
    assert_int_equal(tickets.count, 0);
    tls_trust_free(trust);
}

static void tls_pin_parse_takes_the_digest_of_a_key(void **state)
{
    static const struct {
        const char *text;
        int err;
    } cases[] = {
        {"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", 0},
        {"sha256//AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", 0},
        {"", ERR_MALFORMED},
        {"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", ERR_MALFORMED},
        {"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg==", ERR_MALFORMED},
        {"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g", ERR_MALFORMED},
        {"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh!=", ERR_MALFORMED},
        {"sha1//AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", ERR_MALFORMED},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t pin[TLS_PIN_LEN];
        assert_int_equal(tls_pin_parse(cases[i].text, pin), cases[i].err);
        for (size_t k = 0; k < TLS_PIN_LEN && cases[i].err == 0; k++)
            assert_int_equal(pin[k], k);
    }
}

static void tls_trust_says_which_file_is_wrong(void **state)
{
    struct tls_trust *trust = NULL;
    char why[TLS_WHY_MAX];
    (void)state;
    assert_int_equal(tls_trust_load("/nowhere/roots.pem", &trust, why), ERR_NOENT);
    assert_non_null(strstr(why, "/nowhere/roots.pem"));
    assert_int_equal(tls_trust_load(files.key, &trust, why), ERR_CONFIG);
    assert_non_null(strstr(why, files.key));
    assert_null(trust);
}

static int set_up(void **state)
{
    char why[TLS_WHY_MAX];
    (void)state;
    certificate_make(&files, "dns.school.test", NULL);
    struct tls_identity_opts opts = {files.cert, files.key};
    return tls_identity_load(&opts, &identity, why);
}

static int tear_down(void **state)
{
    (void)state;
    tls_identity_free(identity);
    certificate_remove(&files);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tls_session_carries_bytes_both_ways_whatever_their_pieces),
        cmocka_unit_test(tls_session_gives_out_all_of_a_large_read),
        cmocka_unit_test(tls_session_wants_http_2_to_be_named),
        cmocka_unit_test(tls_session_speaks_no_old_version),
        cmocka_unit_test(tls_session_ends_with_a_goodbye_from_either_side),
        cmocka_unit_test(tls_session_refuses_what_is_no_tls),
        cmocka_unit_test(tls_session_outlives_its_identity),
        cmocka_unit_test(tls_session_talks_only_to_who_proves_to_be_the_peer),
        cmocka_unit_test(tls_session_uses_each_ticket_once),
        cmocka_unit_test(tls_pin_parse_takes_the_digest_of_a_key),
        cmocka_unit_test(tls_trust_says_which_file_is_wrong),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
