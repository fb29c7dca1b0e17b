/*
 * What episodes need to know of the school, from its configuration: which names are its own, which are protected help, how
 * young the people of a group are.
 *
 * Threads: any; the configuration must not change meanwhile.
 */
#ifndef OPERATOR_SCHOOL_SITES_H
#define OPERATOR_SCHOOL_SITES_H

#include "config/config.h"
#include "episode/builder.h"

/* tables must outlive *out. ERR_NOMEM, ERR_MALFORMED. */
ERR_CHECKED int school_sites_new(const struct config *config, const struct tables *tables, struct site_finder **out);

/* By the wording of the group's level. For struct episode_opts; ctx: the configuration. */
enum episode_age school_sites_age(void *ctx, const char *group);

#endif
