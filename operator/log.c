/* belisha log: looks into the query log, exports it, removes what is too old. */
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "operator/command.h"
#include "operator/log_check.h"
#include "operator/log_compact.h"
#include "operator/log_hold.h"
#include "operator/log_line.h"
#include "operator/log_options.h"
#include "operator/log_pack.h"
#include "operator/log_search.h"
#include "operator/log_send.h"
#include "operator/log_ship.h"
#include "operator/log_subject.h"
#include "operator/log_verify.h"
#include "operator/reading.h"
#include "qlog/retention.h"

#define FOLLOW_NS 200000000 /* between two looks at a living log */

struct log_task {
    const struct operator_env *env;
    const char *dir;
    struct log_options options;
    struct log_names names;
    int64_t now_ns;
};

static int64_t wall_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int fail(const struct log_task *task, const char *what, int code)
{
    fprintf(task->env->err, "belisha log: %s: %s\n", what, err_str(code));
    return OPERATOR_FAILED;
}

/* ---- the subcommands ---- */

static int search_run(struct log_task *task)
{
    struct qlog_scan_stats stats;
    int code = log_search(task->dir, &task->options, &task->names, task->env->out, &stats);
    if (code == ERR_IO && ferror(task->env->out)) /* whoever read has seen enough */
        return OPERATOR_FAILED;
    if (code < 0)
        return fail(task, task->dir, code);
    if (stats.damaged_blocks > 0)
        fprintf(task->env->err, "belisha log: %" PRIu64 " damaged blocks were left out\n", stats.damaged_blocks);
    log_send_closed(task->env, &stats);
    return OPERATOR_OK;
}

/* Prints what there is, up to the limit. 0, 1: the limit was reached, or negative enum err. */
static int rows_print(struct log_task *task, struct qlog_scan *scan, struct text *line, uint64_t *printed)
{
    struct qlog_row row;
    int code;
    while ((code = qlog_scan_next(scan, &row)) == 1) {
        line->len = 0;
        log_names_put(&task->names, &row);
        log_line_add(&row, line);
        if (!text_ok(line))
            return ERR_NOMEM;
        fwrite(line->bytes, 1, line->len, task->env->out);
        if (row.lost == 0 && ++*printed == task->options.limit)
            return 1;
    }
    return code;
}

static int tail_run(struct log_task *task)
{
    const struct timespec pause = {.tv_nsec = FOLLOW_NS};
    struct qlog_scan *scan;
    struct text line = {0};
    uint64_t printed = 0;
    if (task->options.filter.from_ns == 0)
        task->options.filter.from_ns = task->now_ns;
    int code = qlog_scan_open(task->dir, &task->options.filter, &scan);
    if (code < 0)
        return fail(task, task->dir, code);
    while ((code = rows_print(task, scan, &line, &printed)) == 0 && fflush(task->env->out) == 0)
        nanosleep(&pause, NULL);
    text_done(&line);
    qlog_scan_close(scan);
    return code < 0 ? fail(task, task->dir, code) : OPERATOR_OK;
}

static int export_run(struct log_task *task)
{
    return log_send_run(task->env, task->dir, &task->options, &task->names, task->now_ns);
}

static int check_run(struct log_task *task)
{
    return log_check_run(task->env, &task->options);
}

static int pack_run(struct log_task *task)
{
    return log_pack_run(&(struct log_pack){
        .env = task->env, .dir = task->dir, .options = &task->options, .names = &task->names, .now_ns = task->now_ns});
}

