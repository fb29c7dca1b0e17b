#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/category.h"
#include "base/err.h"
#include "belisha/verdict.h"
#include "blocklist-compiler/command.h"
#include "export/export.h"

#define EXIT_FAILED 2

static const char usage[] =
    "usage: blocklist-compiler export --format rpz|hosts|domains|unbound [--dir DIR] [--generation FILE|N]\n"
    "                                 [--category NAME ...] [--feed NAME] [--zone NAME] [--output FILE]\n"
    "\n"
    "Writes a published generation, or a part of it, in a form that other resolvers read. What that form can't say\n"
    "is counted on standard error and at the head of the file.\n"
    "\n"
    "  --format FORMAT      rpz, hosts, domains or unbound\n"
    "  --dir DIR            folder of the generations (" COMMAND_DEFAULT_OUT ")\n"
    "  --generation FILE|N  a file, or a number in that folder, instead of the one in force\n"
    "  --category NAME      of these categories only; may be given again\n"
    "  --feed NAME          of this feed only\n"
    "  --zone NAME          rpz: the zone's name; without it the owners are relative to what the reader calls it\n"
    "  --output FILE        replaced in one step when all is written; without it, standard output\n"
    "  --quiet              says nothing of what could not be written\n"
    "  --help\n"
    "\n"
    "Exit code: 0 written, 2 not written.\n";

struct options {
    const char *format, *dir, *generation, *feed, *zone, *output;
    uint64_t categories;
    bool quiet, said_all;
};

enum { OPTION_DIR = 256, OPTION_GENERATION, OPTION_CATEGORY, OPTION_FEED, OPTION_ZONE };

static const struct option long_options[] = {
    {"format", required_argument, NULL, 'f'},
    {"dir", required_argument, NULL, OPTION_DIR},
    {"generation", required_argument, NULL, OPTION_GENERATION},
    {"category", required_argument, NULL, OPTION_CATEGORY},
    {"feed", required_argument, NULL, OPTION_FEED},
    {"zone", required_argument, NULL, OPTION_ZONE},
    {"output", required_argument, NULL, 'o'},
    {"quiet", no_argument, NULL, 'q'},
    {"help", no_argument, NULL, 'h'},
    {0},
};

static int complain(const char *sentence, const char *word)
{
    fprintf(stderr, COMMAND_PROGRAM " export: %s%s%s\n", sentence, word[0] == '\0' ? "" : ": ", word);
    return EXIT_FAILED;
}

static int add_category(struct options *o, const char *name)
{
    int category = category_from_name(name, strlen(name));
    if (category < 0)
        return complain("unknown category", name);
    if (category == CATEGORY_ILLEGAL)
        return complain("illegal content is never exported", "");
    o->categories |= CATEGORY_BIT(category);
    return 0;
}

static int read_option(struct options *o, int option, const char *value)
{
    switch (option) {
    case 'f':
        o->format = value;
        return 0;
    case 'o':
        o->output = value;
        return 0;
    case 'q':
        o->quiet = true;
        return 0;
    case OPTION_DIR:
        o->dir = value;
        return 0;
    case OPTION_GENERATION:
        o->generation = value;
        return 0;
    case OPTION_CATEGORY:
        return add_category(o, value);
    case OPTION_FEED:
        o->feed = value;
        return 0;
    case OPTION_ZONE:
        o->zone = value;
        return 0;
    case 'h':
        fputs(usage, stdout);
        o->said_all = true;
        return 0;
    default:
        fputs("Try " COMMAND_PROGRAM " export --help.\n", stderr);
        return EXIT_FAILED;
    }
}

static int read_options(int argc, char **argv, struct options *o)
{
    int option;
    while ((option = getopt_long(argc, argv, "f:o:qh", long_options, NULL)) != -1) {
        int code = read_option(o, option, optarg);
        if (code != 0 || o->said_all)
            return code;
    }
    if (optind < argc)
        return complain("unknown word", argv[optind]);
    if (o->format == NULL)
        return complain("--format is missing: rpz, hosts, domains or unbound", "");
    if (o->zone != NULL && strcmp(o->format, "rpz") != 0)
        return complain("--zone belongs to --format rpz", "");
    return 0;
}

