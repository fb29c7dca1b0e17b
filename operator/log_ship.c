/* belisha log ship: rows to where a trust or a region looks. */
#include "operator/log_ship.h"

#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/err.h"
#include "delivery/deliver.h"
#include "identity/roster.h"
#include "operator/reading.h"
#include "ship/ddl.h"
#include "ship/shipping.h"
#include "ship/status.h"

#define ONCE_TRIES 5
#define NICE       10 /* answers go first */

struct ship_words {
    const char *to, *dir, *ddl, *key_file, *user, *number;
    bool follow, once, status, metrics;
};

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
    (void)number;
    stop = 1;
}

static int fail(const struct operator_env *env, const char *what, const char *why)
{
    fprintf(env->err, "belisha log ship: %s%s%s\n", what, what[0] == '\0' ? "" : ": ", why);
    return OPERATOR_FAILED;
}

/* ---- words ---- */

/* false: they are wrong, and that was said by getopt. */
static bool words_read(int argc, char *argv[], struct ship_words *out)
{
    static const struct option options[] = {{"to", required_argument, NULL, 't'},
                                            {"dir", required_argument, NULL, 'd'},
                                            {"follow", no_argument, NULL, 'f'},
                                            {"once", no_argument, NULL, 'o'},
                                            {"status", no_argument, NULL, 's'},
                                            {"metrics", no_argument, NULL, 'm'},
                                            {"print-ddl", required_argument, NULL, 'p'},
                                            {"make-key", required_argument, NULL, 'k'},
                                            {"pseudonym-of", required_argument, NULL, 'u'},
                                            {"who-is", required_argument, NULL, 'w'},
                                            {0}};
    int c;
    *out = (struct ship_words){0};
    optind = 0;
    opterr = 0;
    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (c) {
        case 't':
            out->to = optarg;
            break;
        case 'd':
            out->dir = optarg;
            break;
        case 'f':
            out->follow = true;
            break;
        case 'o':
            out->once = true;
            break;
        case 's':
            out->status = true;
            break;
        case 'm':
            out->metrics = true;
            break;
        case 'p':
            out->ddl = optarg;
            break;
        case 'k':
            out->key_file = optarg;
            break;
        case 'u':
            out->user = optarg;
            break;
        case 'w':
            out->number = optarg;
            break;
        default:
            return false;
        }
    }
    return optind == argc && !(out->follow && out->once);
}

static const struct destination *find(const struct operator_env *env, const char *name)
{
    const struct config_shipping *shipping = &env->config->shipping;
    for (size_t i = 0; i < shipping->count; i++)
        if (strcmp(shipping->destinations[i].name, name) == 0)
            return &shipping->destinations[i];
    fprintf(env->err, "belisha log ship: there is no destination '%s' in `shipping`%s\n", name,
            shipping->count == 0 ? ", which names none" : "; it has:");
    for (size_t i = 0; i < shipping->count; i++)
        fprintf(env->err, "  %s\n", shipping->destinations[i].name);
    return NULL;
}

/* ---- what it can do ---- */

static int print_ddl(const struct operator_env *env, const char *which)
{
    const struct ship_ddl *ddl = ship_ddl_find(which);
    if (ddl == NULL)
        return fail(env, which,
                    "the tables are there for `current` and `debian`, and `cluster` for what a cluster needs besides");
    fwrite(ddl->text, 1, ddl->len, env->out);
    return OPERATOR_OK;
}

static int make_key(const struct operator_env *env, const char *path)
{
    int code = pseudonym_key_make(path);
    if (code < 0)
        return fail(env, path, err_str(code));
    fprintf(
        env->out,
        "%s: a new key for pseudonyms. Every school of the trust gets a copy, by a way that you would send names by: "
        "with it and a list of names, pseudonyms become names again.\n",
        path);
    return OPERATOR_OK;
}

/* That somebody asked is in the ledger first. An enum operator_exit. */
static int open_key(const struct operator_env *env, const struct destination *to, int argc, char *argv[],
                    struct pseudonym_key *out)
{
    char why[SECRET_WHY_MAX];
    if (to->identities != IDENTITIES_PSEUDONYM)
        return fail(env, to->name, "this destination gets no pseudonyms");
    if (!reading_record(env, "log.pseudonym", to->name, argc, argv))
        return OPERATOR_FAILED;
    if (pseudonym_key_load(to->pseudonym_file, out, why) < 0)
        return fail(env, to->name, why);
    return OPERATOR_OK;
}

static int show_pseudonym(const struct operator_env *env, const struct destination *to, const char *user, int argc,
                          char *argv[])
{
    struct pseudonym_key key;
    int code = open_key(env, to, argc, argv, &key);
    if (code != OPERATOR_OK)
        return code;
    fprintf(env->out, "%016" PRIx64 "  (%" PRIu64 " in tables)\n", pseudonym(&key, PSEUDONYM_USER, "", user),
            pseudonym(&key, PSEUDONYM_USER, "", user));
    pseudonym_key_wipe(&key);
    return OPERATOR_OK;
}

/*
 * As the region writes it: decimal, as in tables, or 16 hexadecimal digits, as in Kafka and syslog. What could be either is
 * both. Each 0: it is none.
 */
static void numbers_read(const char *text, uint64_t out[2])
{
    size_t len = strlen(text);
    out[0] = len <= 20 && strspn(text, "0123456789") == len ? strtoull(text, NULL, 10) : 0;
    out[1] = len == 16 && strspn(text, "0123456789abcdef") == len ? strtoull(text, NULL, 16) : 0;
}

