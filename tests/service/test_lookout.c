/* From a lease file and what workers hear to a device that is silent. */
#include "service/lookout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <cmocka.h>

#define HEAD "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context\n"
#define HOUR 3600

struct desk {
    uv_loop_t loop;
    char dir[64];
    struct config *config;
    struct policy *policy;
    struct attendance *attendance;
    struct lookout *lookout;
    int64_t start_s;
};

static void on_changed(void *ctx)
{
    (void)ctx;
}

static void put(const struct desk *desk, const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", desk->dir, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static struct config *load(const struct desk *desk, const char *silence)
{
    char text[500], path[128];
    struct config_errors errors = {0};
    struct config *config = NULL;
    const char *const files[] = {path};
    snprintf(path, sizeof path, "%s/belisha.yaml", desk->dir);
    snprintf(text, sizeof text,
             "state_dir: %s\nidentity:\n  leases: [{kea: leases.csv}]\n  silence: %s\n"
             "  devices: [{mac: \"02:00:00:00:00:01\", device: LAP-001}]\n",
             desk->dir, silence);
    put(desk, "belisha.yaml", text);
    if (config_load(files, 1, &config, &errors) < 0)
        config_errors_print(&errors, stderr);
    config_errors_done(&errors);
    assert_non_null(config);
    return config;
}

/* Two devices, which renew their leases two hours after the start. */
static void lay(struct desk *desk)
{
    char leases[1000];
    *desk = (struct desk){.start_s = time(NULL)};
    snprintf(desk->dir, sizeof desk->dir, "/tmp/belisha-lookout-XXXXXX");
    assert_non_null(mkdtemp(desk->dir));
    snprintf(leases, sizeof leases, "%s/state", desk->dir);
    assert_int_equal(mkdir(leases, 0700), 0);
    int64_t expire_s = desk->start_s + 2 * HOUR + 4 * HOUR;
    snprintf(
        leases, sizeof leases,
        HEAD
        "10.0.0.1,02:00:00:00:00:01,,14400,%lld,1,0,0,toms,0,\n10.0.0.2,02:00:00:00:00:02,,14400,%lld,1,0,0,x,0,\n",
        (long long)expire_s, (long long)expire_s);
    put(desk, "leases.csv", leases);
    assert_int_equal(uv_loop_init(&desk->loop), 0);
    desk->config = load(desk, "{report: true}");
    assert_int_equal(policy_new(&desk->config->policy, &desk->policy), 0);
    assert_int_equal(attendance_open(&desk->loop, desk->config, 7, on_changed, NULL, &desk->attendance), 0);
    assert_int_equal(lookout_open(&desk->loop, desk->attendance, desk->config, &desk->lookout), 0);
    assert_int_equal(attendance_use(desk->attendance, desk->config, desk->policy), 0);
}

static void clear(struct desk *desk)
{
    char command[100];
    lookout_close(desk->lookout);
    attendance_close(desk->attendance);
    uv_run(&desk->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&desk->loop), 0);
    lookout_free(desk->lookout);
    attendance_free(desk->attendance);
    policy_free(desk->policy);
    config_free(desk->config);
    snprintf(command, sizeof command, "rm -rf %s", desk->dir);
    assert_int_equal(system(command), 0);
}

static const struct silence *look(struct desk *desk, int64_t now_s, struct command_env *env)
{
    *env = (struct command_env){.now_s = now_s};
    assert_int_equal(lookout_look(desk->lookout, now_s), 0);
    lookout_fill(desk->lookout, env);
    return env->silence;
}

static void a_device_that_asks_is_not_silent_and_another_is(void **state)
{
    struct desk desk;
    struct command_env env;
    (void)state;
    lay(&desk);
    int64_t now_s = desk.start_s + 2 * HOUR + 60;
    const struct silence *silence = look(&desk, now_s, &env);
    assert_int_equal(env.lease_count, 1);
    assert_int_equal(env.leases[0]->lease_count, 2);
    assert_int_equal(silence->now_count, 2);
    uint32_t lap = roster_find(env.roster, ROSTER_DEVICE, "LAP-001");
    assert_true(lap != 0);
    hearing_note(lookout_hearing(desk.lookout), lap, now_s - 300, false);
    silence = look(&desk, now_s, &env);
    assert_int_equal(silence->now_count, 1);
    for (size_t i = 0; i < silence->count; i++) {
        bool is_lap = silence->devices[i].device == lap;
        assert_int_equal(silence->devices[i].over_s != 0, is_lap);
        assert_string_equal(silence->devices[i].lease.host, is_lap ? "toms" : "x");
    }
    clear(&desk);
}

static void nobody_is_silent_before_we_have_listened(void **state)
{
    struct desk desk;
    struct command_env env;
    (void)state;
    lay(&desk);
    assert_int_equal(look(&desk, desk.start_s + 44 * 60, &env)->count, 0);
    clear(&desk);
}

static void switched_off_all_is_forgotten(void **state)
{
    struct desk desk;
    struct command_env env;
    (void)state;
    lay(&desk);
    assert_int_equal(look(&desk, desk.start_s + 2 * HOUR, &env)->count, 2);
    struct config *off = load(&desk, "{report: false}");
    lookout_use(desk.lookout, off);
    lookout_fill(desk.lookout, &env);
    assert_int_equal(env.silence->count, 0);
    assert_false(env.silence_opts->enabled);
    assert_int_equal(env.leases[0]->lease_count, 2);
    lookout_use(desk.lookout, desk.config);
    config_free(off);
    clear(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_device_that_asks_is_not_silent_and_another_is),
        cmocka_unit_test(nobody_is_silent_before_we_have_listened),
        cmocka_unit_test(switched_off_all_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
