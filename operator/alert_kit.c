#include "operator/alert_kit.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "base/err.h"
#include "delivery/deliver.h"
#include "identity/roster.h"

/* ---- names ---- */

static void put_name(const struct alert_person *p, const struct roster *roster, char *out, size_t size)
{
    const char *name = p->user != 0     ? roster_name(roster, ROSTER_USER, p->user)
                       : p->device != 0 ? roster_name(roster, ROSTER_DEVICE, p->device)
                                        : NULL;
    static const struct ipaddr none;
    if (name != NULL && name[0] != '\0')
        snprintf(out, size, "%s", name);
    else if (!ipaddr_equal(&p->client, &none))
        ipaddr_to_text(&p->client, out);
}

/* "anna.smith" is "A.S."; of a device or an address there are none. */
static void make_initials(char *name)
{
    char initials[16] = "";
    size_t len = 0;
    bool begins = true;
    for (const char *c = name; *c != '\0' && *c != '@' && len + 3 < sizeof initials; c++) {
        bool letter = isalpha((unsigned char)*c) || (unsigned char)*c >= 0x80;
        if (letter && begins && (unsigned char)*c < 0x80) {
            initials[len++] = (char)toupper((unsigned char)*c);
            initials[len++] = '.';
        }
        begins = !letter;
    }
    initials[len] = '\0';
    memcpy(name, initials, len + 1);
}

/* The roster is read anew for each letter: there are few, and names come and go. */
static void name_of(void *ctx, const struct alert_person *person, char *out, size_t size)
{
    const struct alert_kit *kit = ctx;
    struct roster *roster;
    bool initials = kit->letter.identities == CONFIG_IDENTITIES_INITIALS;
    out[0] = '\0';
    if ((initials && person->user == 0) || size < IPADDR_TEXT_MAX ||
        roster_read(kit->env->config->identity.roster, NULL, NULL, &roster) < 0)
        return;
    put_name(person, roster, out, size);
    roster_close(roster);
    if (initials)
        make_initials(out);
}

/* ---- the kit ---- */

static bool complain(const struct alert_kit *kit, struct config_errors *errors, int err)
{
    config_errors_print(errors, kit->env->err);
    config_errors_done(errors);
    if (err < 0)
        fprintf(kit->env->err, "belisha alert: %s\n", err_str(err));
    return err == 0;
}

static int make_finder(struct alert_kit *kit)
{
    const struct config *config = kit->env->config;
    const struct site_finder_opts opts = {
        .tables = kit->tables, .help = config->protected_help, .help_count = config->protected_help_count};
    return site_finder_new(&opts, &kit->finder);
}

bool alert_kit_init(struct alert_kit *kit, const struct operator_env *env)
{
    const struct config *config = env->config;
    struct config_errors errors = {0};
    *kit = (struct alert_kit){.env = env};
    int err = deliver_init();
    if (err == 0)
        err = routes_init(&kit->routes, config);
    if (err == 0)
        err = signpost_new(config->notice.help_file, &errors, &kit->signpost);
    if (err == 0)
        err = tables_new(NULL, &errors, &kit->tables);
    if (err == 0)
        err = make_finder(kit);
    kit->letter = (struct letter_opts){.school = config->notice.school,
                                       .identities = config->alerts.identities,
                                       .name = name_of,
                                       .name_ctx = kit,
                                       .signpost = kit->signpost,
                                       .tables = kit->tables};
    return complain(kit, &errors, err);
}

void alert_kit_done(struct alert_kit *kit)
{
    site_finder_free(kit->finder);
    tables_free(kit->tables);
    signpost_free(kit->signpost);
    routes_done(&kit->routes);
    deliver_done();
}

size_t alert_kit_targets(void *ctx, const char *role, const char *out[], size_t max)
{
    const struct alert_kit *kit = ctx;
    return routes_targets(kit->env->config, role, out, max);
}

void alert_kit_site(void *ctx, const uint8_t *name, char out[ALERT_NAME_MAX])
{
    const struct alert_kit *kit = ctx;
    struct site site;
    char text[NAME_TEXT_MAX];
    site_find(kit->finder, name, &site);
    if (site.kind == SITE_OWN || site.kind == SITE_HELP)
        name_to_text(name, text);
    snprintf(out, ALERT_NAME_MAX, "%.255s",
             site.kind == SITE_OWN || site.kind == SITE_HELP ? text : site_to_text(&site, text));
}

const char *alert_kit_group(void *ctx, const struct qlog_record *record)
{
    const struct alert_kit *kit = ctx;
    const struct policy_opts *policy = &kit->env->config->policy;
    bool known = record->policy_version == policy->version && record->group < policy->group_count;
    return known ? policy->groups[record->group].name : NULL;
}
