/* belisha report: the sheets for the safeguarding lead, for the morning's look, for governors. */
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "operator/command.h"
#include "operator/reading.h"
#include "operator/report_files.h"
#include "operator/report_send.h"

/* What is made once is not made again: the next look of the timer finds it. */
static bool is_due(const struct operator_env *env, const struct report_options *options,
                   const struct report_files *files, int64_t now_s)
{
    const struct calendar *calendar = &env->config->calendar;
    const struct config_report *kind = &env->config->reports.kinds[options->kind];
    const int32_t day = options->period.last + 1 + (options->kind == CONFIG_REPORT_WEEKLY ? (int32_t)kind->weekday : 0);
    if (options->kind == CONFIG_REPORT_GOVERNORS && !report_term_is_over(calendar, &options->period, now_s))
        return false;
    if (calendar_instant_after(calendar, day, kind->second, ((int64_t)day - 2) * 86400) > now_s)
        return false;
    return access(files->page, F_OK) < 0 || !report_is_sent(env, options, files);
}

static bool make(const struct operator_env *env, const struct report_options *options, struct report_files *files,
                 int64_t now_s)
{
    struct report_data data;
    bool made = report_gather(env, options, now_s, &data);
    if (made && options->output != NULL)
        made = report_page_write(&data, options, env->out);
    else if (made)
        made = report_files_write(&data, options, files);
    report_data_done(&data);
    return made;
}

static void tell_files(const struct operator_env *env, const struct report_files *files)
{
    const char *const paths[] = {files->page, files->visits, files->pdf};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        if (paths[i][0] != '\0')
            fprintf(env->out, "%s\n", paths[i]);
}

/* The page is there already when only the sending of it has to be tried again. */
static int make_and_send(const struct operator_env *env, const struct report_options *options, int argc, char *argv[],
                         int64_t now_s)
{
    struct report_files files;
    report_files_name(options, env->config, &files);
    if (options->if_due && !is_due(env, options, &files, now_s))
        return OPERATOR_OK;
    const bool is_there = options->if_due && access(files.page, F_OK) == 0;
    const char *log = options->dir != NULL ? options->dir : env->config->log.dir;
    if (!is_there) {
        if (!reading_record(env, "log.report", log, argc, argv) || !make(env, options, &files, now_s))
            return OPERATOR_FAILED;
        if (options->output == NULL)
            tell_files(env, &files);
    }
    if (!options->send && !options->if_due)
        return OPERATOR_OK;
    return report_send(env, options, &files, now_s) ? OPERATOR_OK : OPERATOR_FAILED;
}

static int report_run(const struct operator_env *env, int argc, char *argv[])
{
    struct report_options options;
    const int64_t now_s = time(NULL);
    if (argc < 2)
        return operator_usage(env, &command_report, "weekly, daily or governors is expected");
    const char *wrong = report_options_read(argc - 1, argv + 1, env->config, now_s, &options);
    if (wrong != NULL)
        return operator_usage(env, &command_report, "%s", wrong);
    options.pdf |= options.output == NULL && env->config->reports.pdf;
    if (options.period.from_s > now_s)
        return operator_usage(env, &command_report, "these days are yet to come");
    return make_and_send(env, &options, argc - 1, argv + 1, now_s);
}

static const char details[] =
    "  weekly       for the safeguarding lead: what wants a look, messages, numbers, what can't be seen\n"
    "  daily        for whoever looks in each morning: the same of one day, in short\n"
    "  governors    a term without names: was the filter at work, what did it block, who agreed to changes\n"
    "\nOf which days (usually the last week, day or term that is over):\n"
    "  --week WEEK               from Monday to Sunday, such as 2026-W47\n"
    "  --day DAY                 one day, such as 2026-11-17\n"
    "  --from DAY --to DAY       both days belong to it\n"
    "\nWhere it goes:\n"
    "  (nothing)                 to the folder of the configuration (reports.folder); its files are named\n"
    "  --folder DIR              to another folder\n"
    "  -o, --output FILE         the page alone, to this file; - is standard output\n"
    "  --pdf                     a PDF file as well, by chromium\n"
    "  --send                    and to the people of the configuration (reports)\n"
    "  --if-due                  only if its time has come and it was not made yet, and sends it: for the timer\n"
    "\nOf which log:\n"
    "  --dir DIR                 another log, such as a copy\n"
    "  --roster FILE             ... and the names of its users and devices\n"
    "  --no-verify               without checking that nobody has changed the log\n"
    "\nIt reads what people asked for, so the ledger says who made it.\n";

const struct operator_command command_report = {
    .name = "report",
    .synopsis =
        "report weekly|daily|governors [--week WEEK | --day DAY | --from DAY --to DAY] [--folder DIR | -o FILE] "
        "[--pdf]\n"
        "report weekly|daily|governors --send|--if-due",
    .help = "sheets for the safeguarding lead, for the morning and for governors",
    .details = details,
    .needs_config = true,
    .run = report_run};
