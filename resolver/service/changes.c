#include "service/changes.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/log.h"
#include "base/outfile.h"
#include "change/difference.h"
#include "change/versions.h"
#include "control/change.h"
#include "ledger/recent.h"
#include "service/people_record.h"

#define DIR_MODE         0755
#define RIGHTS_SHOWN_MAX 6000 /* bytes of text in a ledger entry */

/* ---- the version in force ---- */

static int record(const struct config *config, const struct caller *by, int64_t now_s, struct entry entry)
{
    uint64_t number;
    entry.time_s = now_s;
    entry.by = by->name;
    entry.uid = by->process_uid;
    return ledger_append(&config->ledger, &entry, &number);
}

static const struct change *find_text(const struct chronicle *chronicle, const uint8_t hash[CHANGE_HASH_LEN])
{
    for (size_t i = chronicle_count(chronicle); i > 0; i--) {
        const struct change *change = chronicle_at(chronicle, i - 1);
        if (change->state == CHANGE_USED && memcmp(change->hash, hash, CHANGE_HASH_LEN) == 0)
            return change;
    }
    return NULL;
}

/* The numbers of a history that is gone are not given again. */
static uint32_t next_number(const struct changes *changes, const struct config *config)
{
    uint32_t current = versions_current(config->policy_dir);
    uint32_t next = chronicle_next(changes->chronicle);
    return current > next ? current + 1 : next;
}

/* The text becomes a version, or the one that it was before, by itself. */
static int adopt(struct changes *changes, const struct config *config, const struct caller *by, int64_t now_s)
{
    char object[32];
    struct change_line *line = calloc(1, sizeof *line);
    if (line == NULL)
        return ERR_NOMEM;
    *line = (struct change_line){.op = CHANGE_ADOPT, .at_s = now_s, .uid = by->uid, .reason = "what the files say"};
    snprintf(line->by, sizeof line->by, "%s", by->name);
    versions_hash(config->policy_text, config->policy_text_len, line->hash);
    const struct change *before = find_text(changes->chronicle, line->hash);
    int err = 0;
    if (before != NULL) {
        line->op = CHANGE_ROLLBACK;
        line->number = before->number;
    } else {
        line->number = next_number(changes, config);
        line->base = chronicle_in_force(changes->chronicle);
        err = versions_put(config->policy_dir, line->number, config->policy_text, config->policy_text_len);
    }
    snprintf(object, sizeof object, "version %" PRIu32, line->number);
    if (err == 0)
        err = record(config, by, now_s,
                     (struct entry){.kind = before == NULL ? "policy.adopt" : "policy.rollback",
                                    .object = object,
                                    .reason = line->reason});
    if (err == 0)
        err = chronicle_add(changes->chronicle, line);
    if (err == 0)
        err = versions_set_current(config->policy_dir, line->number);
    free(line);
    return err;
}

/* The same policy may be written in other words by another release of the program. */
static bool is_in_force(const struct changes *changes, const struct config *config)
{
    const struct change *change = chronicle_find(changes->chronicle, chronicle_in_force(changes->chronicle));
    struct config_errors errors = {0};
    struct config *again = NULL;
    uint8_t hash[CHANGE_HASH_LEN];
    char *text = NULL;
    size_t len = 0;
    if (change == NULL)
        return false;
    versions_hash(config->policy_text, config->policy_text_len, hash);
    if (memcmp(hash, change->hash, sizeof hash) == 0)
        return true;
    bool same = false;
    if (versions_get(config->policy_dir, change->number, change->hash, &text, &len) == 0 &&
        config_load_policy(changes->files, changes->file_count,
                           &(struct config_policy){CONFIG_POLICY_TEXT, "version", text, len}, &again, &errors) == 0)
        same = strcmp(again->policy_text, config->policy_text) == 0;
    config_errors_done(&errors);
    config_free(again);
    free(text);
    return same;
}

/* Without change control. Where it can't be kept, log rows have a fingerprint instead of a number. */
static void follow_files(struct changes *changes, const struct config *config, const struct caller *by, int64_t now_s)
{
    if (changes->chronicle == NULL || is_in_force(changes, config))
        return;
    int err = adopt(changes, config, by, now_s);
    if (err < 0)
        log_error("the policy is in force without being kept as a version: %s", err_str(err));
    else
        log_info("the policy of the files is version %" PRIu32, chronicle_in_force(changes->chronicle));
}

