#include "notice/wording.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/category.h"
#include "config/yaml.h"
#include "notice/shipped.h"

static struct wording_text shipped(const char *name)
{
    const struct shipped_file *file = shipped_find(name);
    assert_non_null(file);
    return (struct wording_text){file->name, file->text, file->len};
}

static const struct wording *make(struct arena *arena, const struct wording_text *categories,
                                  const struct wording_text *services, struct config_errors *errors)
{
    const struct wording *wording = NULL;
    int err = wording_new(arena, categories, services, errors, &wording);
    assert_int_equal(err, wording == NULL ? ERR_CONFIG : 0);
    assert_int_equal(wording == NULL, errors->count > 0);
    return wording;
}

static const struct wording *make_shipped(struct arena *arena)
{
    struct wording_text categories = shipped("categories.yaml");
    struct wording_text services = shipped("help-services.yaml");
    struct config_errors errors = {0};
    const struct wording *wording = make(arena, &categories, &services, &errors);
    config_errors_print(&errors, stderr);
    assert_non_null(wording);
    config_errors_done(&errors);
    return wording;
}

static const struct wording_topic *topic_of(const struct wording *wording, unsigned category)
{
    const struct verdict verdict = {.reason = REASON_CATEGORY, .category = (uint8_t)category};
    return wording_find(wording, &verdict);
}

static void wording_has_words_and_help_for_every_category_and_reader(void **state)
{
    struct arena *arena = arena_new();
    const struct wording *wording = make_shipped(arena);
    (void)state;
    for (unsigned id = 0; id < CATEGORY_MAX; id++) {
        if (category_name(id) == NULL)
            continue;
        const struct wording_topic *topic = topic_of(wording, id);
        assert_true(strlen(topic->title) > 3);
        for (int tier = 0; tier < WORDING_TIERS; tier++) {
            assert_true(strlen(topic->sentence[tier]) > 10);
            assert_non_null(strstr(topic->help[tier], "</details>"));
        }
        assert_non_null(strstr(topic->help[POLICY_WORDING_PRIMARY], "tel:08001111"));
        assert_non_null(strstr(topic->help[POLICY_WORDING_SECONDARY], "tel:08001111"));
    }
    arena_free(arena);
}

static void wording_names_childline_before_the_fold_for_self_harm(void **state)
{
    struct arena *arena = arena_new();
    const struct wording_topic *topic = topic_of(make_shipped(arena), CATEGORY_SELF_HARM);
    (void)state;
    assert_true(topic->urgent);
    for (int tier = 0; tier < POLICY_WORDING_STAFF; tier++)
        assert_true(strstr(topic->help[tier], "Childline") < strstr(topic->help[tier], "<details>"));
    assert_true(strstr(topic->help[POLICY_WORDING_STAFF], "Samaritans") <
                strstr(topic->help[POLICY_WORDING_STAFF], "<details>"));
    arena_free(arena);
}

static void wording_of_a_statutory_block_is_that_of_a_local_one(void **state)
{
    static const struct verdict local = {.reason = REASON_LOCAL_BLOCK, .category = CATEGORY_LOCAL};
    static const struct verdict statutory[] = {{.reason = REASON_STATUTORY, .category = CATEGORY_ILLEGAL},
                                               {.reason = REASON_STATUTORY, .category = CATEGORY_NONE},
                                               {.reason = REASON_CATEGORY, .category = CATEGORY_ILLEGAL}};
    struct arena *arena = arena_new();
    const struct wording *wording = make_shipped(arena);
    const struct wording_topic *expected = wording_find(wording, &local);
    (void)state;
    for (size_t i = 0; i < sizeof statutory / sizeof statutory[0]; i++) {
        const struct wording_topic *topic = wording_find(wording, &statutory[i]);
        assert_string_equal(topic->title, expected->title);
        assert_int_equal(topic->urgent, expected->urgent);
        for (int tier = 0; tier < WORDING_TIERS; tier++) {
            assert_string_equal(topic->sentence[tier], expected->sentence[tier]);
            assert_string_equal(topic->help[tier], expected->help[tier]);
        }
    }
    arena_free(arena);
}

static void wording_says_how_a_held_category_opens_and_keeps_its_help(void **state)
{
    struct arena *arena = arena_new();
    const struct wording *wording = make_shipped(arena);
    const struct wording_topic *plain = topic_of(wording, CATEGORY_SELF_HARM);
    (void)state;
    for (unsigned reason = REASON_HOLD; reason <= REASON_UNLESS_APPROVED; reason++) {
        const struct verdict verdict = {.reason = (uint8_t)reason, .category = CATEGORY_SELF_HARM};
        const struct wording_topic *topic = wording_find(wording, &verdict);
        assert_true(topic->urgent);
        assert_string_equal(topic->title, plain->title);
        assert_string_equal(topic->help[POLICY_WORDING_PRIMARY], plain->help[POLICY_WORDING_PRIMARY]);
        for (int tier = 0; tier < WORDING_TIERS; tier++)
            assert_non_null(strstr(topic->sentence[tier], reason == REASON_HOLD ? "assess" : "approve") != NULL ||
                                    tier == POLICY_WORDING_PRIMARY
                                ? topic
                                : NULL);
    }
    arena_free(arena);
}