static bool print_if(const struct roster *roster, enum roster_kind kind, const struct pseudonym_key *key,
                     const uint64_t numbers[2], FILE *to)
{
    enum pseudonym_kind as = kind == ROSTER_USER ? PSEUDONYM_USER : PSEUDONYM_DEVICE;
    for (uint32_t i = 1; i <= roster_count(roster, kind); i++) {
        const char *name = roster_name(roster, kind, i);
        uint64_t number = name == NULL || name[0] == '\0' ? 0 : pseudonym(key, as, "", name);
        if (number == 0 || (number != numbers[0] && number != numbers[1]))
            continue;
        fprintf(to, "%s %s\n", kind == ROSTER_USER ? "user" : "device", name);
        return true;
    }
    return false;
}

/* The other way round: everybody whom the roster knows is tried. */
static int show_person(const struct operator_env *env, const struct destination *to, const char *text, int argc,
                       char *argv[])
{
    struct pseudonym_key key;
    struct roster *roster;
    uint64_t numbers[2];
    numbers_read(text, numbers);
    if (numbers[0] == 0 && numbers[1] == 0)
        return operator_usage(env, &command_log, "ship: '%s' is no number of a person or device", text);
    int code = open_key(env, to, argc, argv, &key);
    if (code != OPERATOR_OK)
        return code;
    int err = roster_read(env->config->identity.roster, NULL, NULL, &roster);
    bool found = err == 0 && (print_if(roster, ROSTER_USER, &key, numbers, env->out) ||
                              print_if(roster, ROSTER_DEVICE, &key, numbers, env->out));
    pseudonym_key_wipe(&key);
    if (err < 0)
        return fail(env, env->config->identity.roster, err_str(err));
    roster_close(roster);
    return found ? OPERATOR_OK : fail(env, text, "nobody here has this number");
}

static int show_status(const struct operator_env *env, const struct ship_words *words, const char *dir)
{
    const struct config_shipping *shipping = &env->config->shipping;
    struct ship_status list[CONFIG_DESTINATIONS_MAX];
    size_t count = 0;
    bool alarm = false;
    int64_t now_s = (int64_t)time(NULL);
    for (size_t i = 0; i < shipping->count; i++) {
        const struct destination *to = &shipping->destinations[i];
        if (words->to != NULL && strcmp(words->to, to->name) != 0)
            continue;
        int code = ship_status_get(to, dir, now_s, &list[count]);
        if (code < 0)
            return fail(env, to->name, err_str(code));
        alarm |= list[count++].is_alarm;
    }
    if (words->metrics)
        ship_status_metrics(list, count, env->out);
    for (size_t i = 0; i < count && !words->metrics; i++)
        ship_status_print(&list[i], now_s, env->out);
    return alarm ? OPERATOR_FAILED : OPERATOR_OK;
}

/* The ledger says what leaves, how, and why. */
static bool write_down(const struct operator_env *env, const struct destination *to)
{
    static const char *const identities[] = {"none", "pseudonym", "full"};
    char name[64], who[64], why[256];
    snprintf(name, sizeof name, "to=%s", to->name);
    snprintf(who, sizeof who, "identities=%s", identities[to->identities]);
    snprintf(why, sizeof why, "reason=%s", to->reason == NULL ? "" : to->reason);
    char *const words[] = {name, who, why};
    return reading_record(env, "log.ship", to->addresses[0], to->reason == NULL ? 2 : 3, words);
}

static int ship(const struct operator_env *env, const struct destination *to, const struct ship_words *words,
                const char *dir)
{
    const struct sigaction on = {.sa_handler = on_signal};
    const struct shipping_opts opts = {.to = to,
                                       .log_dir = dir,
                                       .site = env->config->shipping.site,
                                       .roster = words->dir == NULL ? env->config->identity.roster : NULL,
                                       .follow = words->follow,
                                       .tries = ONCE_TRIES,
                                       .stop = &stop,
                                       .say = env->err};
    struct shipping_result result;
    if (!write_down(env, to))
        return OPERATOR_FAILED;
    sigaction(SIGTERM, &on, NULL);
    sigaction(SIGINT, &on, NULL);
    signal(SIGPIPE, SIG_IGN);
    setpriority(PRIO_PROCESS, 0, NICE);
    if (deliver_init() < 0)
        return fail(env, "", "no memory");
    int code = shipping_run(&opts, &result);
    deliver_done();
    fprintf(env->err,
            "belisha log ship: %s: %" PRIu64 " rows in %" PRIu64 " batches, %" PRIu64 " bytes, %" PRIu64
            " tries failed\n",
            to->name, result.rows, result.batches, result.bytes, result.retries);
    return code < 0 ? OPERATOR_FAILED : OPERATOR_OK;
}

int log_ship_run(const struct operator_env *env, int argc, char *argv[])
{
    struct ship_words words;
    if (!words_read(argc, argv, &words))
        return operator_usage(env, &command_log, "ship: --to NAME, --status, --metrics, --print-ddl, --make-key FILE");
    const char *dir = words.dir != NULL ? words.dir : env->config->log.dir;
    if (words.ddl != NULL)
        return print_ddl(env, words.ddl);
    if (words.key_file != NULL)
        return make_key(env, words.key_file);
    if (words.status || words.metrics)
        return show_status(env, &words, dir);
    if (words.to == NULL)
        return operator_usage(env, &command_log, "ship: --to NAME says where to");
    const struct destination *to = find(env, words.to);
    if (to == NULL)
        return OPERATOR_FAILED;
    if (words.number != NULL)
        return show_person(env, to, words.number, argc, argv);
    return words.user != NULL ? show_pseudonym(env, to, words.user, argc, argv) : ship(env, to, &words, dir);
}
