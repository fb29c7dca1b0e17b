/* Who is where, as the notice page reads it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "identity/bulletin.h"

#define NOW 1000

static char path[64];
static struct presence *table;

static uint32_t number(void *ctx, const char *name)
{
    (void)ctx;
    return (uint32_t)strlen(name);
}

static int begin(void **state)
{
    struct claims *claims = NULL;
    const struct presence_opts opts = {.seed = 1, .epoch = 1, .user = number, .device = number, .person = number};
    (void)state;
    strcpy(path, "/tmp/belisha-bulletin-XXXXXX");
    int fd = mkstemp(path);
    if (fd < 0 || claims_new(1000, 1, &claims) < 0)
        return -1;
    close(fd);
    for (unsigned i = 1; i <= 200; i++) {
        struct claim claim = {.source = CLAIM_LOGON, .has_address = true, .from_s = 1, .until_s = NOW + i};
        claim.address = ipaddr_from_v4((uint8_t[4]){10, 0, 0, (uint8_t)(i * 7)});
        snprintf(claim.key, sizeof claim.key, "%u", i);
        snprintf(claim.user, sizeof claim.user, "%.*s", (int)(i % 50) + 1,
                 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
        if (claims_put(claims, &claim) < 0)
            return -1;
    }
    int err = presence_new(claims, &opts, NOW, &table);
    claims_free(claims);
    return err;
}

static int finish(void **state)
{
    (void)state;
    presence_free(table);
    unlink(path);
    return 0;
}

static void what_was_written_is_found(void **state)
{
    struct bulletin *bulletin = NULL;
    struct stat st;
    (void)state;
    assert_int_equal(bulletin_write(path, table, 77, NOW), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0644);
    assert_int_equal(bulletin_open(path, &bulletin), 0);
    for (size_t i = 0; i < presence_count(table); i++) {
        struct presence_who expected, who;
        struct ipaddr address = presence_at(table, i, NOW, &expected);
        assert_true(bulletin_find(bulletin, &address, 77, NOW, &who));
        assert_int_equal(who.user, expected.user);
        assert_int_equal(who.person, expected.person);
        assert_int_equal(who.grade, PRESENCE_LOGON);
        assert_false(bulletin_find(bulletin, &address, 77, expected.until_s, &who)); /* over */
        assert_true(bulletin_find(bulletin, &address, 78, NOW, &who));
        assert_int_equal(who.person, PRESENCE_NOBODY); /* of another policy */
    }
    struct presence_who who;
    struct ipaddr stranger = ipaddr_from_v4((uint8_t[4]){10, 0, 1, 1});
    assert_false(bulletin_find(bulletin, &stranger, 77, NOW, &who));
    assert_int_equal(who.person, PRESENCE_NOBODY);
    bulletin_close(bulletin);
}

static void a_damaged_one_is_refused_at_every_byte(void **state)
{
    static char bytes[64 * 1024];
    struct bulletin *bulletin = NULL;
    (void)state;
    assert_int_equal(bulletin_write(path, table, 77, NOW), 0);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t len = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    for (size_t cut = 0; cut < len; cut += 13)
        assert_int_equal(bulletin_parse(bytes, cut, &bulletin), ERR_DAMAGED);
    for (size_t i = 12; i < len; i += 7) {
        if (i >= 24 && i < 32)
            continue; /* zero, unused */
        bytes[i] ^= 1;
        assert_int_equal(bulletin_parse(bytes, len, &bulletin), ERR_DAMAGED);
        bytes[i] ^= 1;
    }
    bytes[7] = 2;
    assert_int_equal(bulletin_parse(bytes, len, &bulletin), ERR_FORMAT_VERSION);
    assert_int_equal(bulletin_open("/nonexistent", &bulletin), ERR_NOENT);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, begin, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(what_was_written_is_found),
        CASE(a_damaged_one_is_refused_at_every_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