int changes_link(const struct changes *changes, const struct config *config)
{
    uint32_t in_force = chronicle_in_force(changes->chronicle);
    return versions_current(config->policy_dir) == in_force ? 0 : versions_set_current(config->policy_dir, in_force);
}

/* The text of the version in force is whole. */
static int check_text(const struct changes *changes, const struct config *config, struct text *why)
{
    char *text = NULL;
    size_t len = 0;
    const struct change *change = chronicle_find(changes->chronicle, chronicle_in_force(changes->chronicle));
    int err = change == NULL ? ERR_NOENT : versions_get(config->policy_dir, change->number, change->hash, &text, &len);
    free(text);
    if (err < 0)
        text_printf(why, "the text of version %" PRIu32 " of the policy, which is in force, can't be read: %s\n",
                    chronicle_in_force(changes->chronicle), err_str(err));
    return err;
}

static void compare_files(struct changes *changes, const struct config *config)
{
    struct config_errors errors = {0};
    struct config *files = NULL;
    bool before = changes->files_differ;
    changes->files_differ = false;
    if (config->change.controlled) {
        int err = config_load_policy(changes->files, changes->file_count,
                                     &(struct config_policy){.kind = CONFIG_POLICY_FILES}, &files, &errors);
        changes->files_differ = err < 0 || strcmp(files->policy_text, config->policy_text) != 0;
    }
    if (changes->files_differ && !before)
        log_warning("the policy in the files is not the one in force: it needs a proposal (belisha policy propose)");
    config_errors_done(&errors);
    config_free(files);
}

/* ---- rights ---- */

static char *rights_text(const struct config *config, size_t *out_len)
{
    char *text = NULL;
    FILE *to = open_memstream(&text, out_len);
    if (to == NULL)
        return NULL;
    config_write_rights(config, to);
    if (fclose(to) == 0)
        return text;
    free(text);
    return NULL;
}

static bool is_kept(const char *path, const char *text, size_t len)
{
    FILE *file = fopen(path, "re");
    char *kept = file == NULL ? NULL : malloc(len + 1);
    bool same = kept != NULL && fread(kept, 1, len + 1, file) == len && memcmp(kept, text, len) == 0;
    if (file != NULL)
        fclose(file);
    free(kept);
    return same;
}

static int keep(const char *path, const char *text, size_t len)
{
    struct outfile file;
    int err = outfile_open(&file, path, 0640);
    if (err < 0)
        return err;
    if (fwrite(text, 1, len, file.file) != len) {
        outfile_abort(&file);
        return ERR_NOSPACE;
    }
    return outfile_commit(&file);
}

static int record_rights(const struct config *config, const struct caller *by, const char *text, size_t len,
                         int64_t now_s)
{
    struct text detail = {0};
    uint8_t hash[CHANGE_HASH_LEN];
    versions_hash(text, len, hash);
    text_printf(&detail, "{\"sha256\":\"");
    for (size_t i = 0; i < sizeof hash; i++)
        text_printf(&detail, "%02x", hash[i]);
    text_printf(&detail, "\"");
    if (len <= RIGHTS_SHOWN_MAX) {
        text_printf(&detail, ",\"text\":");
        text_add_json(&detail, text);
    }
    text_printf(&detail, "}");
    int err = record(config, by, now_s,
                     (struct entry){.kind = "rights.change",
                                    .object = "operators, rights, change_control",
                                    .detail = text_ok(&detail) ? detail.bytes : NULL});
    text_done(&detail);
    return err;
}

/* What was written down last is kept beside the chronicle, so that a change between two runs shows too. */
static int take_rights(const struct config *config, const struct caller *by, int64_t now_s)
{
    char path[PATH_MAX];
    size_t len = 0;
    if (snprintf(path, sizeof path, "%s/rights", config->policy_dir) >= (int)sizeof path)
        return ERR_LIMIT;
    char *text = rights_text(config, &len);
    if (text == NULL)
        return ERR_NOMEM;
    struct stat st;
    bool nothing = !roles_configured(&config->roles) && !config->change.controlled && stat(path, &st) < 0;
    int err = 0;
    if (!nothing && !is_kept(path, text, len)) {
        err = record_rights(config, by, text, len, now_s);
        if (err == 0)
            err = keep(path, text, len);
    }
    free(text);
    return err;
}

/* ---- start and reload ---- */

static void complain(void *ctx, unsigned line, int err)
{
    log_error("a line of the policy's history does not count file=%s line=%u: %s", (const char *)ctx, line,
              err_str(err));
}

