/* Requests for sealed packs: what the ledger says of them, and when nothing in it is relied on. */
#include "operator/pack_request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "ledger/ledger.h"

#define NOW    INT64_C(1795928000)
#define WANTED "for police, Monday to Tuesday, user jones"

struct book {
    char folder[64];
    struct ledger ledger;
};

static int setup(void **state)
{
    static struct book book;
    strcpy(book.folder, "/tmp/belisha-pack-XXXXXX");
    assert_non_null(mkdtemp(book.folder));
    book.ledger = (struct ledger){.folder = book.folder, .file_bytes = 1 << 20, .file_max = 2};
    *state = &book;
    return 0;
}

static int teardown(void **state)
{
    const struct book *book = *state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", book->folder);
    return system(command);
}

/* Number of the new entry. */
static uint64_t put(const struct book *book, int64_t time_s, const char *kind, const char *object, const char *by,
                    const char *wanted)
{
    char detail[256];
    uint64_t number = 0;
    snprintf(detail, sizeof detail, "{\"wanted\":\"%s\"}", wanted);
    const struct entry entry = {.time_s = time_s, .kind = kind, .object = object, .by = by, .uid = 7, .detail = detail};
    assert_int_equal(ledger_append(&book->ledger, &entry, &number), 0);
    return number;
}

static enum pack_state state_of(const struct book *book, uint64_t number, struct pack_request *out)
{
    assert_int_equal(pack_request_find(book->folder, number, NOW, out), 0);
    return out->state;
}

static void a_request_is_approved_by_another_person_and_made_once(void **state)
{
    const struct book *book = *state;
    struct pack_request r;
    char object[32];
    put(book, NOW - 400, "log.search", "log", "mail", "");
    uint64_t number = put(book, NOW - 300, "pack.request", "log", "mail", WANTED);
    uint64_t other = put(book, NOW - 290, "pack.request", "log", "mail", "for dsl, something else");
    snprintf(object, sizeof object, "request %llu", (unsigned long long)number);
    assert_int_equal(state_of(book, number, &r), PACK_WAITS);
    assert_string_equal(r.wanted, WANTED);
    assert_string_equal(r.by, "mail");
    put(book, NOW - 200, "pack.approve", object, "mail", WANTED); /* written past the program */
    assert_int_equal(state_of(book, number, &r), PACK_WAITS);
    put(book, NOW - 100, "pack.approve", object, "daemon", WANTED);
    assert_int_equal(state_of(book, number, &r), PACK_APPROVED);
    assert_string_equal(r.approved_by.name, "daemon");
    assert_int_equal(state_of(book, other, &r), PACK_WAITS);
    put(book, NOW - 50, "log.packed", object, "mail", "");
    assert_int_equal(state_of(book, number, &r), PACK_MADE);
    assert_int_equal(state_of(book, number - 1, &r), PACK_UNKNOWN); /* an entry, and no request */
    assert_int_equal(state_of(book, 999, &r), PACK_UNKNOWN);
}

static void an_approval_holds_for_seven_days(void **state)
{
    const struct book *book = *state;
    struct pack_request r;
    char object[32];
    uint64_t number = put(book, NOW - 10 * 86400, "pack.request", "log", "mail", WANTED);
    snprintf(object, sizeof object, "request %llu", (unsigned long long)number);
    put(book, NOW - 7 * 86400 - 1, "pack.approve", object, "daemon", WANTED);
    assert_int_equal(state_of(book, number, &r), PACK_OLD);
    assert_int_equal(pack_request_find(book->folder, number, NOW - 1, &r), 0);
    assert_int_equal(r.state, PACK_APPROVED);
}

static void the_newest_request_of_a_person_is_found(void **state)
{
    const struct book *book = *state;
    const struct caller mail = {.name = "mail"}, news = {.name = "news"};
    uint64_t number;
    put(book, NOW, "pack.request", "log", "mail", WANTED " twice");
    uint64_t last = put(book, NOW, "pack.request", "log", "mail", WANTED " twice");
    put(book, NOW, "pack.request", "log", "mail", "another");
    assert_int_equal(pack_request_newest(book->folder, WANTED " twice", &mail, &number), 0);
    assert_int_equal(number, last);
    assert_int_equal(pack_request_newest(book->folder, WANTED " twice", &news, &number), 0);
    assert_int_equal(number, 0);
}

static void a_ledger_that_was_changed_approves_nothing(void **state)
{
    const struct book *book = *state;
    struct pack_request r;
    char command[256];
    uint64_t number = put(book, NOW, "pack.request", "log", "news", WANTED);
    put(book, NOW, "log.search", "log", "news", "");
    snprintf(command, sizeof command, "sed -i 's/Monday/Sunday/' %s/ledger", book->folder);
    assert_int_equal(system(command), 0);
    assert_int_equal(pack_request_find(book->folder, number, NOW, &r), ERR_DAMAGED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_approved_by_another_person_and_made_once),
        cmocka_unit_test(an_approval_holds_for_seven_days),
        cmocka_unit_test(the_newest_request_of_a_person_is_found),
        cmocka_unit_test(a_ledger_that_was_changed_approves_nothing),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
