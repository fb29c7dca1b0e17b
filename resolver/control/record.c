#include "control/record.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/err.h"

int record_entry(const struct command_env *env, const struct entry *entry)
{
    struct entry filled = *entry;
    uint64_t number;
    if (env->ledger == NULL)
        return 0;
    filled.time_s = env->now_s;
    filled.by = env->caller.name;
    filled.uid = env->caller.process_uid;
    return ledger_append(env->ledger, &filled, &number);
}

bool record_may(const struct command_env *env, enum act act, struct text *out)
{
    if (env->roles == NULL || roles_may(env->roles, &env->caller, act))
        return true;
    text_printf(out, "error: ");
    roles_refuse(env->roles, &env->caller, act, out);
    text_printf(out, "\n");
    return false;
}

/* ---- what programs read ---- */

static const struct {
    const char *kind;
    enum act act;
} kinds[] = {
    {"log.tail", ACT_READ_LOG},
    {"log.search", ACT_READ_LOG},
    {"log.export", ACT_READ_LOG},
    {"log.prune", ACT_OPERATE},
    {"log.who", ACT_READ_LOG},
    {"log.why", ACT_READ_LOG},
    {"people.reason", ACT_READ_LOG},
    {"log.replay", ACT_READ_LOG},
    {"log.report", ACT_READ_LOG},
    {"log.hold", ACT_OPERATE},
    {"log.exported", ACT_READ_LOG},
    {"log.needs", ACT_READ_LOG},
    {"log.visits", ACT_READ_LOG},
    {"ledger.show", ACT_READ_LEDGER},
    {"ledger.export", ACT_READ_LEDGER},
    {"identity.forget", ACT_OPERATE},
    {"log.ship", ACT_OPERATE},
    {"log.pseudonym", ACT_READ_LOG},
    {"log.pack", ACT_PACK},
    {"log.pack-approved", ACT_READ_LOG},
    {"log.packed", ACT_READ_LOG},
    {"pack.request", ACT_READ_LOG},
    {"pack.approve", ACT_PACK},
    {"inbox.answer", ACT_READ_LOG},
    {"log.alert", ACT_READ_LOG},
    {"log.subject-access", ACT_READ_LOG},
};

static bool find_kind(const char *kind, enum act *out)
{
    for (size_t i = 0; kind != NULL && i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kinds[i].kind, kind) == 0) {
            *out = kinds[i].act;
            return true;
        }
    return false;
}

static void note(struct command_env *env, const json_t *object, struct text *out)
{
    enum act act;
    const char *kind = json_string_value(json_object_get(object, "kind"));
    const char *what = json_string_value(json_object_get(object, "object"));
    const char *by = json_string_value(json_object_get(object, "by"));
    const char *reason = json_string_value(json_object_get(object, "reason"));
    const json_t *detail = json_object_get(object, "detail");
    if (!find_kind(kind, &act) || what == NULL || (detail != NULL && !json_is_object(detail))) {
        text_printf(out, "error: this is not what is noted here\n");
        return;
    }
    if (by != NULL && caller_act_for(&env->caller, by) < 0) {
        text_printf(out, "error: the system knows nobody of the name %.64s\n", by);
        return;
    }
    if (!record_may(env, act, out))
        return;
    char *text = detail == NULL ? NULL : json_dumps(detail, JSON_COMPACT);
    int err = detail != NULL && text == NULL
                  ? ERR_NOMEM
                  : record_entry(env, &(struct entry){.kind = kind, .object = what, .reason = reason, .detail = text});
    free(text);
    if (err < 0)
        text_printf(out, "error: the ledger can't be written, so nothing is read: %s\n", err_str(err));
    else
        text_printf(out, "ok\n");
}

void record_run(const char *argument, const struct command_env *env, struct text *out)
{
    struct command_env own = *env;
    json_t *object = json_loads(argument, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(object))
        text_printf(out, "error: not understood\n");
    else
        note(&own, object, out);
    json_decref(object);
}
