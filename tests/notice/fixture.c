#include "notice/fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct generation_rule rules[] = {
    {"casino.example", GENERATION_SUBDOMAINS, GENERATION_BLOCK, CATEGORY_BIT(CATEGORY_GAMBLING), 0},
    {"hurt.example", GENERATION_SUBDOMAINS, GENERATION_BLOCK, CATEGORY_BIT(CATEGORY_SELF_HARM), 1},
    {"games.example", GENERATION_SUBDOMAINS, GENERATION_BLOCK, CATEGORY_BIT(CATEGORY_GAMING), 2},
};

static const char conf_text[] = "state_dir: %s\n"
                                "blocklist: { dir: %s }\n"
                                "notice:\n"
                                "  school: Beacon & Hill School\n"
                                "  contact: Mrs Okafor, room 12\n"
                                "  hosts: [why.school.example]\n"
                                "access: [10.0.0.0/8, 127.0.0.0/8]\n"
                                "policy:\n"
                                "  levels:\n"
                                "    - { name: juniors, block: [all], wording: primary }\n"
                                "    - { name: year-7-9, block: [gambling, self-harm, gaming], wording: secondary }\n"
                                "    - { name: staff, block: [gambling], allow: [gaming], wording: staff }\n"
                                "  groups:\n"
                                "    - { name: juniors, networks: [10.10.0.0/16], level: juniors }\n"
                                "    - { name: pupils, networks: [10.20.0.0/16, 127.0.0.0/8], level: year-7-9 }\n"
                                "    - { name: staff, networks: [10.30.0.0/16], level: staff }\n";

void fixture_load(struct fixture *f)
{
    const char *const files[] = {f->conf};
    struct config_errors errors = {0};
    int err = site_load(&f->site, files, 1, &errors);
    config_errors_print(&errors, stderr);
    config_errors_done(&errors);
    assert_int_equal(err, 0);
}

int fixture_set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    generation_init(&f->generation, rules, sizeof rules / sizeof rules[0]);
    snprintf(f->conf, sizeof f->conf, "%s/belisha.yaml", f->generation.folder);
    FILE *file = fopen(f->conf, "we");
    assert_non_null(file);
    fprintf(file, conf_text, f->generation.folder, f->generation.folder);
    fclose(file);
    fixture_load(f);
    assert_int_equal(site_open_inbox(&f->site), 0);
    assert_int_equal(site_follow(&f->site, NULL, 0), CURRENT_NEW);
    *state = f;
    return 0;
}

int fixture_tear_down(void **state)
{
    struct fixture *f = *state;
    site_done(&f->site);
    generation_done(&f->generation);
    free(f);
    return 0;
}
