#include "school/school.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "config/config.h"
#include "dns/name.h"
#include "dns/rr.h"
#include "reading/reading.h"
#include "recipe/help.h"

#define NAMES_FILE_MAX (UINT64_C(1) << 20) /* bytes */

struct school {
    struct guard *guard;
    struct config_errors *errors;
};

/* from: where the names stand, for complaints. */
static int add_names(struct school *s, struct span names, enum refusal why, const char *from)
{
    unsigned line = 0;
    int err = guard_add(s->guard, names, why, &line);
    if (err == ERR_MALFORMED)
        config_errors_add(s->errors, NULL, "%s, line %u: not a domain name", from, line);
    else if (err == ERR_INVAL)
        config_errors_add(s->errors, NULL,
                          "%s, line %u: nobody has this name alone (it is a public suffix or a single label); name the "
                          "school's own domain below it",
                          from, line);
    return err == ERR_MALFORMED || err == ERR_INVAL ? ERR_CONFIG : err;
}

static int add_file(struct school *s, const char *path, enum refusal why)
{
    uint8_t *text = NULL;
    size_t len = 0;
    int err = reading_load(path, NAMES_FILE_MAX, &text, &len);
    if (err < 0 && err != ERR_NOMEM) {
        config_errors_add(s->errors, NULL, "%s: %s", path, err_str(err));
        return ERR_CONFIG;
    }
    if (err == 0)
        err = add_names(s, (struct span){text, len}, why, path);
    free(text);
    return err;
}

static int add_list(struct school *s, const char *const names[], size_t count, enum refusal why, const char *key)
{
    char from[128];
    int err = 0;
    for (size_t i = 0; i < count && (err == 0 || err == ERR_CONFIG); i++) {
        snprintf(from, sizeof from, "'%.60s' of %s", names[i], key);
        int rc = strncmp(names[i], "file:", 5) == 0 ? add_file(s, names[i] + 5, why)
                                                    : add_names(s, span_of(names[i]), why, from);
        err = rc < 0 ? rc : err;
    }
    return err;
}

/* ---- belisha.yaml ---- */

/* A reverse zone, or "local", is no domain that anybody could list by mistake: what the guard won't have is left out. */
static int add_wire(struct school *s, const uint8_t *name, enum refusal why)
{
    char text[NAME_TEXT_MAX];
    unsigned line;
    name_to_text(name, text);
    int err = guard_add(s->guard, span_of(text), why, &line);
    return err == ERR_NOMEM ? err : 0;
}

static int add_address(struct school *s, const struct query_record *record)
{
    struct prefix own = {.bits = 128};
    if (record->type == DNS_TYPE_A && record->rdata_len == 4)
        own.addr = ipaddr_from_v4(record->rdata);
    else if (record->type == DNS_TYPE_AAAA && record->rdata_len == 16)
        own.addr = ipaddr_from_v6(record->rdata);
    else
        return 0;
    return guard_add_address(s->guard, &own);
}

static int add_config(struct school *s, const struct config *config)
{
    int err = 0;
    for (size_t i = 0; i < config->protected_help_count && err == 0; i++)
        err = add_wire(s, config->protected_help[i], REFUSED_PROTECTED_HELP);
    for (size_t i = 1; i < config->query.zone_count && err == 0; i++)
        err = add_wire(s, config->query.zones[i].name, REFUSED_OWN_DOMAIN);
    for (size_t i = 0; i < config->query.record_count && err == 0; i++) {
        err = add_wire(s, config->query.records[i].name, REFUSED_OWN_DOMAIN);
        if (err == 0)
            err = add_address(s, &config->query.records[i]);
    }
    for (size_t i = 0; i < config->notice.host_count && err == 0; i++) {
        unsigned line;
        err = guard_add(s->guard, span_of(config->notice.hosts[i]), REFUSED_OWN_DOMAIN, &line) == ERR_NOMEM ? ERR_NOMEM
                                                                                                            : 0;
    }
    return err;
}

static int read_config(struct school *s, const char *path)
{
    struct config *config = NULL;
    int err = config_load(&path, 1, &config, s->errors);
    if (err == 0)
        err = add_config(s, config);
    config_free(config);
    return err;
}

/* ---- all ---- */

static int add_recipe(struct school *s, const struct recipe *recipe)
{
    int err = recipe->config == NULL ? 0 : read_config(s, recipe->config);
    int own = add_list(s, recipe->own_domains, recipe->own_domain_count, REFUSED_OWN_DOMAIN, "own_domains");
    int platform = add_list(s, recipe->learning_platform, recipe->learning_platform_count, REFUSED_LEARNING_PLATFORM,
                            "learning_platform");
    for (size_t i = 0; i < recipe->own_address_count && err == 0; i++)
        err = guard_add_address(s->guard, &recipe->own_addresses[i]);
    return err < 0 ? err : own < 0 ? own : platform;
}

static int add_help(struct school *s, const struct recipe *recipe)
{
    struct text help = {0};
    unsigned line = 0;
    int err = help_collect(recipe, &help);
    if (err == 0)
        err = guard_new(span_of(help.bytes), &s->guard, &line);
    if (err == ERR_MALFORMED)
        config_errors_add(s->errors, NULL, "protected_help: line %u of all its names is not a domain name", line);
    else if (err < 0 && err != ERR_NOMEM)
        config_errors_add(s->errors, NULL, "protected_help: %s: %s", recipe->protected_help, err_str(err));
    text_done(&help);
    return err < 0 && err != ERR_NOMEM ? ERR_CONFIG : err;
}

int school_guard(const struct recipe *recipe, struct config_errors *errors, struct guard **out)
{
    struct school s = {.errors = errors};
    int err = add_help(&s, recipe);
    if (err == 0 && recipe != NULL)
        err = add_recipe(&s, recipe);
    if (err < 0) {
        guard_free(s.guard);
        return err;
    }
    *out = s.guard;
    return 0;
}

int school_use_kept_suffixes(const struct recipe *recipe, const char *copies, struct guard *guard)
{
    char path[PATH_MAX];
    if (recipe == NULL || recipe->public_suffix_list.source == NULL)
        return 0;
    if (snprintf(path, sizeof path, "%s/%s.feed", copies, SCHOOL_SUFFIXES) >= (int)sizeof path)
        return ERR_LIMIT;
    int err = access(path, R_OK) == 0 ? guard_use_suffixes(guard, path) : 0;
    if (err == 0 && suffix_origin(guard_suffixes(guard)) != SUFFIX_SYSTEM &&
        suffix_rule_count(guard_suffixes(guard)) < SCHOOL_SUFFIX_RULES_MIN)
        err = guard_use_suffixes(guard, NULL);
    return err;
}