static void wording_has_another_message_each_hour(void **state)
{
    struct arena *arena = arena_new();
    const struct wording *wording = make_shipped(arena);
    (void)state;
    for (int tier = 0; tier < WORDING_TIERS; tier++) {
        const char *first = wording_message(wording, (enum policy_wording)tier, 7200);
        assert_true(strlen(first) > 10);
        assert_string_equal(wording_message(wording, (enum policy_wording)tier, 7200 + 3599), first);
        assert_string_not_equal(wording_message(wording, (enum policy_wording)tier, 7200 + 3600), first);
    }
    arena_free(arena);
}

static void wording_finds_something_for_every_verdict(void **state)
{
    struct arena *arena = arena_new();
    const struct wording *wording = make_shipped(arena);
    (void)state;
    for (unsigned reason = 0; reason < 256; reason++)
        for (unsigned category = 0; category < 256; category++) {
            const struct verdict verdict = {.reason = (uint8_t)reason, .category = (uint8_t)category};
            assert_non_null(wording_find(wording, &verdict)->title);
        }
    arena_free(arena);
}

/* The page sends people to these addresses: they must open from inside the school. */
static void every_web_address_of_a_service_is_protected(void **state)
{
    struct arena *arena = arena_new();
    struct wording_text text = shipped("help-services.yaml");
    struct config_errors errors = {0};
    struct yaml_node *file;
    size_t count = 0;
    (void)state;
    assert_int_equal(yaml_read_text(arena, text.name, text.text, text.len, &errors, &file), 0);
    for (struct yaml_node *s = yaml_find(file, "services")->first; s != NULL; s = s->next) {
        const struct yaml_node *web = yaml_find(s, "web");
        char line[512];
        bool found = web == NULL;
        FILE *names = fopen("../../data/protected-help.txt", "re");
        assert_non_null(names);
        while (!found && fgets(line, sizeof line, names) != NULL) {
            line[strcspn(line, "\r\n# ")] = '\0';
            const char *at = line[0] == '\0' ? NULL : strstr(web->text, line);
            char end = at == NULL ? '\0' : at[strlen(line)];
            found = at != NULL && (at == web->text || at[-1] == '.') && (end == '\0' || end == '/');
        }
        fclose(names);
        if (!found)
            fail_msg("%s is not in data/protected-help.txt", web->text);
        count++;
    }
    assert_true(count > 10);
    arena_free(arena);
}

static void wording_says_what_is_wrong_with_a_file(void **state)
{
    static const struct {
        const char *services, *message;
    } rows[] = {
        {"services: []", "names the help service 'childline', which is not in the list"},
        {"services: [{id: a, name: A, for: all, wordings: [pupil], phone: \"1\", last_verified: unknown}]",
         "primary, secondary or staff"},
        {"services: [{id: a, name: A, for: all, wordings: [staff], last_verified: unknown}]",
         "'a' has no phone, text or web to reach it by"},
        {"services: [{id: a, name: A, for: all, wordings: [staff], text: [HI], last_verified: unknown}]",
         "text of 'a' must be a word and a number"},
        {"services: [{id: a, name: A, fro: all, wordings: [staff], phone: \"1\", last_verified: unknown}]",
         "did you mean 'for'?"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct arena *arena = arena_new();
        struct wording_text categories = shipped("categories.yaml");
        struct wording_text services = {"help-services.yaml", rows[i].services, strlen(rows[i].services)};
        struct config_errors errors = {0};
        assert_null(make(arena, &categories, &services, &errors));
        assert_non_null(strstr(errors.text[0], rows[i].message));
        config_errors_done(&errors);
        arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wording_has_words_and_help_for_every_category_and_reader),
        cmocka_unit_test(wording_names_childline_before_the_fold_for_self_harm),
        cmocka_unit_test(wording_of_a_statutory_block_is_that_of_a_local_one),
        cmocka_unit_test(wording_says_how_a_held_category_opens_and_keeps_its_help),
        cmocka_unit_test(wording_has_another_message_each_hour),
        cmocka_unit_test(wording_finds_something_for_every_verdict),
        cmocka_unit_test(every_web_address_of_a_service_is_protected),
        cmocka_unit_test(wording_says_what_is_wrong_with_a_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
