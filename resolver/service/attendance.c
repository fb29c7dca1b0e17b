#include "service/attendance.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "identity/bulletin.h"
#include "base/mac.h"
#include "policy/person_table.h"
#include "service/loan_file.h"

#define GAP_MS      1000  /* between two tables */
#define GAP_FACTOR  5     /* ... and so many times as long as the last one took */
#define LOOK_MS_MAX 10000 /* the clock may be set meanwhile */
#define LOOK_MS     1000  /* at the loan register, and at what the workers saw */
#define SIGHTING_S  86400 /* for how long a card that was seen is known */

struct attendance {
    uv_loop_t *loop;
    uv_timer_t due, look;
    const struct config *config;
    const struct policy *policy;
    struct claims *claims;
    struct roster *roster;
    struct sightings *sightings;
    struct roll *roll;
    struct loan_file loans;
    uint64_t seed;
    uint64_t epoch;        /* of numbers kept with claims */
    uint64_t made_changed; /* claims_changed() when the table was made */
    int64_t made_ms;       /* on the loop's clock */
    int64_t made_s;        /* wall */
    int64_t took_us;
    bool untold;  /* the notice page, and it was said */
    bool trouble; /* numbers can't be kept, and it was said */
    attendance_changed changed;
    void *ctx;
};

/* ---- names ---- */

/* Users by the part of their name that is compared, so that DOMAIN\jones and jones are one. */
static void fold_user(const struct attendance *a, const char *name, char out[ROSTER_NAME_MAX + 1])
{
    char clean[CLAIM_USER_MAX + 1];
    snprintf(clean, sizeof clean, "%s", name);
    person_name_fold(clean, a->config->policy.users, out);
}

static uint32_t number_user(void *ctx, const char *name)
{
    char folded[ROSTER_NAME_MAX + 1];
    const struct attendance *a = ctx;
    fold_user(a, name, folded);
    return roster_number(a->roster, ROSTER_USER, folded);
}

static uint32_t number_device(void *ctx, const char *name)
{
    const struct attendance *a = ctx;
    return roster_number(a->roster, ROSTER_DEVICE, name);
}

static uint32_t find_user(void *ctx, const char *name)
{
    char folded[ROSTER_NAME_MAX + 1];
    const struct attendance *a = ctx;
    fold_user(a, name, folded);
    return a->roster == NULL ? 0 : roster_find(a->roster, ROSTER_USER, folded);
}

static uint32_t find_device(void *ctx, const char *name)
{
    const struct attendance *a = ctx;
    return a->roster == NULL ? 0 : roster_find(a->roster, ROSTER_DEVICE, name);
}

static uint32_t find_person(void *ctx, const char *name)
{
    const struct attendance *a = ctx;
    return policy_person_find(a->policy, name);
}

static void note_called(void *ctx, uint32_t device, const char *host)
{
    const struct attendance *a = ctx;
    roster_call(a->roster, device, host);
}

/* On disk, or nobody has a number that was not there before. */
static bool keep_numbers(struct attendance *a)
{
    int err = roster_sync(a->roster);
    if (err < 0 && !a->trouble)
        log_error("users and devices seen for the first time can't be numbered, the log does not tell them file=%s: %s",
                  a->config->identity.roster, err_str(err));
    else if (err == 0 && a->trouble)
        log_info("users and devices are numbered again");
    a->trouble = err < 0;
    return err == 0;
}

/* ---- the table ---- */

static struct presence_opts opts_of(struct attendance *a, bool give_numbers)
{
    const struct config_identity *identity = &a->config->identity;
    return (struct presence_opts){
        .seed = a->seed,
        .believe_host_names = identity->believe_host_names,
        .shared = identity->shared,
        .shared_count = identity->shared_count,
        .user = give_numbers ? number_user : find_user,
        .device = give_numbers ? number_device : find_device,
        .person = find_person,
        .called = give_numbers ? note_called : NULL,
        .epoch = a->epoch + (a->roster == NULL ? 0 : (uint64_t)roster_forgotten(a->roster) << 32),
        .ctx = a,
    };
}

