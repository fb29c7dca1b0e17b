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

struct numbering {
    const struct policy *policy;
    const struct rulings_numbers *numbers;
};

static int64_t number(void *ctx, enum decision_scope scope, const char *name)
{
    const struct numbering *n = ctx;
    if (scope == DECISION_GROUP)
        return policy_group_find(n->policy, name);
    if (n->numbers->user == NULL)
        return -1;
    uint32_t found = (scope == DECISION_USER ? n->numbers->user : n->numbers->device)(n->numbers->ctx, name);
    return found == 0 ? -1 : (int64_t)found;
}

/* A block that holds for nobody opens what it shut: nobody should have to find that out by asking. */
static void warn_of_nobody(const struct docket *docket, struct numbering *n, int64_t now_s)
{
    size_t groups = 0, people = 0;
    for (size_t i = 0; docket != NULL && i < docket_count(docket); i++) {
        const struct decision *d = docket_all(docket)[i];
        bool nobody = !d->pending && !decision_is_over(d, now_s) && d->scope != DECISION_EVERYONE &&
                      number(n, d->scope, d->whom) < 0;
        groups += nobody && d->scope == DECISION_GROUP;
        people += nobody && d->scope != DECISION_GROUP;
    }
    if (groups > 0)
        log_warning("decisions are without effect, since their groups are not in the policy count=%zu", groups);
    if (people > 0)
        log_warning("decisions are without effect, since their users or devices have no number count=%zu", people);
}

int rulings_orders(struct rulings *rulings, const struct config *config, const struct policy *policy, int64_t now_s,
                   struct orders **out)
{
    struct table *table = NULL;
    const struct docket *docket = rulings->docket;
    struct numbering numbering = {policy, &rulings->numbers};
    const struct table_opts opts = {.decisions = docket == NULL ? NULL : docket_all(docket),
                                    .count = docket == NULL ? 0 : docket_count(docket),
                                    .spared = config->learning_platform,
                                    .spared_count = config->learning_platform_count,
                                    .grant_never = config->decide.grant_never,
                                    .now_s = now_s,
                                    .version = ++rulings->version,
                                    .number = number,
                                    .ctx = &numbering};
    const struct docket_numbers numbers = {number, &numbering};
    rulings->made_s = now_s;
    int err = table_new(&opts, &table);
    if (err == 0)
        err = orders_new(table, out);
    warn_of_nobody(docket, &numbering, now_s);
    if (err == 0 && docket != NULL && docket_publish(docket, config->decisions_public, now_s, &numbers) < 0)
        log_warning("the notice page can't be told what was decided file=%s", config->decisions_public);
    return err;
}

bool rulings_are_ahead(const struct rulings *rulings, int64_t now_s)
{
    return now_s < rulings->made_s;
}
