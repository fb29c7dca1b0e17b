#include "operator/log_check.h"

#include <fcntl.h>
#include <inttypes.h>

#include "base/err.h"
#include "base/plain.h"
#include "operator/log_verify.h"
#include "parcel/check.h"
#include "parcel/passphrase.h"

static void print_fault(void *ctx, const char *file, const char *what)
{
    const struct operator_env *env = ctx;
    fprintf(env->err, "belisha log: ");
    plain_print(file, env->err); /* whoever made the zip chose it */
    fprintf(env->err, " %s\n", what);
}

static void print_result(const struct operator_env *env, const struct log_options *options,
                         const struct check_result *result)
{
    char id[SIGNING_ID_TEXT_MAX];
    char hex[IMPRINT_TEXT_MAX];
    fprintf(env->out, "%zu %s as the manifest says (%" PRIu64 " bytes), %zu faults\n", result->files,
            result->files == 1 ? "file is" : "files are", result->bytes, result->faults);
    if (result->is_signed && options->key_count > 0)
        fprintf(env->out, "the manifest is signed by a key that was given\n");
    else if (result->is_signed)
        fprintf(env->out, "the manifest is signed by key %s: compare this with what the school keeps elsewhere\n",
                signing_id_to_text(result->key, id));
    fprintf(env->out, "SHA-256 of %s: %s (the ledger has that of what left: log.exported)\n", options->checked,
            imprint_to_text(result->sha256, hex));
}

static const char *password_get(const struct log_options *options, char out[PASSPHRASE_MAX])
{
    return options->password_file != NULL ? passphrase_read(options->password_file, out) : passphrase_ask_once(out);
}

int log_check_run(const struct operator_env *env, const struct log_options *options)
{
    struct signing_public keys[LOG_KEYS_MAX];
    struct check_result result;
    char password[PASSPHRASE_MAX] = "";
    bool zip = check_is_zip(options->checked);
    if (log_verify_keys(env, options, keys) < 0)
        return OPERATOR_FAILED;
    const char *wrong = zip ? password_get(options, password) : NULL;
    if (wrong != NULL) {
        fprintf(env->err, "belisha log: password: %s\n", wrong);
        return OPERATOR_FAILED;
    }
    int code = parcel_check(&(struct check_opts){.path = options->checked,
                                                 .password = zip ? password : NULL,
                                                 .keys = keys,
                                                 .key_count = options->key_count,
                                                 .fault = print_fault,
                                                 .ctx = (void *)(uintptr_t)env},
                            &result);
    passphrase_wipe(password);
    if (code < 0) {
        fprintf(env->err, "belisha log: %s: %s\n", options->checked,
                code == ERR_DAMAGED && zip ? "this is not the password, or the zip was changed" : err_str(code));
        return OPERATOR_FAILED;
    }
    print_result(env, options, &result);
    return result.faults == 0 ? OPERATOR_OK : OPERATOR_FAILED;
}