static int make_table(struct attendance *a, int64_t now_s, struct presence **out)
{
    struct presence_opts opts = opts_of(a, a->roster != NULL);
    int err = presence_new(a->claims, &opts, now_s, out);
    if (err < 0 || a->roster == NULL || keep_numbers(a))
        return err;
    presence_free(*out);
    a->epoch++;
    opts = opts_of(a, false);
    return presence_new(a->claims, &opts, now_s, out);
}

/* Without it the notice page speaks to groups alone. */
static void tell_notice_page(struct attendance *a, int64_t now_s)
{
    int err = bulletin_write(a->config->identity.presence_public, a->roll->table, policy_version(a->policy), now_s);
    if (err < 0 && !a->untold)
        log_warning("the notice page can't be told who is where file=%s: %s", a->config->identity.presence_public,
                    err_str(err));
    a->untold = err < 0;
}

static int make(struct attendance *a)
{
    struct presence *table = NULL;
    struct roll *roll = NULL;
    int64_t now_s = time(NULL);
    uint64_t before_ns = uv_hrtime();
    claims_expire(a->claims, now_s);
    a->made_changed = claims_changed(a->claims);
    int err = make_table(a, now_s, &table);
    if (err == 0)
        err = roll_new(table, &roll);
    a->took_us = (int64_t)(uv_hrtime() - before_ns) / 1000;
    uv_update_time(a->loop);
    a->made_ms = (int64_t)uv_now(a->loop);
    a->made_s = now_s;
    if (err < 0)
        return err;
    roll->holders++;
    if (a->roll != NULL)
        a->roll->holders--;
    roll_release_unheld(a->roll);
    a->roll = roll;
    tell_notice_page(a, now_s);
    return 0;
}

/* ---- when ---- */

static bool is_outdated(const struct attendance *a, int64_t now_s)
{
    return claims_changed(a->claims) != a->made_changed || now_s < a->made_s ||
           now_s >= presence_next_s(a->roll->table);
}

static int64_t gap_ms(const struct attendance *a)
{
    int64_t by_cost_ms = a->took_us * GAP_FACTOR / 1000;
    return by_cost_ms > GAP_MS ? by_cost_ms : GAP_MS;
}

/* ms until the next table is due, or until it is time to look again. */
static int64_t wait_ms(const struct attendance *a, int64_t now_ms)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t next_s = presence_next_s(a->roll->table);
    int64_t gap = a->made_ms + gap_ms(a) - now_ms;
    int64_t wait = LOOK_MS_MAX;
    if (is_outdated(a, now.tv_sec))
        wait = 0;
    else if (next_s - now.tv_sec < LOOK_MS_MAX / 1000)
        wait = (next_s - now.tv_sec) * 1000 - now.tv_nsec / 1000000;
    return wait > gap ? wait : gap > 0 ? gap : 0;
}

static void on_due(uv_timer_t *timer);

static void plan(struct attendance *a)
{
    if (a->roll != NULL && !uv_is_closing((uv_handle_t *)&a->due))
        uv_timer_start(&a->due, on_due, (uint64_t)wait_ms(a, (int64_t)uv_now(a->loop)), 0);
}

static void on_due(uv_timer_t *timer)
{
    struct attendance *a = timer->data;
    if (is_outdated(a, time(NULL))) {
        int err = make(a);
        if (err < 0)
            log_error("who is where is not known anew: %s", err_str(err));
        else
            a->changed(a->ctx);
    }
    plan(a);
}

static void on_claim(void *ctx)
{
    struct attendance *a = ctx;
    if (a->roll != NULL && claims_changed(a->claims) == a->made_changed + 1) /* the others are waited for already */
        plan(a);
}

/* ---- cards that forwarders told of ---- */

static void take_sightings(struct attendance *a)
{
    struct claim claim = {.source = CLAIM_FORWARDER, .has_mac = true, .from_s = time(NULL)};
    claim.until_s = claim.from_s + SIGHTING_S;
    for (size_t from = 0; sightings_take(a->sightings, &from, claim.mac);) {
        mac_to_text(claim.mac, claim.key);
        if (claims_put(a->claims, &claim) < 0)
            return; /* full: it is seen again with the next question */
    }
}

static void on_look(uv_timer_t *timer)
{
    struct attendance *a = timer->data;
    take_sightings(a);
    loan_file_look(&a->loans, a->claims);
}

/* ---- life ---- */

