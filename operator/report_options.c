#include "operator/report_options.h"

#include <getopt.h>
#include <string.h>

static const char *const kinds[CONFIG_REPORT_KINDS] = {"weekly", "daily", "governors"};

const char *report_kind_word(enum config_report_kind kind)
{
    return kinds[kind];
}

static const char *kind_from_text(const char *text, enum config_report_kind *out)
{
    for (unsigned i = 0; i < CONFIG_REPORT_KINDS; i++)
        if (strcmp(text, kinds[i]) == 0) {
            *out = (enum config_report_kind)i;
            return NULL;
        }
    return "weekly, daily or governors is expected";
}

/* ---- which days ---- */

struct days {
    const char *week;
    int32_t from, to;
    bool has_from, has_to, has_day;
};

static const char *take_day(const char *text, int32_t *out, bool *out_given)
{
    *out_given = true;
    return calendar_day_from_text(text, out) < 0 ? "a day is written 2026-11-17" : NULL;
}

static const char *period_usual(enum config_report_kind kind, const struct calendar *calendar, int64_t now_s,
                                struct period *out)
{
    *out = kind == CONFIG_REPORT_WEEKLY  ? period_last_week(calendar, now_s)
           : kind == CONFIG_REPORT_DAILY ? period_last_day(calendar, now_s)
                                         : period_last_term(calendar, now_s);
    return NULL;
}

static const char *period_read(const struct days *days, enum config_report_kind kind, const struct calendar *calendar,
                               int64_t now_s, struct period *out)
{
    if (days->week != NULL && (days->has_from || days->has_to || days->has_day))
        return "--week, --day, and --from with --to, are three ways to say it: one is enough";
    if (days->week != NULL)
        return period_of_week(calendar, days->week, now_s, out) < 0 ? "--week must be a week such as 2026-W47" : NULL;
    if (!days->has_from && !days->has_to)
        return period_usual(kind, calendar, now_s, out);
    if (!days->has_from || !days->has_to)
        return "--from and --to go together; both days belong to it";
    return period_of_days(calendar, days->from, days->to, now_s, out) < 0
               ? "--to must not be before --from, nor 400 days or more after it"
               : NULL;
}

/* ---- the words ---- */

static const char *take_option(struct report_options *o, struct days *days, int option)
{
    switch (option) {
    case 'w':
        days->week = optarg;
        return NULL;
    case 'F':
        return take_day(optarg, &days->from, &days->has_from);
    case 'T':
        return take_day(optarg, &days->to, &days->has_to);
    case 'd':
        days->has_from = days->has_to = true;
        return calendar_day_from_text(optarg, &days->from) < 0 ? "--day must be a day such as 2026-11-17"
                                                               : take_day(optarg, &days->to, &days->has_day);
    case 'o':
        o->output = optarg;
        return NULL;
    case 'f':
        o->folder = optarg;
        return NULL;
    case 'D':
        o->dir = optarg;
        return NULL;
    case 'Y':
        o->roster = optarg;
        return NULL;
    case 'p':
        return o->pdf = true, NULL;
    case 's':
        return o->send = true, NULL;
    case 'i':
        return o->if_due = true, NULL;
    case 'n':
        return o->no_verify = true, NULL;
    default:
        return "this option is unknown, or lacks its value";
    }
}

static const char *check(const struct report_options *o, const struct days *days)
{
    const bool elsewhere = o->output != NULL || o->dir != NULL || o->folder != NULL;
    if (o->output != NULL && (o->folder != NULL || o->pdf))
        return "-o is for the page alone; --folder takes all files";
    if ((o->send || o->if_due) && elsewhere)
        return "--send and --if-due are for the sheets in the configured folder";
    if (o->if_due && (days->week != NULL || days->has_from || days->has_to))
        return "--if-due takes the days by itself";
    return NULL;
}

const char *report_options_read(int argc, char *argv[], const struct config *config, int64_t now_s,
                                struct report_options *out)
{
    static const struct option options[] = {{"week", required_argument, NULL, 'w'},
                                            {"from", required_argument, NULL, 'F'},
                                            {"to", required_argument, NULL, 'T'},
                                            {"day", required_argument, NULL, 'd'},
                                            {"output", required_argument, NULL, 'o'},
                                            {"folder", required_argument, NULL, 'f'},
                                            {"dir", required_argument, NULL, 'D'},
                                            {"roster", required_argument, NULL, 'Y'},
                                            {"pdf", no_argument, NULL, 'p'},
                                            {"send", no_argument, NULL, 's'},
                                            {"if-due", no_argument, NULL, 'i'},
                                            {"no-verify", no_argument, NULL, 'n'},
                                            {0}};
    struct days days = {.week = NULL};
    int option;
    *out = (struct report_options){.pdf = false};
    const char *wrong = kind_from_text(argv[0], &out->kind);
    optind = 0;
    opterr = 0;
    while (wrong == NULL && (option = getopt_long(argc, argv, "o:", options, NULL)) != -1)
        wrong = take_option(out, &days, option);
    if (wrong == NULL && optind != argc)
        wrong = "only options are expected here";
    if (wrong == NULL)
        wrong = check(out, &days);
    return wrong != NULL ? wrong : period_read(&days, out->kind, &config->calendar, now_s, &out->period);
}
