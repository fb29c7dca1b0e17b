#include "control/health.h"

#include <inttypes.h>
#include <stdio.h>

#include "control/standing.h"

static void object(struct health *health, const char *why)
{
    char *to = health->reasons[health->reason_count++];
    snprintf(to, sizeof health->reasons[0], "%s", why);
    health->ready = false;
}

static void look_at_workers(const struct command_env *env, struct health *health)
{
    char why[100];
    if (env->workers_stuck == 0)
        return;
    snprintf(why, sizeof why, "%zu of %zu workers %s not turn", env->workers_stuck, env->worker_count,
             env->workers_stuck == 1 ? "does" : "do");
    object(health, why);
    health->live = false;
}

struct health health_of(const struct command_env *env)
{
    struct health health = {.live = true, .ready = true};
    look_at_workers(env, &health);
    if (env->blockdb == NULL)
        object(&health, "no blocklist is in force: questions are answered SERVFAIL");
    if (env->statutory_missing)
        object(&health, "the statutory list was set up and can't be read: questions are answered SERVFAIL");
    if (!standing_any_answers(env->workers, env->worker_count, env->query, env->now_ms))
        object(&health, "no upstream server answers");
    if (env->recursion.state == RECURSION_DOWN)
        object(&health, "recursion does not stay up: questions fail");
    if (env->log_trouble)
        object(&health, "the query log can't be written");
    return health;
}

static void write_failing(const struct health *health, size_t count, struct text *out)
{
    text_printf(out, "{\"status\": \"failing\", \"reasons\": [");
    for (size_t i = 0; i < count; i++) {
        text_printf(out, i == 0 ? "" : ", ");
        text_add_json(out, health->reasons[i]);
    }
    text_printf(out, "]}\n");
}

bool health_write_live(const struct command_env *env, struct text *out)
{
    struct health health = health_of(env);
    if (health.live)
        text_printf(out, "{\"status\": \"ok\"}\n");
    else
        write_failing(&health, 1, out);
    return health.live;
}

bool health_write_ready(const struct command_env *env, struct text *out)
{
    struct health health = health_of(env);
    if (health.ready)
        text_printf(out, "{\"status\": \"ok\", \"generation\": %" PRIu64 "}\n", blockdb_generation(env->blockdb));
    else
        write_failing(&health, health.reason_count, out);
    return health.ready;
}
