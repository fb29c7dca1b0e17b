#include "service/unbound_setup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/outfile.h"
#include "recursion/unbound_conf.h"
#include "service/child.h"

#define ANCHOR_MAX    65536 /* bytes of a file of keys */
#define FILE_MODE     0640
#define CHECK_MS      10000
#define CHECK_PORT    53 /* nothing is opened */
#define PATH_TEXT_MAX 4096

static const char seed_name[] = "trust-anchor.seed";
static const char conf_name[] = "unbound.conf";

/* ---- making and comparing ---- */

static struct ipaddr loopback_for(const struct recursion_opts *opts)
{
    static const uint8_t v4[4] = {127, 0, 0, 1};
    static const uint8_t v6[16] = {[15] = 1};
    return opts->ipv4 ? ipaddr_from_v4(v4) : ipaddr_from_v6(v6);
}

int unbound_setup_new(const struct recursion_opts *opts, struct unbound_setup **out)
{
    struct unbound_setup *setup = calloc(1, sizeof *setup);
    if (setup == NULL)
        return ERR_NOMEM;
    setup->program = strdup(opts->program);
    setup->dir = strdup(opts->dir);
    setup->trust_anchor = opts->validate ? strdup(opts->trust_anchor) : NULL;
    setup->loopback = loopback_for(opts);
    unbound_conf_write(opts, &setup->body);
    if (setup->program == NULL || setup->dir == NULL || (opts->validate && setup->trust_anchor == NULL) ||
        !text_ok(&setup->body) || asprintf(&setup->conf, "%s/%s", setup->dir, conf_name) < 0) {
        setup->conf = NULL;
        unbound_setup_free(setup);
        return ERR_NOMEM;
    }
    *out = setup;
    return 0;
}

void unbound_setup_free(struct unbound_setup *setup)
{
    if (setup == NULL)
        return;
    free(setup->program);
    free(setup->dir);
    free(setup->trust_anchor);
    free(setup->conf);
    text_done(&setup->body);
    free(setup);
}

static bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

bool unbound_setup_equal(const struct unbound_setup *a, const struct unbound_setup *b)
{
    return same_text(a->program, b->program) && same_text(a->dir, b->dir) &&
           same_text(a->trust_anchor, b->trust_anchor) && same_text(a->body.bytes, b->body.bytes);
}

/* ---- files ---- */

/* A whole file of at most ANCHOR_MAX bytes. Negative errno; ERR_LIMIT. */
static int read_file(const char *path, struct text *out)
{
    char bytes[4096];
    size_t len;
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return -errno;
    while (out->len <= ANCHOR_MAX && (len = fread(bytes, 1, sizeof bytes, file)) > 0)
        text_add(out, bytes, len);
    int err = ferror(file) ? ERR_IO : out->len > ANCHOR_MAX ? ERR_LIMIT : text_ok(out) ? 0 : ERR_NOMEM;
    fclose(file);
    return err;
}

static int write_file(const char *dir, const char *name, const struct text *text)
{
    struct outfile file;
    char path[PATH_TEXT_MAX];
    if ((size_t)snprintf(path, sizeof path, "%s/%s", dir, name) >= sizeof path)
        return ERR_LIMIT;
    int err = outfile_open(&file, path, FILE_MODE);
    if (err < 0)
        return err;
    fwrite(text->bytes, 1, text->len, file.file); /* what fails here, outfile_commit() tells */
    return outfile_commit(&file);
}

/* Whether the keys that are kept began with this seed. */
static bool is_seeded(const char *dir, const struct text *seed)
{
    struct text kept = {0};
    char path[PATH_TEXT_MAX];
    bool same = (size_t)snprintf(path, sizeof path, "%s/" UNBOUND_CONF_ANCHOR, dir) < sizeof path &&
                access(path, F_OK) == 0 && (size_t)snprintf(path, sizeof path, "%s/%s", dir, seed_name) < sizeof path &&
                read_file(path, &kept) == 0 && kept.len == seed->len && memcmp(kept.bytes, seed->bytes, kept.len) == 0;
    text_done(&kept);
    return same;
}