static void open_chronicle(struct changes *changes, const struct config *config)
{
    char path[PATH_MAX];
    /* Every program that loads the configuration looks there, whatever the umask of this one is. */
    if (mkdir(config->policy_dir, DIR_MODE) < 0 ? errno != EEXIST : chmod(config->policy_dir, DIR_MODE) < 0)
        log_warning("cannot make %s", config->policy_dir);
    if (snprintf(path, sizeof path, "%s/history", config->policy_dir) >= (int)sizeof path)
        changes->err = ERR_LIMIT;
    else
        changes->err = chronicle_open(path, complain, path, &changes->chronicle);
    if (changes->err < 0) {
        changes->chronicle = NULL;
        log_error("no history of the policy can be kept file=%s: %s", path, err_str(changes->err));
    }
}

/* With change control. Returns 1 when the settings have another policy than the one in force. */
static int settle(struct changes *changes, const struct config *config, const struct caller *by, int64_t now_s,
                  struct text *why)
{
    if (changes->chronicle == NULL) {
        text_printf(why, "with change control a history of the policy must be kept: %s\n", err_str(changes->err));
        return changes->err;
    }
    if (chronicle_in_force(changes->chronicle) == 0) {
        int err = adopt(changes, config, by, now_s);
        if (err < 0)
            text_printf(why, "the first version of the policy can't be kept: %s\n", err_str(err));
        return err;
    }
    int err = check_text(changes, config, why);
    if (err < 0)
        return err;
    bool right = versions_current(config->policy_dir) == chronicle_in_force(changes->chronicle);
    err = changes_link(changes, config);
    if (err < 0)
        text_printf(why, "%s: %s\n", config->policy_dir, err_str(err));
    return err < 0 ? err : right ? 0 : 1;
}

static int number_settings(struct changes *changes, struct settings *settings)
{
    uint32_t version = changes->chronicle == NULL ? 0 : chronicle_in_force(changes->chronicle);
    if (version == 0 || (!settings->config->change.controlled && !is_in_force(changes, settings->config)))
        version = settings->config->policy.fingerprint | CONFIG_NO_VERSION;
    return settings_set_version(settings, version);
}

/*
 * Killed between the two, the ledger tells of a step that the chronicle does not know: then that is written down too. Times
 * and numbers are those of the step, so no other one is taken for it.
 */
static void tell_unfinished(const struct changes *changes, const struct config *config, const struct caller *by,
                            int64_t now_s)
{
    char kind[32] = "", object[32] = "";
    struct entry_read read;
    const struct chronicle_step *step = changes->chronicle == NULL ? NULL : chronicle_last(changes->chronicle);
    if (changes->chronicle == NULL || recent_find(&config->ledger, "policy.", &read) < 0)
        return;
    const struct entry *entry = &read.entry;
    if (step != NULL) {
        snprintf(kind, sizeof kind, "policy.%s", change_op_name(step->op));
        snprintf(object, sizeof object, "version %" PRIu32, step->number);
    }
    bool same = step != NULL && strcmp(kind, entry->kind) == 0 && strcmp(object, entry->object) == 0 &&
                step->at_s == entry->time_s;
    if (!same && strcmp(entry->kind, "policy.failed") != 0 &&
        record(config, by, now_s,
               (struct entry){.kind = "policy.failed",
                              .object = entry->object,
                              .reason = "the step that was written down last was not taken: belishad ended before"}) <
            0)
        log_error("the ledger tells of a step of the policy that was not taken entry=%" PRIu64, entry->number);
    entry_read_done(&read);
}

/* Once for all: then the head of the ledger is signed. */
static void make_key(const struct config *config)
{
    char id[SIGNING_ID_TEXT_MAX];
    struct signing_public public;
    bool made = false;
    int err = ledger_make_key(&config->ledger, &public, &made);
    if (err < 0)
        log_warning("the ledger is not signed key=%s: %s", config->ledger.key, err_str(err));
    else if (made)
        log_info("a new key signs the ledger, keep a copy of its id elsewhere key=%s id=%s", config->ledger.key,
                 signing_id_to_text(public.id, id));
}