static bool is_number(const char *text)
{
    return text[0] != '\0' && strspn(text, "0123456789") == strlen(text);
}

static int open_generation(const struct options *o, struct blockdb **out)
{
    char path[PATH_MAX], why[256] = "";
    const char *dir = o->dir == NULL ? COMMAND_DEFAULT_OUT : o->dir;
    int len;
    if (o->generation == NULL)
        len = snprintf(path, sizeof path, "%s/current", dir);
    else if (is_number(o->generation))
        len = snprintf(path, sizeof path, "%s/generation-%s.mdb", dir, o->generation);
    else
        len = snprintf(path, sizeof path, "%s", o->generation);
    if (len >= (int)sizeof path)
        return complain("the path is too long", "");
    int err = blockdb_open(path, out, why, sizeof why);
    if (err == 0)
        return 0;
    fprintf(stderr, COMMAND_PROGRAM " export: %s: %s\n", path, why[0] == '\0' ? err_str(err) : why);
    return EXIT_FAILED;
}

static int find_feed(const struct blockdb *db, const char *name, uint16_t *out)
{
    *out = VERDICT_NO_FEED;
    if (name == NULL)
        return 0;
    for (size_t i = 0; i < blockdb_feed_count(db); i++) {
        if (strcmp(blockdb_feed(db, i)->name, name) != 0)
            continue;
        *out = (uint16_t)i;
        return 0;
    }
    return complain("the generation has no feed of that name", name);
}

/* ---- where it goes ---- */

/* A new file beside the wanted one, which takes its place once it is whole. */
struct target {
    const char *path; /* NULL: standard output */
    char made[PATH_MAX];
    FILE *file;
};

static int target_open(struct target *t, const char *path)
{
    *t = (struct target){.path = path, .file = stdout};
    if (path == NULL)
        return 0;
    if (snprintf(t->made, sizeof t->made, "%s.XXXXXX", path) >= (int)sizeof t->made)
        return complain("the path is too long", path);
    mode_t mask = umask(0);
    umask(mask);
    int fd = mkostemp(t->made, O_CLOEXEC);
    t->file = fd < 0 ? NULL : fdopen(fd, "w");
    if (t->file != NULL && fchmod(fd, 0666 & ~mask) == 0)
        return 0;
    int code = complain("can't be written", strerror(errno));
    if (t->file != NULL)
        fclose(t->file);
    if (fd >= 0)
        unlink(t->made);
    return code;
}

static int target_close(struct target *t, int err)
{
    if (t->path == NULL)
        return err;
    if (err == 0 && fsync(fileno(t->file)) < 0)
        err = -errno;
    if (fclose(t->file) != 0 && err == 0)
        err = -errno;
    if (err == 0 && rename(t->made, t->path) < 0)
        err = -errno;
    if (err < 0)
        unlink(t->made);
    return err;
}

static int write_all(const struct options *o, const struct export_opts *opts)
{
    struct export_result result;
    struct target target;
    int code = target_open(&target, o->output);
    if (code != 0)
        return code;
    int err = target_close(&target, export_write(opts, target.file, &result));
    if (err < 0)
        return complain("not written", err_str(err));
    if (!o->quiet)
        export_write_losses(&result.losses, COMMAND_PROGRAM " export: ", stderr);
    return 0;
}

int export_command(int argc, char **argv)
{
    struct options o = {0};
    struct blockdb *db = NULL;
    uint8_t zone[NAME_MAX_LEN];
    int code = read_options(argc, argv, &o);
    if (code != 0 || o.said_all)
        return code;
    struct export_opts opts = {.format = export_format_find(o.format),
                               .view.categories = o.categories == 0 ? UINT64_MAX : o.categories,
                               .zone = o.zone == NULL ? NULL : zone};
    if (opts.format == NULL)
        return complain("--format is rpz, hosts, domains or unbound, not", o.format);
    if (o.zone != NULL && name_from_text(o.zone, strlen(o.zone), zone) < 0)
        return complain("--zone is not a name", o.zone);
    code = open_generation(&o, &db);
    if (code == 0)
        code = find_feed(db, o.feed, &opts.view.feed);
    opts.db = db;
    if (code == 0)
        code = write_all(&o, &opts);
    blockdb_close(db);
    return code;
}