static int seed_anchor(const struct unbound_setup *setup, struct text *why)
{
    struct text seed = {0};
    int err = read_file(setup->trust_anchor, &seed);
    if (err == 0 && seed.len == 0)
        err = ERR_TRUNCATED;
    if (err < 0)
        text_printf(why,
                    "the trust anchor %s can't be read: %s (recursion.trust_anchor; the package dns-root-data has "
                    "the root's)\n",
                    setup->trust_anchor, err_str(err));
    if (err == 0 && !is_seeded(setup->dir, &seed)) {
        /* The seed last: without it everything begins anew. */
        err = write_file(setup->dir, UNBOUND_CONF_ANCHOR, &seed);
        if (err == 0)
            err = write_file(setup->dir, seed_name, &seed);
        if (err < 0)
            text_printf(why, "the trust anchor can't be kept in %s: %s\n", setup->dir, err_str(err));
    }
    text_done(&seed);
    return err;
}

int unbound_setup_write(const struct unbound_setup *setup, const struct endpoint *at, struct text *why)
{
    struct text conf = {0};
    if (mkdir(setup->dir, 0750) < 0 && errno != EEXIST) {
        int err = -errno;
        text_printf(why, "the folder %s can't be made: %s\n", setup->dir, err_str(err));
        return err;
    }
    int err = setup->trust_anchor == NULL ? 0 : seed_anchor(setup, why);
    if (err < 0)
        return err;
    unbound_conf_write_listen(at, &conf);
    text_add(&conf, setup->body.bytes, setup->body.len);
    err = text_ok(&conf) ? write_file(setup->dir, conf_name, &conf) : ERR_NOMEM;
    if (err < 0)
        text_printf(why, "%s can't be written: %s\n", setup->conf, err_str(err));
    text_done(&conf);
    return err;
}

/* ---- checking ---- */

static void remove_dir(const char *dir)
{
    static const char *const names[] = {UNBOUND_CONF_ANCHOR, seed_name, conf_name};
    char path[PATH_TEXT_MAX];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if ((size_t)snprintf(path, sizeof path, "%s/%s", dir, names[i]) < sizeof path)
            unlink(path);
    rmdir(dir);
}

static int run_checkconf(const struct unbound_setup *setup, struct text *why)
{
    char program[PATH_TEXT_MAX];
    const char *const argv[] = {program, setup->conf, NULL};
    struct text said = {0};
    if ((size_t)snprintf(program, sizeof program, "%s-checkconf", setup->program) >= sizeof program)
        return ERR_LIMIT;
    int code = child_run(argv, CHECK_MS, &said);
    if (code == ERR_NOENT) {
        text_done(&said);
        return 0; /* unbound itself is there, and will say what it does not like */
    }
    if (code < 0)
        text_printf(why, "%s: %s\n", program, err_str(code));
    else if (code > 0)
        text_printf(why, "%s refuses what belishad wrote for it:\n%s", program, said.bytes == NULL ? "\n" : said.bytes);
    text_done(&said);
    return code == 0 ? 0 : ERR_CONFIG;
}

int unbound_setup_check(const struct recursion_opts *opts, struct text *why)
{
    static const char head[] = "recursion: ";
    char dir[] = "/tmp/belisha-check-XXXXXX";
    struct recursion_opts there = *opts;
    struct unbound_setup *setup = NULL;
    if (access(opts->program, X_OK) < 0) {
        text_printf(why, "%s%s can't be run: %s (recursion.program; it is in the package unbound)\n", head,
                    opts->program, err_str(-errno));
        return ERR_CONFIG;
    }
    if (mkdtemp(dir) == NULL) {
        text_printf(why, "%sno folder can be made in /tmp: %s\n", head, err_str(-errno));
        return ERR_CONFIG;
    }
    there.dir = dir;
    int err = unbound_setup_new(&there, &setup);
    if (err == 0) {
        struct endpoint at = {.addr = setup->loopback, .port = CHECK_PORT};
        struct text reason = {0};
        err = unbound_setup_write(setup, &at, &reason);
        if (err == 0)
            err = run_checkconf(setup, &reason);
        if (reason.len > 0)
            text_printf(why, "%s%s", head, reason.bytes);
        text_done(&reason);
    }
    remove_dir(dir);
    unbound_setup_free(setup);
    return err == 0 || err == ERR_NOMEM ? err : ERR_CONFIG;
}
