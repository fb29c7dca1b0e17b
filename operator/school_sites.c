#include "operator/school_sites.h"

#include <stdlib.h>
#include <string.h>

int school_sites_new(const struct config *config, const struct tables *tables, struct site_finder **out)
{
    const uint8_t **own = calloc(config->query.zone_count + 1, sizeof(uint8_t *));
    size_t count = 0;
    if (own == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < config->query.zone_count; i++)
        if (config->query.zones[i].name[0] != 0) /* the root would make everything the school's own */
            own[count++] = config->query.zones[i].name;
    const struct site_finder_opts opts = {.tables = tables,
                                          .own = own,
                                          .own_count = count,
                                          .help = config->protected_help,
                                          .help_count = config->protected_help_count};
    int err = site_finder_new(&opts, out);
    free(own);
    return err;
}

enum episode_age school_sites_age(void *ctx, const char *group)
{
    static const enum episode_age ages[] = {[POLICY_WORDING_PRIMARY] = EPISODE_AGE_PRIMARY,
                                            [POLICY_WORDING_SECONDARY] = EPISODE_AGE_SECONDARY,
                                            [POLICY_WORDING_STAFF] = EPISODE_AGE_ADULT};
    const struct policy_opts *policy = &((const struct config *)ctx)->policy;
    for (size_t i = 0; i < policy->group_count; i++)
        if (strcmp(policy->groups[i].name, group) == 0)
            return ages[policy->levels[policy->groups[i].level].wording];
    return EPISODE_AGE_UNKNOWN;
}
