/*
 * What `belisha alert` needs of the configuration: routes, words, names.
 *
 * Threads: one; targets and site also by the watcher's.
 */
#ifndef OPERATOR_ALERT_KIT_H
#define OPERATOR_ALERT_KIT_H

#include "alert/letter.h"
#include "alert/watch.h"
#include "episode/site.h"
#include "operator/command.h"
#include "operator/routes.h"

#define ALERT_REGISTER "register" /* in the folder of alerts */

struct alert_kit {
    const struct operator_env *env;
    struct route_tables routes;
    struct signpost *signpost;
    struct tables *tables;
    struct site_finder *finder;
    struct letter_opts letter;
};

/* false: something is wrong, and that was said. */
bool alert_kit_init(struct alert_kit *kit, const struct operator_env *env);
void alert_kit_done(struct alert_kit *kit);

/* For struct watch_opts; ctx: the kit. */
size_t alert_kit_targets(void *ctx, const char *role, const char *out[], size_t max);
void alert_kit_site(void *ctx, const uint8_t *name, char out[ALERT_NAME_MAX]);
const char *alert_kit_group(void *ctx, const struct qlog_record *record);

/* What is wrong with this Belisha, a line each; ctx: the kit. */
void alert_probe(void *ctx, struct text *out);

/* The subcommands. Each returns an enum operator_exit; argv[0] is its name. */
int alert_test_run(struct alert_kit *kit, int argc, char *argv[]);
int alert_list_run(const struct operator_env *env, int argc, char *argv[]);
int alert_show_run(const struct operator_env *env, int argc, char *argv[]);

#endif
