#include "operator/routes.h"

#include <stdlib.h>
#include <string.h>

static void fill_mail(struct route_tables *tables, const struct config_mail *from)
{
    static const enum route_tls ways[] = {ROUTE_TLS_START, ROUTE_TLS_IMPLICIT, ROUTE_TLS_NONE};
    if (from->server == NULL)
        return;
    tables->mail = (struct mail_opts){.server = from->server,
                                      .port = from->port,
                                      .tls = ways[from->tls],
                                      .user = from->user,
                                      .password_file = from->password_file,
                                      .from = from->from,
                                      .from_name = from->from_name,
                                      .ca = from->ca,
                                      .timeout_ms = from->timeout_ms};
    tables->routes.mail = &tables->mail;
}

static void fill_webhooks(struct route_tables *tables, const struct config_delivery *from)
{
    for (size_t i = 0; i < from->webhook_count; i++) {
        const struct config_webhook *w = &from->webhooks[i];
        tables->webhooks[i] = (struct webhook_opts){
            .name = w->name, .url = w->url, .secret_file = w->secret_file, .ca = w->ca, .timeout_ms = w->timeout_ms};
    }
    tables->routes.webhooks = tables->webhooks;
    tables->routes.webhook_count = from->webhook_count;
}

static void fill_syslogs(struct route_tables *tables, const struct config *config)
{
    static const enum syslog_transport ways[] = {SYSLOG_LOCAL, SYSLOG_UDP, SYSLOG_TCP, SYSLOG_TLS};
    const struct config_delivery *from = &config->delivery;
    for (size_t i = 0; i < from->syslog_count; i++) {
        const struct config_syslog *s = &from->syslogs[i];
        tables->syslogs[i] = (struct syslog_opts){.name = s->name,
                                                  .transport = ways[s->transport],
                                                  .server = s->server,
                                                  .port = s->port,
                                                  .ca = s->ca,
                                                  .facility = s->facility,
                                                  .host = config->log.node,
                                                  .timeout_ms = s->timeout_ms};
    }
    tables->routes.syslogs = tables->syslogs;
    tables->routes.syslog_count = from->syslog_count;
}

int routes_init(struct route_tables *tables, const struct config *config)
{
    const struct config_delivery *d = &config->delivery;
    *tables = (struct route_tables){.webhooks = calloc(d->webhook_count + 1, sizeof *tables->webhooks),
                                    .syslogs = calloc(d->syslog_count + 1, sizeof *tables->syslogs)};
    if (tables->webhooks == NULL || tables->syslogs == NULL) {
        routes_done(tables);
        return ERR_NOMEM;
    }
    fill_mail(tables, &d->mail);
    fill_webhooks(tables, d);
    fill_syslogs(tables, config);
    return 0;
}

void routes_done(struct route_tables *tables)
{
    free(tables->webhooks);
    free(tables->syslogs);
    *tables = (struct route_tables){.webhooks = NULL};
}

static bool has(const char *const targets[], size_t count, const char *target)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(targets[i], target) == 0)
            return true;
    return false;
}

size_t routes_targets(const struct config *config, const char *role, const char *out[], size_t max)
{
    const struct config_delivery *d = &config->delivery;
    size_t count = 0;
    for (size_t i = 0; i < d->recipient_count && count < max; i++) {
        const struct config_recipient *r = &d->recipients[i];
        if (strcmp(r->role, role) == 0 && !has(out, count, r->target))
            out[count++] = r->target;
    }
    return count;
}
