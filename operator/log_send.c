#include "operator/log_send.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "operator/log_leaving.h"
#include "operator/reading.h"

const char *log_send_wrong(const struct operator_env *env, const struct log_options *options)
{
    return log_leaving_wrong(options, &env->config->roles, env->out);
}

void log_send_closed(const struct operator_env *env, const struct qlog_scan_stats *stats)
{
    if (stats->closed_blocks > 0)
        fprintf(env->err,
                "belisha log: of %" PRIu64
                " blocks nobody can say here who asked: the keys of their days are gone, or may "
                "not be read\n",
                stats->closed_blocks);
}

void log_send_tell(const struct operator_env *env, const struct log_export *export,
                   const struct log_export_result *result)
{
    const struct qlog_scan_stats *s = &result->stats;
    char hex[IMPRINT_TEXT_MAX];
    fprintf(env->err, "belisha log: %" PRIu64 " rows, %" PRIu64 " lost in gaps, %" PRIu64 " damaged blocks\n", s->rows,
            s->lost, s->damaged_blocks);
    log_send_closed(env, s);
    if (export->options->output == NULL)
        return;
    fprintf(env->err, "belisha log: SHA-256 of %s: %s\n", export->options->output,
            imprint_to_text(result->sha256, hex));
    if (!result->is_signed)
        fprintf(env->err, "belisha log: the manifest is not signed: the log's key %s: %s\n",
                export->key_path == NULL ? "" : export->key_path,
                result->sign_err == ERR_ACCESS ? "you may not read it, or others may read it too"
                                               : err_str(result->sign_err));
}

/* The ledger has the hash of what left, so that a copy that turns up later can be told from it. */
static bool left(const struct operator_env *env, const struct log_options *o, const struct log_export_result *result)
{
    char hex[IMPRINT_TEXT_MAX];
    if (o->output == NULL)
        return true;
    json_t *detail = json_pack("{ss sI sb}", "sha256", imprint_to_text(result->sha256, hex), "rows",
                               (json_int_t)result->stats.rows, "encrypted", o->zip);
    bool done = reading_note(env, "log.exported", o->output, o->reason, detail);
    json_decref(detail);
    return done;
}

static int fail(const struct operator_env *env, const char *what, const char *why)
{
    fprintf(env->err, "belisha log: %s: %s\n", what, why);
    return OPERATOR_FAILED;
}

int log_send_run(const struct operator_env *env, const char *dir, const struct log_options *options,
                 struct log_names *names, int64_t now_ns)
{
    return log_send_more(env, dir, options, names, now_ns, &(struct log_send_more){.kind = "export"});
}

int log_send_more(const struct operator_env *env, const char *dir, const struct log_options *options,
                  struct log_names *names, int64_t now_ns, const struct log_send_more *more)
{
    char password[PASSPHRASE_MAX];
    struct log_export export = {.dir = dir,
                                .options = options,
                                .names = names,
                                .kind = more->kind,
                                .more = more->more,
                                .ctx = more->ctx,
                                .now_ns = now_ns,
                                .time_zone = env->config->time_zone,
                                .key_path = env->config->log.key_path,
                                .out = env->out};
    struct log_export_result result;
    const char *to = options->output == NULL ? dir : options->output;
    if (options->output != NULL && access(options->output, F_OK) == 0)
        return fail(env, to, err_str(ERR_EXIST));
    const char *wrong = options->zip ? log_leaving_password(options, password) : NULL;
    if (wrong != NULL)
        return fail(env, "password", wrong);
    export.password = options->zip ? password : NULL;
    reading_caller(&export.asked_by);
    int code = log_export_run(&export, &result);
    passphrase_wipe(password);
    if (code < 0)
        return fail(env, to, err_str(code));
    log_send_tell(env, &export, &result);
    return left(env, options, &result) ? OPERATOR_OK : OPERATOR_FAILED;
}
