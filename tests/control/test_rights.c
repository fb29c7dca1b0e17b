/* Whose right a decision is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "control/rights.h"

#define MAY(deed) (1u << RIGHTS_##deed)

static const char *const classes[] = {"year-9", "year-10"};

static const struct right rights[] = {
    {.role = "teacher", .may = MAY(GRANT), .longest_s = 7200, .groups = classes, .group_count = 2, .categories = 6},
    {.role = "teacher", .may = MAY(ALLOW), .categories = ~UINT64_C(0), .approval = true},
    {.role = "dsl", .may = MAY(ALLOW) | MAY(BLOCK) | MAY(GRANT) | MAY(SUSPEND), .categories = ~UINT64_C(0)},
    {.role = "senior", .may = MAY(RESUME) | MAY(APPROVE), .categories = ~UINT64_C(0)},
};
static const struct decide_opts opts = {.rights = rights, .right_count = 4};
static const struct decide_opts anybody = {.right_count = 0};

enum { TEACHER = 1001, DSL = 1002, SENIOR = 1003, BOTH = 1004, NOBODY = 1005 };

static bool has_role(const void *ctx, const char *role)
{
    const uint32_t uid = *(const uint32_t *)ctx;
    return (strcmp(role, "teacher") == 0 && (uid == TEACHER || uid == BOTH)) ||
           (strcmp(role, "dsl") == 0 && (uid == DSL || uid == BOTH)) || (strcmp(role, "senior") == 0 && uid == SENIOR);
}

#define GROUP(name) .scope = DECISION_GROUP, .whom = (name)
#define ALL         .scope = DECISION_EVERYONE, .whom = ""
#define USER(name)  .scope = DECISION_USER, .whom = (name)

static const struct {
    uint32_t uid;
    struct rights_asked asked;
    enum rights_answer answer;
    const char *why;
} rows[] = {
    {TEACHER, {RIGHTS_GRANT, GROUP("year-9"), 7200, 2}, RIGHTS_YES, ""},
    {TEACHER, {RIGHTS_GRANT, GROUP("year-10"), 60, 0}, RIGHTS_YES, ""},
    {TEACHER, {RIGHTS_GRANT, GROUP("year-9"), 7201, 2},
     RIGHTS_NO,
     "role 'teacher' may do that for 120 minutes at most"},
    {TEACHER, {RIGHTS_GRANT, GROUP("year-7"), 60, 2},
     RIGHTS_NO,
     "role 'teacher' may do that for group year-9, year-10 only"},
    {TEACHER, {RIGHTS_GRANT, USER("year-9"), 60, 2},
     RIGHTS_NO,
     "role 'teacher' may do that for group year-9, year-10 only"},
    {TEACHER, {RIGHTS_GRANT, ALL, 60, 2}, RIGHTS_NO, "role 'teacher' may do that for group year-9, year-10 only"},
    {TEACHER, {RIGHTS_GRANT, GROUP("year-9"), 60, 2 | 16}, RIGHTS_NO, "role 'teacher' may not open category '"},
    {TEACHER, {RIGHTS_ALLOW, ALL, 7201, 2}, RIGHTS_WITH_APPROVAL, ""},
    {BOTH, {RIGHTS_ALLOW, ALL, 7201, 2}, RIGHTS_YES, ""}, /* what one role may, another one's limits do not take away */
    {BOTH, {RIGHTS_GRANT, ALL, 7201, 16}, RIGHTS_YES, ""},
    {TEACHER, {RIGHTS_BLOCK, ALL, INT64_MAX, 0}, RIGHTS_NO, "it takes a role that may 'block' (decisions.rights)"},
    {DSL, {RIGHTS_BLOCK, ALL, INT64_MAX, 0}, RIGHTS_YES, ""},
    {DSL, {RIGHTS_SUSPEND, USER("a.pupil"), 60, 0}, RIGHTS_YES, ""},
    {DSL, {RIGHTS_RESUME, USER("a.pupil"), 60, 0}, RIGHTS_NO, "it takes a role that may 'resume' (decisions.rights)"},
    {SENIOR, {RIGHTS_RESUME, USER("a.pupil"), 60, 0}, RIGHTS_YES, ""},
    {SENIOR, {RIGHTS_APPROVE, ALL, 60, 2}, RIGHTS_YES, ""},
    {TEACHER, {RIGHTS_APPROVE, ALL, 60, 2}, RIGHTS_NO, "it takes a role that may 'approve' (decisions.rights)"},
    {NOBODY, {RIGHTS_ALLOW, ALL, 60, 2}, RIGHTS_NO, "it takes a role that may 'allow' (decisions.rights)"},
    {0, {RIGHTS_ALLOW, ALL, 60, 2}, RIGHTS_NO, "it takes a role that may 'allow' (decisions.rights)"},
};

static void a_role_may_what_its_rights_say(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct text why = {0};
        enum rights_answer answer = rights_check(&opts, has_role, &rows[i].uid, &rows[i].asked, &why);
        const char *said = why.bytes == NULL ? "" : why.bytes;
        if (answer != rows[i].answer || strncmp(said, rows[i].why, strlen(rows[i].why)) != 0 ||
            (rows[i].why[0] == '\0' && said[0] != '\0'))
            fail_msg("row %zu: %d, %s", i, (int)answer, said);
        text_done(&why);
    }
}

static void without_rights_everybody_may(void **state)
{
    struct text why = {0};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(rights_check(&anybody, has_role, &rows[i].uid, &rows[i].asked, &why), RIGHTS_YES);
    assert_null(why.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_role_may_what_its_rights_say),
        cmocka_unit_test(without_rights_everybody_may),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