int changes_start(struct changes *changes, const struct snapshot_secrets *secrets, struct settings **settings,
                  int64_t now_s)
{
    struct text why = {0};
    struct caller by;
    const struct config *config = (*settings)->config;
    caller_of_self(&by);
    make_key(config);
    open_chronicle(changes, config);
    tell_unfinished(changes, config, &by, now_s);
    int err = 0;
    if (config->change.controlled)
        err = settle(changes, config, &by, now_s, &why);
    else
        follow_files(changes, config, &by, now_s);
    if (err == 1) {
        settings_release_unheld(*settings);
        *settings = NULL;
        err = settings_load(changes->files, changes->file_count, secrets, settings, &why);
    }
    if (err == 0)
        err = number_settings(changes, *settings);
    if (err == 0) {
        compare_files(changes, (*settings)->config);
        int written = take_rights((*settings)->config, &by, now_s);
        if (written < 0)
            log_error("who may do what can't be written to the ledger: %s", err_str(written));
        written = people_record_take((*settings)->config, NULL, &by, now_s);
        if (written < 0)
            log_error("the people file that is in force can't be written to the ledger: %s", err_str(written));
    } else {
        log_error("the policy in force is not known: %s", why.bytes == NULL ? err_str(err) : why.bytes);
    }
    text_done(&why);
    return err;
}

void changes_close(struct changes *changes)
{
    chronicle_close(changes->chronicle);
}

int changes_take(struct changes *changes, struct settings *settings, const struct config *old, const struct caller *by,
                 int64_t now_s, struct text *why)
{
    const struct config *config = settings->config;
    int err = take_rights(config, by, now_s);
    if (err < 0 && changes->chronicle != NULL) {
        text_printf(why, "who may do what has changed, and can't be written to the ledger: %s\n", err_str(err));
        return err;
    }
    err = 0;
    if (config->change.controlled)
        err = settle(changes, config, by, now_s, why);
    else
        follow_files(changes, config, by, now_s);
    if (err == 1) {
        text_printf(why, "the version in force was not the one that was read: reload again\n");
        err = ERR_BUSY;
    }
    if (err == 0)
        err = number_settings(changes, settings);
    if (err == 0) {
        err = people_record_take(config, old, by, now_s);
        if (err < 0 && config->change.controlled) {
            text_printf(why, "the people file has changed, and that can't be written to the ledger: %s\n",
                        err_str(err));
            return err;
        }
        if (err < 0)
            log_error("the people file has changed, and that can't be written to the ledger: %s", err_str(err));
        compare_files(changes, config);
        err = 0;
    }
    return err;
}

/* ---- for commands ---- */

static void add_errors(const struct config_errors *errors, int err, struct text *why)
{
    for (size_t i = 0; i < errors->count && i < CONFIG_ERRORS_MAX; i++)
        text_printf(why, "%s", errors->text[i]);
    if (errors->count == 0)
        text_printf(why, "%s\n", err_str(err));
}

int changes_check(const struct changes *changes, const struct config *config, const char *text, size_t len,
                  struct text *out, struct text *words, uint64_t *out_opens, struct text *why)
{
    const struct config_policy policy = {CONFIG_POLICY_TEXT, "policy", text, len};
    struct config_errors errors = {0};
    struct config *loaded = NULL;
    struct policy *made = NULL;
    struct difference difference = {0};
    int err = config_load_policy(changes->files, changes->file_count, &policy, &loaded, &errors);
    if (err == 0)
        err = policy_new(&loaded->policy, &made);
    if (err == 0) {
        difference_write(&config->policy, &loaded->policy, words, &difference);
        if (difference.line_count == 0 && strcmp(config->policy_text, loaded->policy_text) != 0) {
            text_printf(words, "other parts of the policy than levels, groups and names\n");
            difference.opens = CHANGE_OPENS_ANYTHING;
        }
        text_add(out, loaded->policy_text, loaded->policy_text_len);
        *out_opens = difference.opens;
        err = text_ok(out) ? 0 : ERR_LIMIT;
    } else {
        add_errors(&errors, err, why);
    }
    policy_free(made);
    config_free(loaded);
    config_errors_done(&errors);
    return err;
}

void changes_fill(const struct changes *changes, const struct config *config, struct command_env *out)
{
    out->ledger = &config->ledger;
    out->roles = &config->roles;
    out->rules = &config->change;
    out->caller = (struct caller){.uid = CALLER_NOBODY, .process_uid = CALLER_NOBODY};
    out->chronicle = changes->chronicle;
    out->chronicle_err = changes->err;
    out->policy_dir = config->policy_dir;
    out->people = &config->people_report;
    out->files_differ = changes->files_differ;
}

void changes_look(struct command_env *env)
{
    struct text said = {0};
    caller_of_self(&env->caller);
    change_look(env, &said);
    if (said.bytes != NULL)
        log_info("planned change of the policy: %.*s", (int)strcspn(said.bytes, "\n"), said.bytes);
    text_done(&said);
}
