/* The store of claims, against what a reader of its header expects. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "identity/claims.h"

#define SEED 7

static struct claims *make(size_t max)
{
    struct claims *claims = NULL;
    assert_int_equal(claims_new(max, SEED, &claims), 0);
    return claims;
}

static struct claim lease(const char *address, uint8_t last_of_mac, const char *host)
{
    struct claim claim = {.source = CLAIM_LEASE,
                          .has_address = true,
                          .has_mac = true,
                          .mac = {2, 0, 0, 0, 0, last_of_mac},
                          .from_s = 100,
                          .until_s = 200};
    assert_int_equal(ipaddr_from_text(address, &claim.address), 0);
    snprintf(claim.host, sizeof claim.host, "%s", host);
    snprintf(claim.key, sizeof claim.key, "%s", address);
    return claim;
}

static const char *host_of(const struct claims *claims, const char *key)
{
    for (size_t i = 0; i < claims_count(claims); i++)
        if (strcmp(claims_at(claims, i).key, key) == 0)
            return claims_at(claims, i).host;
    return NULL;
}

static void a_claim_is_kept_with_clean_texts(void **state)
{
    struct claims *claims = make(10);
    struct claim claim = lease("10.0.0.1", 1, "Tom\x1b[2J");
    (void)state;
    snprintf(claim.user, sizeof claim.user, " tom\n");
    assert_int_equal(claims_put(claims, &claim), 0);
    assert_int_equal(claims_count(claims), 1);
    struct claim_view view = claims_at(claims, 0);
    assert_int_equal(view.source, CLAIM_LEASE);
    assert_true(view.has_address && view.has_mac);
    assert_true(ipaddr_equal(&view.address, &claim.address));
    assert_memory_equal(view.mac, claim.mac, 6);
    assert_string_equal(view.user, "tom");
    assert_string_equal(view.host, "Tom[2J");
    assert_string_equal(view.key, "10.0.0.1");
    assert_int_equal(view.from_s, 100);
    assert_int_equal(view.until_s, 200);
    claims_free(claims);
}

static void a_later_claim_of_the_same_key_takes_its_place(void **state)
{
    struct claims *claims = make(10);
    struct claim claim = lease("10.0.0.1", 1, "first");
    (void)state;
    assert_int_equal(claims_put(claims, &claim), 0);
    claim = lease("10.0.0.1", 2, "second");
    assert_int_equal(claims_put(claims, &claim), 0);
    assert_int_equal(claims_count(claims), 1);
    assert_string_equal(host_of(claims, "10.0.0.1"), "second");
    claim.origin = 1; /* another file */
    assert_int_equal(claims_put(claims, &claim), 0);
    claim.source = CLAIM_RADIUS;
    assert_int_equal(claims_put(claims, &claim), 0);
    assert_int_equal(claims_count(claims), 3);
    claims_free(claims);
}

static void what_says_the_same_is_no_change(void **state)
{
    struct claims *claims = make(10);
    struct claim claim = lease("10.0.0.1", 1, "pc");
    (void)state;
    assert_int_equal(claims_put(claims, &claim), 0);
    uint64_t before = claims_changed(claims);
    assert_int_equal(claims_put(claims, &claim), 0);
    assert_int_equal(claims_changed(claims), before);
    assert_int_equal(claims_replace(claims, CLAIM_LEASE, 0, &claim, 1), 0);
    assert_int_equal(claims_changed(claims), before);
    claim.until_s++;
    assert_int_equal(claims_put(claims, &claim), 0);
    assert_true(claims_changed(claims) > before);
    claims_free(claims);
}

static void what_is_about_nothing_is_refused(void **state)
{
    struct claims *claims = make(10);
    struct claim good = lease("10.0.0.1", 1, "pc");
    struct claim claim = good;
    (void)state;
    claim.key[0] = '\0';
    assert_int_equal(claims_put(claims, &claim), ERR_INVAL);
    claim = good;
    claim.has_address = claim.has_mac = false;
    claim.host[0] = '\0';
    assert_int_equal(claims_put(claims, &claim), ERR_INVAL);
    claim = good;
    claim.until_s = claim.from_s;
    assert_int_equal(claims_put(claims, &claim), ERR_INVAL);
    claim.until_s = 0; /* no end */
    assert_int_equal(claims_put(claims, &claim), 0);
    assert_true(claims_at(claims, 0).until_s == INT64_MAX);
    claims_free(claims);
}

static void a_claim_ends_when_its_source_says_so(void **state)
{
    struct claims *claims = make(10);
    struct claim claim = lease("10.0.0.1", 1, "pc");
    (void)state;
    assert_int_equal(claims_put(claims, &claim), 0);
    assert_false(claims_end(claims, CLAIM_LEASE, 0, "10.0.0.2", 150));
    assert_false(claims_end(claims, CLAIM_LOGON, 0, "10.0.0.1", 150));
    assert_false(claims_end(claims, CLAIM_LEASE, 0, "10.0.0.1", 200));
    assert_true(claims_end(claims, CLAIM_LEASE, 0, "10.0.0.1", 150));
    assert_int_equal(claims_at(claims, 0).until_s, 150);
    claims_expire(claims, 149);
    assert_int_equal(claims_count(claims), 1);
    claims_expire(claims, 150);
    assert_int_equal(claims_count(claims), 0);
    assert_int_equal(claims_put(claims, &claim), 0);
    assert_true(claims_end(claims, CLAIM_LEASE, 0, "10.0.0.1", 50)); /* before it began: it never was */
    assert_int_equal(claims_count(claims), 0);
    claims_free(claims);
}

