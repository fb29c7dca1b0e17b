/* Which sheets are made when, and for whom. */
#include <string.h>

#include "config/build.h"

#define DAY_S 86400u

static void build_time(struct build *b, const struct options_report *o, struct config_report *out)
{
    const char *t = o->time;
    bool good = strlen(t) == 5 && t[2] == ':' && strspn(t, "0123456789") == 2 && strspn(t + 3, "0123456789") == 2;
    const unsigned hour = good ? (unsigned)((t[0] - '0') * 10 + t[1] - '0') : 0;
    const unsigned minute = good ? (unsigned)((t[3] - '0') * 10 + t[4] - '0') : 0;
    out->second = hour * 3600 + minute * 60;
    if (!good || minute > 59 || out->second >= DAY_S)
        config_errors_add(b->errors, &o->time_at, "time must be a time of day such as 06:30, not '%s'", t);
}

static bool is_role(const struct build *b, const char *role)
{
    const struct config_delivery *d = &b->config->delivery;
    for (size_t i = 0; i < d->recipient_count; i++)
        if (strcmp(d->recipients[i].role, role) == 0)
            return true;
    return false;
}

static int build_report(struct build *b, const char *name, const struct options_report *o, struct config_report *out)
{
    const char *const *roles = o->to.items;
    *out = (struct config_report){
        .to = roles, .to_count = o->to.count, .weekday = (unsigned)o->day, .attached = o->mail == 1};
    build_time(b, o, out);
    for (size_t i = 0; i < o->to.count; i++)
        if (!is_role(b, roles[i]))
            config_errors_add(b->errors, &o->at, "reports.%s: no recipient has the role '%s'", name, roles[i]);
    if (out->attached && b->options->reports.passphrase_file == NULL)
        config_errors_add(b->errors, &o->at,
                          "reports.%s.mail: attached needs reports.passphrase_file, since names never leave in clear",
                          name);
    return 0;
}

int build_reports(struct build *b)
{
    const struct options_reports *o = &b->options->reports;
    struct config_reports *out = &b->config->reports;
    *out = (struct config_reports){.dir = build_path(b, o->dir),
                                   .pdf = o->pdf,
                                   .browser = o->browser,
                                   .passphrase_file = build_path(b, o->passphrase_file),
                                   .link = o->link};
    if (out->dir == NULL || (o->passphrase_file != NULL && out->passphrase_file == NULL))
        return ERR_NOMEM;
    if (build_report(b, "weekly", &o->weekly, &out->kinds[CONFIG_REPORT_WEEKLY]) < 0 ||
        build_report(b, "daily", &o->daily, &out->kinds[CONFIG_REPORT_DAILY]) < 0)
        return ERR_NOMEM;
    return build_report(b, "governors", &o->governors, &out->kinds[CONFIG_REPORT_GOVERNORS]);
}
