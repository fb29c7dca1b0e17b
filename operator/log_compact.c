#include "operator/log_compact.h"

#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#include "base/err.h"
#include "qlog/compact.h"

static int fail(const struct operator_env *env, const char *what, int err)
{
    fprintf(env->err, "belisha log: %s: %s\n", what,
            err == ERR_BUSY ? "belishad, or somebody else, is merging just now" : err_str(err));
    return OPERATOR_FAILED;
}

/* Another log was signed by somebody else's key; and it is not for this command to draw one. 0 without one. */
static int key_open(const struct operator_env *env, const struct log_options *options, struct signing_key *out,
                    bool *out_has)
{
    const char *path = env->config->log.key_path;
    bool made;
    *out_has = false;
    if (options->dir != NULL || path == NULL || access(path, F_OK) < 0)
        return 0;
    int err = signing_key_open(path, out, &made);
    *out_has = err == 0;
    return err < 0 ? fail(env, path, err) : 0;
}

static void print_result(const struct operator_env *env, const struct compact_result *r)
{
    if (r->made == 0)
        fprintf(env->out, "there is nothing to merge\n");
    else
        fprintf(env->out,
                "%" PRIu64 " segments became %" PRIu64 ": %" PRIu64 " rows, %" PRIu64 " bytes before, %" PRIu64
                " after\n",
                r->merged, r->made, r->rows, r->bytes_before, r->bytes_after);
    if (r->held > 0)
        fprintf(env->out, "%" PRIu64 " %s left as they are: held (belisha log hold)\n", r->held,
                r->held == 1 ? "day's segments are" : "days' segments are");
    if (r->closed > 0)
        fprintf(env->out, "%" PRIu64 " %s left as they are: the key that tells who asked is gone, or may not be read\n",
                r->closed, r->closed == 1 ? "run of segments is" : "runs of segments are");
    if (r->damaged > 0)
        fprintf(env->err,
                "belisha log: %" PRIu64 " segments are not as they were written and stay as they are: look with "
                "belisha log verify\n",
                r->damaged);
}

int log_compact_run(const struct operator_env *env, const char *dir, const struct log_options *options, int64_t now_s)
{
    struct signing_key key;
    struct compact_result result;
    bool has_key;
    int err = key_open(env, options, &key, &has_key);
    if (err != 0)
        return err;
    int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const struct compact_opts opts = {.dir_fd = dir_fd, .key = has_key ? &key : NULL, .now_s = now_s};
    err = dir_fd < 0 ? -errno : compact_log(&opts, &result);
    if (dir_fd >= 0)
        close(dir_fd);
    if (has_key)
        signing_key_done(&key);
    if (err < 0)
        return fail(env, dir, err);
    print_result(env, &result);
    return result.damaged > 0 ? OPERATOR_FAILED : OPERATOR_OK;
}