static void a_file_read_anew_replaces_its_own_claims_only(void **state)
{
    struct claims *claims = make(10);
    struct claim first[] = {lease("10.0.0.1", 1, "a"), lease("10.0.0.2", 2, "b")};
    struct claim other = lease("10.0.0.9", 9, "other");
    struct claim second[] = {lease("10.0.0.2", 2, "b"), lease("10.0.0.3", 3, "c")};
    (void)state;
    assert_int_equal(claims_replace(claims, CLAIM_LEASE, 0, first, 2), 0);
    assert_int_equal(claims_replace(claims, CLAIM_LEASE, 1, &other, 1), 0);
    assert_int_equal(claims_replace(claims, CLAIM_LEASE, 0, second, 2), 0);
    assert_int_equal(claims_count(claims), 3);
    assert_null(host_of(claims, "10.0.0.1"));
    assert_string_equal(host_of(claims, "10.0.0.3"), "c");
    assert_string_equal(host_of(claims, "10.0.0.9"), "other");
    assert_int_equal(claims_replace(claims, CLAIM_LEASE, 0, NULL, 0), 0);
    assert_int_equal(claims_count(claims), 1);
    claims_free(claims);
}

static void a_full_store_refuses_and_counts(void **state)
{
    struct claims *claims = make(2);
    struct claim three[] = {lease("10.0.0.1", 1, "a"), lease("10.0.0.2", 2, "b"), lease("10.0.0.3", 3, "c")};
    (void)state;
    assert_int_equal(claims_replace(claims, CLAIM_LEASE, 0, three, 3), ERR_LIMIT);
    assert_int_equal(claims_count(claims), 2);
    assert_int_equal(claims_refused(claims), 1);
    assert_int_equal(claims_put(claims, &three[2]), ERR_LIMIT);
    three[0].until_s = 300;
    assert_int_equal(claims_put(claims, &three[0]), 0); /* what is known can be renewed */
    claims_free(claims);
}

static void count_call(void *ctx)
{
    ++*(unsigned *)ctx;
}

static void who_listens_hears_of_each_change_once(void **state)
{
    struct claims *claims = make(10);
    struct claim two[] = {lease("10.0.0.1", 1, "a"), lease("10.0.0.2", 2, "b")};
    unsigned calls = 0;
    (void)state;
    claims_listen(claims, count_call, &calls);
    assert_int_equal(claims_replace(claims, CLAIM_LEASE, 0, two, 2), 0);
    assert_int_equal(calls, 1);
    assert_int_equal(claims_put(claims, &two[0]), 0);
    assert_int_equal(calls, 1);
    assert_true(claims_end(claims, CLAIM_LEASE, 0, "10.0.0.1", 150));
    assert_int_equal(calls, 2);
    claims_free(claims);
}

/* Random puts, ends and expiries, compared with a plain array. */
static void the_store_agrees_with_an_array(void **state)
{
    enum { KEYS = 3000, STEPS = 60000 };
    static int64_t until[KEYS]; /* 0: not there */
    struct claims *claims = make(CLAIMS_MAX);
    uint32_t chance = 1;
    int64_t now = 1000;
    (void)state;
    memset(until, 0, sizeof until);
    for (unsigned step = 0; step < STEPS; step++) {
        struct claim claim = {.source = CLAIM_LEASE, .has_mac = true, .from_s = now};
        chance = chance * 1664525 + 1013904223;
        unsigned key = (chance >> 8) % KEYS;
        snprintf(claim.key, sizeof claim.key, "%u", key);
        if (chance >> 30 != 0) {
            claim.until_s = until[key] = now + 1 + (chance >> 20) % 500;
            assert_int_equal(claims_put(claims, &claim), 0);
        } else if (claims_end(claims, CLAIM_LEASE, 0, claim.key, now)) {
            assert_true(until[key] > now);
            until[key] = 0;
        }
        now += step % 50 == 0;
        if (step % 1000 == 0)
            claims_expire(claims, now);
    }
    claims_expire(claims, now);
    size_t expected = 0;
    for (unsigned key = 0; key < KEYS; key++)
        expected += until[key] > now;
    assert_int_equal(claims_count(claims), expected);
    for (size_t i = 0; i < claims_count(claims); i++) {
        struct claim_view view = claims_at(claims, i);
        assert_int_equal(view.until_s, until[atoi(view.key)]);
    }
    claims_free(claims);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_claim_is_kept_with_clean_texts),
        cmocka_unit_test(a_later_claim_of_the_same_key_takes_its_place),
        cmocka_unit_test(what_says_the_same_is_no_change),
        cmocka_unit_test(what_is_about_nothing_is_refused),
        cmocka_unit_test(a_claim_ends_when_its_source_says_so),
        cmocka_unit_test(a_file_read_anew_replaces_its_own_claims_only),
        cmocka_unit_test(a_full_store_refuses_and_counts),
        cmocka_unit_test(who_listens_hears_of_each_change_once),
        cmocka_unit_test(the_store_agrees_with_an_array),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
