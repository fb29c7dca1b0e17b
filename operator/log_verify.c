#include "operator/log_verify.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#include "base/err.h"
#include "qlog/verify.h"

static void print_fault(void *ctx, const char *file, const char *what)
{
    const struct operator_env *env = ctx;
    fprintf(env->err, "belisha log: %s: %s\n", file, what);
}

int log_verify_keys(const struct operator_env *env, const struct log_options *options,
                    struct signing_public out[LOG_KEYS_MAX])
{
    for (size_t i = 0; i < options->key_count; i++) {
        int err = signing_public_load(AT_FDCWD, options->keys[i], &out[i]);
        if (err < 0) {
            fprintf(env->err, "belisha log: %s: %s\n", options->keys[i],
                    err == ERR_MALFORMED ? "this is no public key of Ed25519 in PEM form" : err_str(err));
            return err;
        }
    }
    return 0;
}

/* Who could write into the folder could have put a key of his own beside the segments. */
static void print_signer(const struct operator_env *env, const struct log_options *options,
                         const struct verify_result *result)
{
    char id[SIGNING_ID_TEXT_MAX];
    if (result->signed_segments == 0)
        fprintf(env->out, "no segment is signed\n");
    else if (options->key_count > 0)
        fprintf(env->out, "%" PRIu64 " signed by a key that was given\n", result->signed_segments);
    else
        fprintf(env->out,
                "%" PRIu64 " signed, the last one by key %s: compare this with what the school keeps elsewhere\n",
                result->signed_segments, signing_id_to_text(result->last_key, id));
}

int log_verify_run(const struct operator_env *env, const char *dir, const struct log_options *options)
{
    struct signing_public keys[LOG_KEYS_MAX];
    struct verify_result result = {0};
    if (log_verify_keys(env, options, keys) < 0)
        return OPERATOR_FAILED;
    const struct verify_opts opts = {
        .keys = keys, .key_count = options->key_count, .fault = print_fault, .ctx = (void *)(uintptr_t)env};
    int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int code = dir_fd < 0 ? -errno : verify_log(dir_fd, &opts, &result);
    if (dir_fd >= 0)
        close(dir_fd);
    if (code < 0) {
        fprintf(env->err, "belisha log: %s: %s\n", dir, err_str(code));
        return OPERATOR_FAILED;
    }
    fprintf(env->out,
            "%" PRIu64 " segments (%" PRIu64 " to %" PRIu64 "), %" PRIu64 " blocks, %" PRIu64 " rows, %" PRIu64
            " lost in gaps, %" PRIu64 " faults\n",
            result.segments, result.first_sequence, result.last_sequence, result.blocks, result.rows, result.lost,
            result.faults);
    print_signer(env, options, &result);
    return result.faults == 0 ? OPERATOR_OK : OPERATOR_FAILED;
}
