#include "operator/reading.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "base/err.h"
#include "operator/daemon.h"

#define WORDS_MAX 64
#define WORD_MAX  1024

/* What would not be written down whole is not done: the last word counts, and it could be the one that is left out. */
static json_t *reading_words(int count, char *const words[], const char **out_wrong)
{
    json_t *list = json_array();
    *out_wrong = count > WORDS_MAX ? "more words than the ledger takes (64): nothing was read" : NULL;
    for (int i = 0; i < count && *out_wrong == NULL; i++) {
        json_t *word = json_string(words[i]);
        if (word == NULL || strlen(words[i]) > WORD_MAX)
            *out_wrong =
                "a word that the ledger does not take, with more than 1,024 bytes or no UTF-8: nothing was read";
        json_array_append_new(list, word == NULL ? json_null() : word);
    }
    if (*out_wrong == NULL)
        return json_pack("{so}", "words", list);
    json_decref(list);
    return NULL;
}

/* Whoever uses sudo is named. belishad believes it of root alone. */
static const char *sudo_user(void)
{
    const char *name = getuid() == 0 ? getenv("SUDO_USER") : NULL;
    return name == NULL ? "" : name;
}

/* ---- by belishad ---- */

enum outcome { WRITTEN, REFUSED, NOBODY_THERE };

static enum outcome ask_daemon(const struct operator_env *env, const json_t *note)
{
    struct text line = {0}, answer = {0};
    enum outcome outcome = NOBODY_THERE;
    char *text = json_dumps(note, JSON_COMPACT);
    text_printf(&line, "note %s", text == NULL ? "" : text);
    free(text);
    int rc = text_ok(&line) ? daemon_ask(env->config->control_socket, line.bytes, &answer) : ERR_NOMEM;
    if (rc == 0 && answer.len > 0) {
        outcome = strncmp(answer.bytes, "ok", 2) == 0 ? WRITTEN : REFUSED;
        if (outcome == REFUSED)
            fprintf(env->err, "belisha: %s", answer.bytes);
    }
    text_done(&line);
    text_done(&answer);
    return outcome;
}

/* ---- by this program ---- */

static bool may(const struct operator_env *env, const char *kind, const struct caller *caller)
{
    struct text why = {0};
    enum act act = strncmp(kind, "ledger.", 7) == 0                                     ? ACT_READ_LEDGER
                   : strcmp(kind, "log.pack") == 0 || strcmp(kind, "pack.approve") == 0 ? ACT_PACK
                                                                                        : ACT_READ_LOG;
    if (roles_may(&env->config->roles, caller, act))
        return true;
    roles_refuse(&env->config->roles, caller, act, &why);
    fprintf(env->err, "belisha: %s\n", why.bytes == NULL ? "not allowed" : why.bytes);
    text_done(&why);
    return false;
}

static bool write_down(const struct operator_env *env, const struct entry *entry)
{
    const struct ledger *ledger = &env->config->ledger;
    uint64_t number;
    if (access(ledger->folder, F_OK) < 0)
        return true;
    int err = ledger_append(ledger, entry, &number);
    if (err < 0)
        fprintf(env->err,
                "belisha: this has to be written down in the ledger first, and can't be: %s/" LEDGER_FILE
                ": %s\nbelishad writes it for you when it runs; else do this as the user it runs as.\n",
                ledger->folder, err_str(err));
    return err == 0;
}

bool reading_note(const struct operator_env *env, const char *kind, const char *what, const char *reason,
                  json_t *detail)
{
    struct caller caller;
    json_t *note = json_pack("{ss ss sO ss}", "kind", kind, "object", what, "detail", detail, "by", sudo_user());
    if (reason != NULL)
        json_object_set_new(note, "reason", json_string(reason));
    enum outcome outcome = ask_daemon(env, note);
    bool done = outcome == WRITTEN;
    caller_of_self(&caller);
    if (outcome == NOBODY_THERE && caller_act_for(&caller, sudo_user()) == 0 && may(env, kind, &caller)) {
        char *text = json_dumps(detail, JSON_COMPACT);
        done = write_down(env, &(struct entry){.time_s = time(NULL),
                                               .kind = kind,
                                               .object = what,
                                               .by = caller.name,
                                               .uid = caller.process_uid,
                                               .reason = reason,
                                               .detail = text});
        free(text);
    }
    json_decref(note);
    return done;
}

bool reading_record_for(const struct operator_env *env, const char *kind, const char *what, const char *reason,
                        int word_count, char *const words[])
{
    const char *wrong;
    json_t *detail = reading_words(word_count, words, &wrong);
    if (wrong != NULL)
        fprintf(env->err, "belisha: %s\n", wrong);
    bool done = wrong == NULL && reading_note(env, kind, what, reason, detail);
    json_decref(detail);
    return done;
}

bool reading_record(const struct operator_env *env, const char *kind, const char *what, int word_count,
                    char *const words[])
{
    return reading_record_for(env, kind, what, NULL, word_count, words);
}

void reading_caller(struct caller *out)
{
    caller_of_self(out);
    int unknown = caller_act_for(out, sudo_user()); /* then it stays root */
    (void)unknown;
}