static void complain(void *ctx, unsigned line, int err)
{
    log_error("a name is lost, its line does not count file=%s line=%u: %s", (const char *)ctx, line, err_str(err));
}

static int open_roster(struct attendance *a, const char *path)
{
    char copy[4096];
    snprintf(copy, sizeof copy, "%s", path);
    int err = roster_open(path, complain, copy, &a->roster);
    if (err == 0)
        return 0;
    a->roster = NULL;
    log_error("users and devices can't be numbered, the log does not tell them file=%s: %s", path, err_str(err));
    return access(path, F_OK) < 0 ? 0 : err;
}

int attendance_open(uv_loop_t *loop, const struct config *config, uint64_t seed, attendance_changed changed, void *ctx,
                    struct attendance **out)
{
    struct attendance *a = calloc(1, sizeof *a);
    if (a == NULL)
        return ERR_NOMEM;
    *a = (struct attendance){.loop = loop, .config = config, .seed = seed, .epoch = 1, .changed = changed, .ctx = ctx};
    a->sightings = calloc(1, sizeof *a->sightings);
    int err = a->sightings == NULL ? ERR_NOMEM : claims_new(CLAIMS_MAX, seed, &a->claims);
    if (err == 0)
        err = open_roster(a, config->identity.roster);
    if (err < 0) {
        attendance_free(a);
        return err;
    }
    claims_listen(a->claims, on_claim, a);
    uv_timer_init(loop, &a->due);
    uv_timer_init(loop, &a->look);
    a->due.data = a->look.data = a;
    uv_timer_start(&a->look, on_look, LOOK_MS, LOOK_MS);
    *out = a;
    return 0;
}

void attendance_close(struct attendance *a)
{
    if (a == NULL)
        return;
    uv_close((uv_handle_t *)&a->due, NULL);
    uv_close((uv_handle_t *)&a->look, NULL);
}

void attendance_free(struct attendance *a)
{
    if (a == NULL)
        return;
    if (a->roll != NULL)
        a->roll->holders--;
    roll_release_unheld(a->roll);
    roster_close(a->roster);
    claims_free(a->claims);
    free(a->sightings);
    free(a);
}

int attendance_use(struct attendance *a, const struct config *config, const struct policy *policy)
{
    const struct config_identity *identity = &config->identity;
    a->config = config;
    a->policy = policy;
    a->epoch++;
    int err = claims_replace(a->claims, CLAIM_STATIC, 0, identity->devices, identity->device_count);
    loan_file_use(&a->loans, identity->loans, config->policy.calendar, a->claims);
    if (err == 0)
        err = make(a);
    plan(a);
    return err;
}

struct roll *attendance_roll(const struct attendance *a)
{
    return a->roll;
}

struct claims *attendance_claims(struct attendance *a)
{
    return a->claims;
}

struct sightings *attendance_sightings(struct attendance *a)
{
    return a->sightings;
}

struct roster *attendance_roster(struct attendance *a)
{
    return a->roster;
}

static uint32_t lasting(struct attendance *a, uint32_t (*give)(void *ctx, const char *name),
                        uint32_t (*find)(void *ctx, const char *name), const char *name)
{
    uint32_t number = a->roster == NULL ? 0 : give(a, name);
    if (number != 0 && !keep_numbers(a))
        number = find(a, name);
    return number;
}

uint32_t attendance_user_number(struct attendance *a, const char *name)
{
    return lasting(a, number_user, find_user, name);
}

uint32_t attendance_device_number(struct attendance *a, const char *name)
{
    return lasting(a, number_device, find_device, name);
}

static uint32_t rule_user(void *ctx, const char *name)
{
    return attendance_user_number(ctx, name);
}

static uint32_t rule_device(void *ctx, const char *name)
{
    return attendance_device_number(ctx, name);
}

struct rulings_numbers attendance_numbers(struct attendance *a)
{
    return (struct rulings_numbers){.user = rule_user, .device = rule_device, .ctx = a};
}

bool attendance_card(const struct attendance *a, const struct ipaddr *address, uint8_t out[6])
{
    return a->roll != NULL && presence_find_card(a->roll->table, address, time(NULL), out);
}

int64_t attendance_took_us(const struct attendance *a)
{
    return a->took_us;
}
