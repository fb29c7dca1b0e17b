#include "service/rulings.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"

static void complain(void *ctx, unsigned line, int err)
{
    log_error("decision is lost, its line does not count file=%s line=%u: %s", (const char *)ctx, line, err_str(err));
}

int rulings_open(struct rulings *rulings, const struct config *config, int64_t now_s)
{
    char path[4096];
    snprintf(path, sizeof path, "%s", config->decisions_path);
    if (mkdir(config->decisions_dir, 0755) < 0 && errno != EEXIST)
        log_warning("cannot make %s", config->decisions_dir);
    rulings->err = docket_open(config->decisions_path, now_s, complain, path, &rulings->docket);
    if (rulings->err == 0)
        return 0;
    rulings->docket = NULL;
    log_error("no decision can be recorded file=%s: %s", config->decisions_path, err_str(rulings->err));
    if (access(config->decisions_path, F_OK) < 0)
        return 0;
    return rulings->err;
}

void rulings_close(struct rulings *rulings)
{
    docket_close(rulings->docket);
}

static int64_t number(void *ctx, enum decision_scope scope, const char *name)
{
    return scope == DECISION_GROUP ? policy_group_find(ctx, name) : -1;
}

/* A block for a group that the policy has no longer opens what it shut: nobody should have to find that out by asking. */
static void warn_of_groups(const struct docket *docket, const struct policy *policy, int64_t now_s)
{
    size_t count = 0;
    for (size_t i = 0; docket != NULL && i < docket_count(docket); i++) {
        const struct decision *d = docket_all(docket)[i];
        count += !decision_is_over(d, now_s) && d->scope == DECISION_GROUP && policy_group_find(policy, d->whom) < 0;
    }
    if (count > 0)
        log_warning("decisions are without effect, since their groups are not in the policy count=%zu", count);
}

int rulings_orders(struct rulings *rulings, const struct config *config, const struct policy *policy, int64_t now_s,
                   struct orders **out)
{
    struct table *table = NULL;
    const struct docket *docket = rulings->docket;
    void *ctx = (void *)(uintptr_t)policy;
    const struct table_opts opts = {.decisions = docket == NULL ? NULL : docket_all(docket),
                                    .count = docket == NULL ? 0 : docket_count(docket),
                                    .spared = config->learning_platform,
                                    .spared_count = config->learning_platform_count,
                                    .grant_never = config->decide.grant_never,
                                    .now_s = now_s,
                                    .version = ++rulings->version,
                                    .number = number,
                                    .ctx = ctx};
    const struct docket_numbers numbers = {number, ctx};
    int err = table_new(&opts, &table);
    if (err == 0)
        err = orders_new(table, out);
    warn_of_groups(docket, policy, now_s);
    if (err == 0 && docket != NULL && docket_publish(docket, config->decisions_public, now_s, &numbers) < 0)
        log_warning("the notice page can't be told what was decided file=%s", config->decisions_public);
    return err;
}
