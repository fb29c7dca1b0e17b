#include "operator/log_verify.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "base/err.h"
#include "base/text.h"
#include "operator/log_fields.h"
#include "qlog/verify.h"

struct report {
    const struct operator_env *env;
    bool json;
    struct text faults; /* JSON objects */
};

static void note_fault(void *ctx, const char *file, const char *what)
{
    struct report *report = ctx;
    if (!report->json) {
        fprintf(report->env->err, "belisha log: %s: %s\n", file, what);
        return;
    }
    text_printf(&report->faults, "%s{\"file\": ", report->faults.len == 0 ? "" : ", ");
    text_add_json(&report->faults, file);
    text_printf(&report->faults, ", \"what\": ");
    text_add_json(&report->faults, what);
    text_add(&report->faults, "}", 1);
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

/* In turn, as far as they were kept. */
static void print_signers(FILE *out, const struct verify_result *result)
{
    char id[SIGNING_ID_TEXT_MAX];
    fprintf(out, "the key changed %" PRIu64 " times; whoever did that should be able to say why:\n",
            result->key_changes);
    for (uint64_t i = 0; i <= result->key_changes && i < VERIFY_SIGNERS_MAX; i++)
        fprintf(out, "  %s from segment %" PRIu64 " on\n", signing_id_to_text(result->signers[i].id, id),
                result->signers[i].from);
}

/* Who cuts segments off at the end, and sets chain.txt back, leaves nothing that could be found here. */
static void print_end(FILE *out, const struct verify_result *r)
{
    static const uint8_t unknown[QLOG_HASH_LEN];
    char hex[2 * QLOG_HASH_LEN + 1];
    if (r->segments == 0 && r->noted_sequence > 0)
        fprintf(out, "there were segments, up to number %" PRIu64 ": retention removed them, or somebody did\n",
                r->noted_sequence);
    if (memcmp(r->chain, unknown, sizeof unknown) == 0)
        return;
    sodium_bin2hex(hex, sizeof hex, r->chain, sizeof r->chain);
    fprintf(out,
            "the chain's value behind number %" PRIu64 " is %s: noted elsewhere, it shows later that nothing "
            "was cut off\n",
            r->last_sequence, hex);
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
    if (result->key_changes > 0)
        print_signers(env->out, result);
}

/* Who can write the folder can also write that retention was there. */
static void print_removed(FILE *out, const struct verify_result *r)
{
    char from[LOG_TIME_MAX], to[LOG_TIME_MAX];
    fprintf(
        out,
        "%" PRIu64 " between them are not there, with %" PRIu64 " rows from %s to %s; the chain goes on over them. "
        "Retention takes\nthem while older ones are held, or wait to be sent: `belisha ledger show --kind log.hold` "
        "has the holds. Otherwise it was somebody\n",
        r->removed, r->removed_rows, log_time_to_text(r->removed_from_ns, from),
        log_time_to_text(r->removed_to_ns, to));
}

static void print_merged(const struct operator_env *env, const struct verify_result *r)
{
    if (r->removed > 0)
        print_removed(env->out, r);
    if (r->merged == 0)
        return;
    fprintf(env->out, "%" PRIu64 " of these numbers were merged; their rows were compared with what was signed then\n",
            r->merged);
    if (r->who_unknown > 0)
        fprintf(env->out,
                "... who asked could not be compared in %" PRIu64
                " of them: keys are gone, or somebody was forgotten\n",
                r->who_unknown);
}

static void print_words(const struct operator_env *env, const struct log_options *options,
                        const struct verify_result *r)
{
    fprintf(env->out,
            "%" PRIu64 " segments (%" PRIu64 " to %" PRIu64 "), %" PRIu64 " blocks, %" PRIu64 " rows, %" PRIu64
            " lost in gaps, %" PRIu64 " faults\n",
            r->segments, r->first_sequence, r->last_sequence, r->blocks, r->rows, r->lost, r->faults);
    print_merged(env, r);
    if (r->journal_rows > 0)
        fprintf(env->out, "%" PRIu64 " rows are in journals, which no segment holds yet: they are not signed so far\n",
                r->journal_rows);
    print_signer(env, options, r);
    print_end(env->out, r);
    if (r->segments == 0)
        fprintf(env->out, "there is no segment that could be checked\n");
    else if (r->faults == 0)
        fprintf(env->out, "the log is as it was written: nothing is missing, changed or out of its order\n");
    else
        fprintf(env->out, "the log is NOT as it was written: see above which files, and keep a copy before anything "
                          "else is done\n");
}

static void print_json(const struct report *report, const struct verify_result *r)
{
    char id[SIGNING_ID_TEXT_MAX];
    char hex[2 * QLOG_HASH_LEN + 1];
    FILE *out = report->env->out;
    fprintf(out,
            "{\"segments\": %" PRIu64 ", \"first_sequence\": %" PRIu64 ", \"last_sequence\": %" PRIu64
            ", \"merged\": %" PRIu64 ", \"removed\": %" PRIu64 ", \"removed_rows\": %" PRIu64 ", \"blocks\": %" PRIu64
            ", \"rows\": %" PRIu64 ", \"lost\": %" PRIu64 ", \"journal_rows\": %" PRIu64 ", \"who_unknown\": %" PRIu64
            ", \"signed\": %" PRIu64 ", \"key\": ",
            r->segments, r->first_sequence, r->last_sequence, r->merged, r->removed, r->removed_rows, r->blocks,
            r->rows, r->lost, r->journal_rows, r->who_unknown, r->signed_segments);
    if (r->signed_segments == 0)
        fprintf(out, "null");
    else
        fprintf(out, "\"%s\"", signing_id_to_text(r->last_key, id));
    sodium_bin2hex(hex, sizeof hex, r->chain, sizeof r->chain);
    fprintf(out, ", \"key_changes\": %" PRIu64 ", \"noted_sequence\": %" PRIu64 ", \"chain\": \"%s\"", r->key_changes,
            r->noted_sequence, hex);
    fprintf(out, ", \"faults\": [%s]}\n", report->faults.bytes == NULL ? "" : report->faults.bytes);
}

int log_verify_run(const struct operator_env *env, const char *dir, const struct log_options *options)
{
    struct signing_public keys[LOG_KEYS_MAX];
    struct verify_result result = {0};
    struct report report = {.env = env, .json = options->json};
    if (log_verify_keys(env, options, keys) < 0)
        return OPERATOR_FAILED;
    const struct verify_opts opts = {
        .keys = keys, .key_count = options->key_count, .fault = note_fault, .ctx = &report};
    int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int code = dir_fd < 0 ? -errno : verify_log(dir_fd, &opts, &result);
    if (dir_fd >= 0)
        close(dir_fd);
    if (code < 0)
        fprintf(env->err, "belisha log: %s: %s\n", dir, err_str(code));
    else if (options->json)
        print_json(&report, &result);
    else
        print_words(env, options, &result);
    text_done(&report.faults);
    return code == 0 && result.faults == 0 ? OPERATOR_OK : OPERATOR_FAILED;
}