static int prune_run(struct log_task *task)
{
    const struct log_options *o = &task->options;
    const struct qlog_opts *configured = &task->env->config->log;
    bool given = o->days >= 0 || o->bytes >= 0;
    struct retention_opts opts = {.keep_s = configured->retention_s,
                                  .keep_bytes = configured->retention_bytes,
                                  .keep_free = configured->retention_free,
                                  .keys_s = configured->identity_s};
    struct retention_result result = {0};
    if (given)
        opts = (struct retention_opts){.keep_s = o->days < 0    ? 0
                                                 : o->days == 0 ? 1
                                                                : o->days * 86400,
                                       .keep_bytes = o->bytes < 0 ? 0 : (uint64_t)o->bytes};
    int dir_fd = open(task->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    opts.free_now = dir_fd < 0 ? 0 : retention_free_now(dir_fd);
    int code = dir_fd < 0 ? -errno : retention_apply(dir_fd, &opts, task->now_ns / 1000000000, &result);
    if (dir_fd >= 0)
        close(dir_fd);
    if (code < 0)
        return fail(task, task->dir, code);
    fprintf(task->env->out, "%" PRIu64 " segments removed, %" PRIu64 " kept (%" PRIu64 " bytes)\n", result.removed,
            result.kept, result.kept_bytes);
    if (result.keys_destroyed > 0)
        fprintf(task->env->out, "keys of %" PRIu64 " days destroyed: who asked on them is gone for good\n",
                result.keys_destroyed);
    if (result.awaited > 0)
        fprintf(task->env->out, "%" PRIu64 " segments wait to be sent (belisha log ship --status)\n", result.awaited);
    if (result.held > 0)
        fprintf(task->env->out, "%" PRIu64 " segments are held (belisha log hold)\n", result.held);
    if (result.missing_bytes > 0)
        fprintf(task->env->out,
                "the file system has %" PRIu64 " bytes too little (log.retention_free), and nothing more may go\n",
                result.missing_bytes);
    return OPERATOR_OK;
}

static int hold_run(struct log_task *task)
{
    return log_hold_run(task->env, task->dir, &task->options);
}

static int compact_run(struct log_task *task)
{
    return log_compact_run(task->env, task->dir, &task->options, task->now_ns / 1000000000);
}

static int subject_run(struct log_task *task)
{
    return log_subject_run(task->env, task->dir, &task->options, &task->names, task->now_ns);
}

static int verify_run(struct log_task *task)
{
    return log_verify_run(task->env, task->dir, &task->options);
}

static int may_leave(struct log_task *task, bool subject)
{
    const char *wrong =
        subject ? log_subject_wrong(task->env, &task->options) : log_send_wrong(task->env, &task->options);
    if (wrong != NULL)
        fprintf(task->env->err, "belisha log: %s\n", wrong);
    return wrong == NULL ? OPERATOR_OK : OPERATOR_USAGE;
}

/* kind NULL: there is nothing to write down. */
static bool write_down(const struct log_task *task, const char *kind, int word_count, char *const words[])
{
    return kind == NULL || reading_record_for(task->env, kind, task->dir, task->options.reason, word_count, words);
}

static int log_run(const struct operator_env *env, int argc, char *argv[])
{
    static const struct {
        const char *name;
        const char *kind; /* of its entry in the ledger; NULL: it shows nothing of what was asked */
        int (*run)(struct log_task *task);
    } subcommands[] = {{"tail", "log.tail", tail_run},
                       {"search", "log.search", search_run},
                       {"export", "log.export", export_run},
                       {"prune", "log.prune", prune_run},
                       {"hold", "log.hold", hold_run},
                       {"verify", NULL, verify_run},
                       {"pack", NULL, pack_run} /* it writes down more than that */,
                       {"check-export", NULL, check_run},
                       {"compact", NULL, compact_run},
                       {"subject-access", NULL, subject_run} /* the same */};
    struct log_task task = {.env = env, .now_ns = wall_ns()};
    if (argc > 1 && strcmp(argv[1], "ship") == 0)
        return log_ship_run(env, argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "forget") == 0)
        return command_forget.run(env, argc - 1, argv + 1);
    for (size_t i = 0; argc > 1 && i < sizeof subcommands / sizeof subcommands[0]; i++) {
        if (strcmp(argv[1], subcommands[i].name) != 0)
            continue;
        const char *wrong = log_options_read(argc - 1, argv + 1, task.now_ns, &task.options);
        if (wrong != NULL)
            return operator_usage(env, &command_log, "%s", wrong);
        task.dir = task.options.dir != NULL ? task.options.dir : env->config->log.dir;
        wrong = log_names_open(&task.names, env->config, &task.options);
        if (wrong != NULL) {
            fprintf(env->err, "belisha log: %s\n", wrong);
            return OPERATOR_FAILED;
        }
        bool subject = subcommands[i].run == subject_run;
        bool leaves = subject || subcommands[i].run == export_run;
        int code = leaves ? may_leave(&task, subject) : OPERATOR_OK;
        if (code == OPERATOR_OK && !write_down(&task, subcommands[i].kind, argc - 1, argv + 1))
            code = OPERATOR_FAILED;
        if (code == OPERATOR_OK)
            code = subcommands[i].run(&task);
        log_names_close(&task.names);
        return code;
    }
    return operator_usage(
        env, &command_log,
        "tail, search, export, subject-access, forget, pack, check-export, prune, compact, hold, ship "
        "or verify is expected");
}

