/* Who is told what, and by which way: delivery, alerts. */
#include <ctype.h>
#include <string.h>

#include "base/category.h"
#include "base/endpoint.h"
#include "config/build.h"
#include "config/times.h"

#define NAME_BYTES_MAX   32
#define TARGET_BYTES_MAX 300

/* Names of webhooks, syslog receivers and rules stand in file names, registers and structured data. */
static void check_name(struct build *b, const char *kind, const char *name, const struct config_place *at)
{
    size_t len = strlen(name);
    bool good = len <= NAME_BYTES_MAX;
    for (size_t i = 0; i < len; i++)
        good &= isalnum((unsigned char)name[i]) || name[i] == '-' || name[i] == '_';
    if (!good)
        config_errors_add(b->errors, at, "the name of a %s must be at most %d letters, digits, - and _: '%s'", kind,
                          NAME_BYTES_MAX, name);
}

static void check_address(struct build *b, const char *text, const struct config_place *at)
{
    if (!endpoint_is_mail(text))
        config_errors_add(b->errors, at, "must be a mail address such as dsl@school.example, without a name: '%s'",
                          text);
}

static void check_host(struct build *b, const char *text, const struct config_place *at)
{
    if (!endpoint_is_host(text))
        config_errors_add(b->errors, at, "a server is its name or address alone, such as smtp.school.example: '%s'",
                          text);
}

/* ---- mail ---- */

static void check_mail(struct build *b, const struct options_mail *o)
{
    bool local = endpoint_is_loopback(o->server, strlen(o->server));
    check_host(b, o->server, &o->server_at);
    if (o->from == NULL)
        config_errors_add(b->errors, &o->at, "mail needs an address that it comes from: mail.from");
    else
        check_address(b, o->from, &o->from_at);
    if (o->tls == CONFIG_MAIL_NONE && !local)
        config_errors_add(b->errors, &o->tls_at,
                          "mail.tls: none is for a server on this machine (127.0.0.1, ::1); over a network it is "
                          "starttls or implicit");
    if ((o->user == NULL) != (o->password_file == NULL))
        config_errors_add(b->errors, &o->at, "mail.user and mail.password_file go together");
}

static int build_mail(struct build *b)
{
    static const uint16_t ports[] = {587, 465, 25};
    const struct options_mail *o = &b->options->mail;
    if (o->server == NULL)
        return 0;
    check_mail(b, o);
    b->config->delivery.mail = (struct config_mail){.server = o->server,
                                                    .port = o->port != 0 ? (uint16_t)o->port : ports[o->tls],
                                                    .tls = (enum config_mail_tls)o->tls,
                                                    .user = o->user,
                                                    .password_file = build_path(b, o->password_file),
                                                    .from = o->from,
                                                    .from_name = o->from_name,
                                                    .ca = build_path(b, o->ca),
                                                    .timeout_ms = o->timeout_ms};
    return 0;
}

/* ---- webhooks, syslog ---- */

static int build_webhooks(struct build *b)
{
    const struct schema_list *list = &b->options->webhooks;
    const struct options_webhook *o = list->items;
    struct config_webhook *out = arena_alloc(b->arena, (list->count + 1) * sizeof *out);
    if (out == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < list->count; i++) {
        check_name(b, "webhook", o[i].name, &o[i].at);
        if (!endpoint_is_url(o[i].url))
            config_errors_add(
                b->errors, &o[i].url_at,
                "must be an address with https://, or http:// to this machine itself, without a user: '%s'", o[i].url);
        for (size_t k = 0; k < i; k++)
            if (strcmp(o[k].name, o[i].name) == 0)
                config_errors_add(b->errors, &o[i].at, "webhook '%s' is given twice", o[i].name);
        out[i] = (struct config_webhook){.name = o[i].name,
                                         .url = o[i].url,
                                         .secret_file = build_path(b, o[i].secret_file),
                                         .ca = build_path(b, o[i].ca),
                                         .timeout_ms = o[i].timeout_ms};
    }
    b->config->delivery.webhooks = out;
    b->config->delivery.webhook_count = list->count;
    return 0;
}

static int build_syslogs(struct build *b)
{
    const struct schema_list *list = &b->options->syslog;
    const struct options_syslog *o = list->items;
    struct config_syslog *out = arena_alloc(b->arena, (list->count + 1) * sizeof *out);
    if (out == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < list->count; i++) {
        bool local = o[i].transport == CONFIG_SYSLOG_LOCAL;
        uint16_t usual = o[i].transport == CONFIG_SYSLOG_TLS ? 6514 : 514;
        check_name(b, "syslog receiver", o[i].name, &o[i].at);
        if (!local && o[i].server == NULL)
            config_errors_add(b->errors, &o[i].at, "syslog '%s' needs a server", o[i].name);
        else if (!local)
            check_host(b, o[i].server, &o[i].server_at);
        for (size_t k = 0; k < i; k++)
            if (strcmp(o[k].name, o[i].name) == 0)
                config_errors_add(b->errors, &o[i].at, "syslog '%s' is given twice", o[i].name);
        out[i] = (struct config_syslog){.name = o[i].name,
                                        .transport = (enum config_syslog_transport)o[i].transport,
                                        .server = local ? o[i].socket : o[i].server,
                                        .port = o[i].port != 0 ? (uint16_t)o[i].port : usual,
                                        .ca = build_path(b, o[i].ca),
                                        .facility = (unsigned)o[i].facility,
                                        .timeout_ms = o[i].timeout_ms};
    }
    b->config->delivery.syslogs = out;
    b->config->delivery.syslog_count = list->count;
    return 0;
}

