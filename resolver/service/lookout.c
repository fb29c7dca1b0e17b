#include "service/lookout.h"

#include <stdlib.h>
#include <time.h>

#include "base/err.h"
#include "base/log.h"
#include "policy/calendar.h"
#include "service/leases.h"

#define AGAIN_MS 200 /* when leases are just being read */

struct lookout {
    uv_timer_t timer;
    struct attendance *attendance;
    const struct config_leases *config;
    const struct calendar *calendar; /* silence counts in its lessons only; NULL: always */
    struct leases *leases;
    struct hearing *hearing;
    struct silence silence;
    int64_t listening_s;
};

int lookout_open(uv_loop_t *loop, struct attendance *attendance, const struct config *config, struct lookout **out)
{
    struct lookout *l = calloc(1, sizeof *l);
    if (l == NULL)
        return ERR_NOMEM;
    l->attendance = attendance;
    l->listening_s = time(NULL);
    int err = hearing_new(ROSTER_MAX, &l->hearing);
    if (err == 0)
        err = leases_new(loop, attendance_claims(attendance), &l->leases);
    if (err < 0) {
        lookout_free(l);
        return err;
    }
    uv_timer_init(loop, &l->timer);
    l->timer.data = l;
    lookout_use(l, config);
    *out = l;
    return 0;
}

void lookout_close(struct lookout *l)
{
    if (l == NULL)
        return;
    leases_close(l->leases);
    uv_close((uv_handle_t *)&l->timer, NULL);
}

void lookout_free(struct lookout *l)
{
    if (l == NULL)
        return;
    leases_free(l->leases);
    hearing_free(l->hearing);
    silence_done(&l->silence);
    free(l);
}

struct hearing *lookout_hearing(struct lookout *l)
{
    return l->hearing;
}

/* ---- silence ---- */

static size_t count_leases(const struct lookout *l)
{
    size_t count = 0;
    for (size_t i = 0; i < leases_count(l->leases); i++)
        count += book_count(leases_book(l->leases, i));
    return count;
}

/* Signs of all devices with a number; as many as fit. */
static size_t gather(const struct lookout *l, struct sign signs[], size_t cap, int64_t now_s)
{
    const struct presence *table = attendance_roll(l->attendance)->table;
    size_t count = 0;
    for (size_t i = 0; i < leases_count(l->leases); i++) {
        const struct book *book = leases_book(l->leases, i);
        for (size_t k = 0; k < book_count(book) && count < cap; k++) {
            const struct book_entry *entry = book_entry(book, k);
            struct presence_who who;
            if (!entry->lease.has_mac || !presence_find_mac(table, entry->lease.mac, now_s, &who) || who.device == 0)
                continue;
            signs[count++] = (struct sign){.device = who.device,
                                           .lease = entry->lease,
                                           .first_s = entry->first_s,
                                           .heard = hearing_of(l->hearing, who.device)};
        }
    }
    return count;
}

static bool is_lesson(void *ctx, int64_t at_s)
{
    return calendar_is_lesson(ctx, at_s);
}

int lookout_look(struct lookout *l, int64_t now_s)
{
    size_t cap = count_leases(l) + 1;
    struct sign *signs = calloc(cap, sizeof *signs);
    if (signs == NULL)
        return ERR_NOMEM;
    size_t count = gather(l, signs, cap, now_s);
    int err = silence_look(&l->silence, &l->config->silence, signs, count, l->listening_s, now_s,
                           l->calendar == NULL ? NULL : is_lesson, (void *)(uintptr_t)l->calendar);
    free(signs);
    return err;
}

static void on_timer(uv_timer_t *timer)
{
    struct lookout *l = timer->data;
    bool at_rest = leases_are_at_rest(l->leases);
    int err = at_rest ? lookout_look(l, time(NULL)) : 0;
    if (err < 0)
        log_error("silent devices are not looked for: %s", err_str(err));
    uv_timer_start(timer, on_timer, at_rest ? LOOKOUT_EVERY_MS : AGAIN_MS, 0);
}

void lookout_use(struct lookout *l, const struct config *config)
{
    l->config = &config->leases;
    l->calendar = config->leases.silence_in_lessons ? config->policy.calendar : NULL;
    if (l->config->silence.enabled) {
        if (!uv_is_active((uv_handle_t *)&l->timer))
            uv_timer_start(&l->timer, on_timer, LOOKOUT_EVERY_MS, 0);
    } else {
        uv_timer_stop(&l->timer);
        silence_done(&l->silence);
    }
    if (leases_use(l->leases, config->leases.sources, config->leases.source_count) < 0)
        log_error("not all leases are read for lack of memory");
}

void lookout_fill(const struct lookout *l, struct command_env *env)
{
    env->silence_opts = &l->config->silence;
    env->silence = &l->silence;
    env->roster = attendance_roster(l->attendance);
    env->lease_count = leases_count(l->leases);
    for (size_t i = 0; i < env->lease_count; i++)
        env->leases[i] = leases_status(l->leases, i);
}