static const char details[] =
    "  tail          records as they come in, until interrupted\n"
    "  search        records that are there, oldest first\n"
    "  export        the same with all columns, for other programs\n"
    "  pack          rows for the police or the safeguarding lead, with names of the statutory list in full\n"
    "  subject-access\n"
    "                all rows of one user, for that person, with a cover sheet in plain words; nobody else is in it\n"
    "  forget        a user or device is forgotten for good (belisha forget --help)\n"
    "  check-export  is an export as it left? A zip, or a file with its manifest beside it\n"
    "  prune         removes the oldest segments\n"
    "  compact       merges the small segments of days that are over, as belishad does by itself (log.compact)\n"
    "  hold          keeps days from retention, with the keys that tell who asked; without options, lists what is "
    "held\n"
    "  verify        has no segment been changed, damaged, taken from the middle or put in its place?\n"
    "\nWhich records (CHOICE):\n"
    "  --from TIME, --to TIME    2026-11-21, 2026-11-21T10:30 (UTC), -2h, -30m, -7d, now\n"
    "  --client ADDRESS|NETWORK  asked by this client, or from this network\n"
    "  --name NAME [--below]     for this name; with --below, for those below it too\n"
    "  --group GROUP             asked by a client of this group\n"
    "  --user NAME|#NUMBER       asked by this user, as far as is known\n"
    "  --device NAME|#NUMBER     asked by this device\n"
    "  --category CATEGORY       decided by this category; may be given several times\n"
    "  --verdict VERDICT         allowed, blocked, nxdomain, rewritten, local, refused,\n"
    "                            not-ready, dropped or error\n"
    "  --blocked                 blocked, in whatever way\n"
    "  --code XXXX-XXXX          of the question that the notice page's code stands for\n"
    "\nWhat to do with them, and HOW they may leave this machine:\n"
    "  --limit NUMBER            end after so many\n"
    "  --format csv|ndjson|sqlite|parquet\n"
    "                            csv is the default\n"
    "  --bom                     CSV: begin with a byte-order mark, by which Excel knows UTF-8\n"
    "  -o, --output FILE         instead of standard output; must not be there yet\n"
    "  --zip                     export: a zip with a password (AES-256), which is made and shown once, or:\n"
    "  --password-file FILE      ... is in this file, or: --ask-password, is typed twice\n"
    "  --without-identities      export: a word that stays the same within the export stands for who asked\n"
    "  --plain --reason TEXT     export: who asked leaves unencrypted, and why; the ledger keeps it\n"
    "  --for police|dsl          pack: for whom\n"
    "  --reference TEXT          pack: a crime or case number\n"
    "  --segments                pack: with the log's own signed files of that time\n"
    "  --approve NUMBER          pack: another person approves of this request\n"
    "  --request NUMBER          pack: the request that was approved\n"
    "  --also NAME|#NUMBER       subject-access: another name that the person had; may be given several times\n"
    "  --days NUMBER             prune: what is older\n"
    "  --bytes SIZE              prune: the oldest, until so much is left (20G)\n"
    "  --key FILE                verify: every segment must be signed with this key (PEM)\n"
    "  --json                    verify: one object, for programs\n"
    "  --days-from DAY, --days-to DAY, --reason TEXT\n"
    "                            hold: both days and those between (2026-11-02, UTC), and why\n"
    "  --release NUMBER          hold: ends one\n"
    "  --dir DIR                 another log, such as a copy\n"
    "  --roster FILE             ... and the names of its users and devices\n" LOG_SHIP_DETAILS;

const struct operator_command command_log = {
    .name = "log",
    .synopsis = "log tail|search [CHOICE]... [--limit NUMBER] [--dir DIR]\n"
                "log export [CHOICE]... [--limit NUMBER] [--format FORMAT] [--bom] [-o FILE] [HOW] [--dir DIR]\n"
                "log pack --for police|dsl --from TIME --to TIME CHOICE... --reason TEXT [--reference TEXT]\n"
                "    [--segments] [--request NUMBER] [--password-file FILE | --ask-password] -o FILE\n"
                "log pack --approve NUMBER [--reason TEXT]\n"
                "log subject-access USER [--also NAME]... [--from TIME] [--to TIME] -o FILE [HOW] [--dir DIR]\n"
                "log forget NAME [--device] --reason TEXT\n"
                "log check-export [--password-file FILE] [--key FILE]... FILE\n"
                "log prune [--days NUMBER] [--bytes SIZE] [--dir DIR]\n"
                "log hold [--days-from DAY --days-to DAY --reason TEXT | --release NUMBER] [--dir DIR]\n"
                "log compact [--dir DIR]\n"
                "log verify [--key FILE]... [--json] [--dir DIR]\n" LOG_SHIP_SYNOPSIS,
    .help = "look into the query log, export it, remove what is too old, check its chain",
    .details = details,
    .needs_config = true,
    .run = log_run};