/* ---- recipients ---- */

static bool has_webhook(const struct config_delivery *d, const char *name)
{
    for (size_t i = 0; i < d->webhook_count; i++)
        if (strcmp(d->webhooks[i].name, name) == 0)
            return true;
    return false;
}

static bool has_syslog(const struct config_delivery *d, const char *name)
{
    for (size_t i = 0; i < d->syslog_count; i++)
        if (strcmp(d->syslogs[i].name, name) == 0)
            return true;
    return false;
}

static void check_target(struct build *b, const char *kind, const char *text, const struct config_place *at)
{
    const struct config_delivery *d = &b->config->delivery;
    if (strcmp(kind, "mail") == 0) {
        check_address(b, text, at);
        if (d->mail.server == NULL)
            config_errors_add(b->errors, at, "there is no mail server for this: mail.server names it");
    } else if (strcmp(kind, "webhook") == 0 && !has_webhook(d, text)) {
        config_errors_add(b->errors, at, "'%s' is not among the webhooks", text);
    } else if (strcmp(kind, "syslog") == 0 && !has_syslog(d, text)) {
        config_errors_add(b->errors, at, "'%s' is not among syslog", text);
    } else if (strcmp(kind, "folder") == 0 && (text[0] != '/' || strlen(text) > TARGET_BYTES_MAX)) {
        config_errors_add(b->errors, at, "a folder must be a path that begins with /: '%s'", text);
    }
}

static int add_targets(struct build *b, const char *role, const char *kind, const struct schema_list *list,
                       struct config_recipient *out, size_t *count)
{
    const char *const *texts = list->items;
    for (size_t i = 0; i < list->count; i++) {
        check_target(b, kind, texts[i], &list->places[i]);
        const char *target = arena_printf(b->arena, "%s:%s", kind, texts[i]);
        if (target == NULL)
            return ERR_NOMEM;
        out[(*count)++] = (struct config_recipient){.role = role, .target = target};
    }
    return 0;
}

static int build_recipients(struct build *b)
{
    const struct schema_list *list = &b->options->recipients;
    const struct options_recipient *o = list->items;
    size_t max = 1, count = 0;
    for (size_t i = 0; i < list->count; i++)
        max += o[i].mail.count + o[i].webhook.count + o[i].syslog.count + o[i].folder.count;
    struct config_recipient *out = arena_alloc(b->arena, max * sizeof *out);
    if (out == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < list->count; i++) {
        size_t before = count;
        if (add_targets(b, o[i].role, "mail", &o[i].mail, out, &count) < 0 ||
            add_targets(b, o[i].role, "webhook", &o[i].webhook, out, &count) < 0 ||
            add_targets(b, o[i].role, "syslog", &o[i].syslog, out, &count) < 0 ||
            add_targets(b, o[i].role, "folder", &o[i].folder, out, &count) < 0)
            return ERR_NOMEM;
        if (count == before)
            config_errors_add(b->errors, &o[i].at, "a recipient needs mail, webhook, syslog or folder");
    }
    b->config->delivery.recipients = out;
    b->config->delivery.recipient_count = count;
    return 0;
}

/* ---- alerts ---- */

static void build_rule(struct build *b, const struct options_alert_rule *o, struct config_alert_rule *out)
{
    const int *categories = o->categories.items;
    check_name(b, "rule", o->name, &o->at);
    *out = (struct config_alert_rule){.name = o->name,
                                      .roles = o->to.items,
                                      .role_count = o->to.count,
                                      .urgent = o->urgent,
                                      .allowed = o->allowed,
                                      .questions = (unsigned)o->questions,
                                      .names = (unsigned)o->names,
                                      .within_s = o->within_ms / 1000,
                                      .again_s = o->again_ms / 1000};
    if (o->categories.count == 0)
        config_errors_add(b->errors, &o->at, "rule '%s' has no categories, and would tell of nothing", o->name);
    for (size_t i = 0; i < o->categories.count; i++)
        out->categories |= CATEGORY_BIT(categories[i]);
    if (o->names > o->questions)
        out->questions = (unsigned)o->names;
}

static int build_rules(struct build *b)
{
    const struct schema_list *list = &b->options->alerts.rules;
    const struct options_alert_rule *o = list->items;
    struct config_alert_rule *out = arena_alloc(b->arena, (list->count + 1) * sizeof *out);
    if (out == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < list->count; i++) {
        build_rule(b, &o[i], &out[i]);
        for (size_t k = 0; k < i; k++)
            if (strcmp(o[k].name, o[i].name) == 0)
                config_errors_add(b->errors, &o[i].at, "rule '%s' is given twice", o[i].name);
    }
    b->config->alerts.rules = out;
    b->config->alerts.rule_count = list->count;
    return 0;
}

int build_alerts(struct build *b)
{
    const struct options_alerts *o = &b->options->alerts;
    struct config_alerts *out = &b->config->alerts;
    if (build_mail(b) < 0 || build_webhooks(b) < 0 || build_syslogs(b) < 0 || build_recipients(b) < 0 ||
        build_rules(b) < 0)
        return ERR_NOMEM;
    out->max_per_hour = (unsigned)o->max_per_hour;
    out->gather_s = o->gather_ms / 1000;
    out->identities = (enum config_identities)o->identities;
    out->service_roles = o->service_to.items;
    out->service_role_count = o->service_to.count;
    out->service_after_s = o->service_after_ms / 1000;
    out->dir = build_path(b, "alerts");
    return out->dir == NULL ? ERR_NOMEM
                            : times_build(b, &o->quiet, &b->config->calendar, &out->quiet, &out->quiet_count);
}
