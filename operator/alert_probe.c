/* Whether Belisha itself is well, as the control socket says: what is wrong, a clause each, the same as long as it is the same. */
#include <inttypes.h>

#include <jansson.h>

#include "base/err.h"
#include "operator/alert_kit.h"
#include "operator/daemon.h"

#define STALE_S (3 * INT64_C(86400)) /* the compiler runs every night */

static void add(const char *clause, struct text *out)
{
    if (clause != NULL)
        text_printf(out, "%s\n", clause);
}

static void add_status(const json_t *status, struct text *out)
{
    size_t i;
    const json_t *reason;
    const json_t *generation = json_object_get(status, "generation");
    json_array_foreach(json_object_get(json_object_get(status, "health"), "reasons"), i, reason)
        add(json_string_value(reason), out);
    const char *alarm = json_string_value(json_object_get(json_object_get(status, "statutory"), "alarm"));
    if (alarm != NULL)
        text_printf(out, "the statutory list: %s\n", alarm);
    if (json_integer_value(json_object_get(generation, "age_s")) > STALE_S)
        add("the blocklist is older than three days: blocklist-compiler does not run, or fails", out);
}

void alert_probe(void *ctx, struct text *out)
{
    const struct alert_kit *kit = ctx;
    struct text answer = {0};
    json_error_t error;
    int err = daemon_ask(kit->env->config->control_socket, "status", &answer);
    json_t *status = err < 0 || answer.len == 0 ? NULL : json_loadb(answer.bytes, answer.len, 0, &error);
    if (json_is_object(status))
        add_status(status, out);
    else
        add("belishad does not answer: perhaps it does not run, and nobody has DNS from it", out);
    json_decref(status);
    text_done(&answer);
}
