#include <getopt.h>
#include <limits.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/category.h"
#include "base/err.h"
#include "base/text.h"
#include "blocklist-compiler/command.h"
#include "blocklist-compiler/compile.h"
#include "blocklist-compiler/outputs.h"
#include "blocklist-compiler/runs.h"
#include "recipe/help.h"
#include "recipe/origin.h"
#include "school/school.h"
#include "tier/tier.h"

#define EXIT_UNUSABLE  2 /* nothing was published */
#define DEFAULT_RECIPE "/etc/belisha/feeds.yaml"
#define DEFAULT_OUT    COMMAND_DEFAULT_OUT

static const char usage[] =
    "usage: blocklist-compiler [--recipe FILE] [--out DIR] [--report FORM[=FILE]]...\n"
    "       blocklist-compiler --list FILE --format FORMAT --category NAME [--exact] [--out DIR] [...]\n"
    "       blocklist-compiler export --format FORMAT [...]\n"
    "\n"
    "Makes one generation of the blocklist from the feeds of a recipe, or from one list. `export` writes one in a\n"
    "form that other resolvers read; it has a --help of its own.\n"
    "\n"
    "  -r, --recipe FILE    the feeds (" DEFAULT_RECIPE ")\n"
    "  -o, --out DIR        folder of the generations (" DEFAULT_OUT ", or the recipe's)\n"
    "  --report FORM        text (default), html or json; FORM=FILE writes it to a file. As often as wanted\n"
    "  --report-file FILE   where the last --report goes, instead of standard output\n"
    "  -l, --list FILE      one list instead of a recipe\n"
    "  -f, --format FORMAT  of the list: hosts, domains, adblock, ut1, rpz, dnsmasq, unbound, urls\n"
    "  --category NAME      of the list; not needed for ut1\n"
    "  --exact              a plain domain of the list does not stand for those below it\n"
    "  --keep N             generations that stay (5, or the recipe's)\n"
    "  --ca-file FILE       certificates to trust, instead of the system's\n"
    "  --threads N          that fetch and read (one per processor)\n"
    "  -q, --quiet          no progress on standard error\n"
    "  --version\n"
    "  -h, --help\n"
    "\n"
    "Exit code: 0 published or unchanged, 1 the same with a feed stale or missing, 2 not published.\n";

struct options {
    const char *recipe, *out, *list, *format, *category, *ca_file;
    struct outputs outputs;
    bool exact, quiet, said_all;
    long keep, threads;
};

enum {
    OPTION_CATEGORY = 256,
    OPTION_CA_FILE,
    OPTION_EXACT,
    OPTION_KEEP,
    OPTION_REPORT,
    OPTION_REPORT_FILE,
    OPTION_THREADS,
    OPTION_VERSION
};

static const struct option long_options[] = {
    {"recipe", required_argument, NULL, 'r'},
    {"out", required_argument, NULL, 'o'},
    {"report", required_argument, NULL, OPTION_REPORT},
    {"report-file", required_argument, NULL, OPTION_REPORT_FILE},
    {"list", required_argument, NULL, 'l'},
    {"format", required_argument, NULL, 'f'},
    {"category", required_argument, NULL, OPTION_CATEGORY},
    {"exact", no_argument, NULL, OPTION_EXACT},
    {"keep", required_argument, NULL, OPTION_KEEP},
    {"ca-file", required_argument, NULL, OPTION_CA_FILE},
    {"threads", required_argument, NULL, OPTION_THREADS},
    {"quiet", no_argument, NULL, 'q'},
    {"version", no_argument, NULL, OPTION_VERSION},
    {"help", no_argument, NULL, 'h'},
    {0},
};

static int complain(const char *sentence, const char *word)
{
    fprintf(stderr, "blocklist-compiler: %s%s%s\n", sentence, word[0] == '\0' ? "" : ": ", word);
    return EXIT_UNUSABLE;
}

static int read_count(const char *option, const char *text, long *out)
{
    char *end;
    long number = strtol(text, &end, 10);
    if (end == text || *end != '\0' || number < 1 || number > 1000) {
        fprintf(stderr, "blocklist-compiler: %s takes a number from 1 to 1000, not: %s\n", option, text);
        return EXIT_UNUSABLE;
    }
    *out = number;
    return 0;
}

static int read_report(struct options *o, const char *form)
{
    int err = outputs_add(&o->outputs, form);
    if (err == ERR_INVAL)
        return complain("--report is text, html or json, with =FILE where it shall go to a file, not", form);
    return err < 0 ? complain("too many reports", form) : 0;
}

static int read_option(struct options *o, int option, const char *value)
{
    switch (option) {
    case 'r':
        o->recipe = value;
        return 0;
    case 'o':
        o->out = value;
        return 0;
    case 'l':
        o->list = value;
        return 0;
    case 'f':
        o->format = value;
        return 0;
    case 'q':
        o->quiet = true;
        return 0;
    case OPTION_CATEGORY:
        o->category = value;
        return 0;
    case OPTION_CA_FILE:
        o->ca_file = value;
        return 0;
    case OPTION_EXACT:
        o->exact = true;
        return 0;
    case OPTION_KEEP:
        return read_count("--keep", value, &o->keep);
    case OPTION_THREADS:
        return read_count("--threads", value, &o->threads);
    case OPTION_REPORT_FILE:
        return outputs_set_file(&o->outputs, value) < 0 ? complain("too many reports", value) : 0;
    case OPTION_REPORT:
        return read_report(o, value);
    case OPTION_VERSION:
        puts("blocklist-compiler " BELISHA_VERSION);
        o->said_all = true;
        return 0;
    case 'h':
        fputs(usage, stdout);
        o->said_all = true;
        return 0;
    default:
        fputs("Try --help.\n", stderr);
        return EXIT_UNUSABLE;
    }
}

static int read_options(int argc, char **argv, struct options *o)
{
    int option;
    while ((option = getopt_long(argc, argv, "r:o:l:f:qh", long_options, NULL)) != -1) {
        int code = read_option(o, option, optarg);
        if (code != 0 || o->said_all)
            return code;
    }
    if (optind < argc)
        return complain("unknown word", argv[optind]);
    if (o->list != NULL && o->recipe != NULL)
        return complain("--recipe and --list exclude each other", "");
    if (o->list == NULL && (o->format != NULL || o->category != NULL || o->exact))
        return complain("--format, --category and --exact belong to --list", "");
    return 0;
}

static void set_word(char to[ORIGIN_WORD_MAX], const char *word)
{
    snprintf(to, ORIGIN_WORD_MAX, "%s", word == NULL ? "" : word);
}

/* --list as a recipe of one feed: any number of names is believed, no copy is kept. */
static int feed_from_options(const struct options *o, struct origin *origin, struct recipe_feed *out)
{
    const char *formats[FEED_FORMATS_MAX];
    const char *wrong = "";
    feed_format_list(formats);
    set_word(origin->format, o->format == NULL ? "domains" : o->format);
    set_word(origin->category, o->category);
    origin->exact = o->exact;
    if (origin_feed(origin, formats, out, &wrong) < 0)
        return wrong == origin->format ? complain("unknown format (--help lists them)", o->format)
                                       : complain("unknown category", o->category);
    if (o->category == NULL && feed_format_at(out->format)->parse_tree == NULL)
        return complain("--list needs --category", "");
    out->source = o->list;
    return 0;
}

/* A list is in force without the note too; only `belisha why --provenance` would not know what to read. */
static void note_origin(const char *folder, const struct options *o, struct origin *origin)
{
    const char *path = o->list != NULL ? o->list : o->recipe == NULL ? DEFAULT_RECIPE : o->recipe;
    int err = realpath(path, o->list != NULL ? origin->list : origin->recipe) == NULL ? ERR_IO : 0;
    if (err == 0)
        err = origin_note(folder, origin);
    if (err < 0)
        complain("what the list is made of can't be noted", err_str(err));
}

static int load_recipe(const char *path, struct recipe **out)
{
    const char *formats[FEED_FORMATS_MAX];
    struct config_errors errors = {0};
    feed_format_list(formats);
    int err = recipe_load(path, formats, out, &errors);
    config_errors_print(&errors, stderr);
    config_errors_done(&errors);
    if (err == ERR_CONFIG)
        return complain("the recipe can't be used", path);
    return err < 0 ? complain(err_str(err), path) : 0;
}

static int make_guard(const struct recipe *recipe, struct guard **out)
{
    struct config_errors errors = {0};
    int err = school_guard(recipe, &errors, out);
    config_errors_print(&errors, stderr);
    config_errors_done(&errors);
    if (err == ERR_CONFIG)
        return complain("the names that no feed may block can't be used", "");
    return err < 0 ? complain(err_str(err), "") : 0;
}

static int64_t monotonic_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void write_reports(const struct options *o, const struct report *report)
{
    const char *file = NULL;
    int err = outputs_write(&o->outputs, report, &file);
    if (err < 0) {
        fprintf(stderr, "blocklist-compiler: the report can't be written to %s: %s\n",
                file == NULL ? "standard output" : file, err_str(err));
    }
}

/* A run without a record is told about; what was published is in force all the same. */
static void note_run(const char *out, const struct report *report)
{
    int err = runs_write(out, report);
    if (err < 0)
        complain("the record of this run can't be kept", err_str(err));
}

/* The largest resident memory of this process and of those that read feeds for it. */
static uint64_t peak_bytes(void)
{
    struct rusage own = {0}, children = {0};
    getrusage(RUSAGE_SELF, &own);
    getrusage(RUSAGE_CHILDREN, &children);
    long most = own.ru_maxrss > children.ru_maxrss ? own.ru_maxrss : children.ru_maxrss;
    return (uint64_t)most * 1024;
}

static int list(const struct compile_opts *opts, struct compile **out, struct report *report)
{
    unsigned line = 0;
    int64_t begin_ms = monotonic_ms();
    int err = compile_new(opts, out, &line);
    if (err < 0)
        return complain(err_str(err), "");
    *report = *compile_run(*out);
    report->elapsed_ms = monotonic_ms() - begin_ms;
    report->peak_bytes = peak_bytes();
    int code = compile_exit_code(report);
    if (code == EXIT_UNUSABLE)
        complain("not published", report->why);
    else if (report->why[0] != '\0')
        complain("published", report->why);
    return code;
}

/* The statutory tier goes first, and neither waits for the other's success. */
static int statutory(const struct compile_opts *opts, const struct recipe *recipe, struct tier **out,
                     const struct report_statutory **report)
{
    struct tier_opts tier = {
        .out = opts->out,
        .feeds = recipe == NULL ? NULL : recipe->statutory,
        .feed_count = recipe == NULL ? 0 : recipe->statutory_count,
        .obtain = {.download = job_patience(opts->ca_file, NULL), .access = job_access, .now_s = opts->now_s}};
    struct text help = {0};
    if (recipe == NULL || !tier_is_due(&tier))
        return 0;
    int err = help_collect(recipe, &help);
    if (err == 0)
        err = download_init();
    tier.help = help.bytes;
    if (err == 0)
        err = tier_new(&tier, out);
    if (err == 0)
        *report = tier_run(*out);
    text_done(&help);
    if (err < 0)
        return complain("the statutory list was not published", err_str(err));
    download_done();
    int code = tier_exit_code(*report);
    if (code == EXIT_UNUSABLE)
        complain("the statutory list was not published", (*report)->why);
    return code;
}

static int compile(const struct options *o, const struct compile_opts *opts, const struct recipe *recipe)
{
    struct compile *c = NULL;
    struct tier *tier = NULL;
    struct report report = {.outcome = REPORT_FAILED, .why = ""};
    const struct report_statutory *tier_report = NULL;
    int tier_code = statutory(opts, recipe, &tier, &tier_report);
    int code = list(opts, &c, &report);
    report.statutory = tier_report;
    /* The lists are in force whether or not somebody could be told. */
    if (c != NULL) {
        note_run(opts->out, &report);
        write_reports(o, &report);
    }
    compile_free(c);
    tier_free(tier);
    return code > tier_code ? code : tier_code;
}

static const char *out_folder(const struct options *o, const struct recipe *recipe)
{
    return o->out != NULL ? o->out : recipe != NULL && recipe->out != NULL ? recipe->out : DEFAULT_OUT;
}

/* A night without a list because of a typing error in the recipe is a night that an audit asks about. */
static void note_failure(const struct options *o, const struct recipe *recipe)
{
    const struct report report = {
        .outcome = REPORT_FAILED, .why = "the recipe, or what it names, can't be used", .now_s = time(NULL)};
    int err = runs_write(out_folder(o, recipe), &report);
    if (err < 0 && err != ERR_NOENT && err != ERR_ACCESS) /* somebody who only tries a recipe has no folder */
        complain("the record of this run can't be kept", err_str(err));
}

static unsigned thread_count(const struct options *o)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    return (unsigned)(o->threads > 0 ? o->threads : processors > 0 ? processors : 1);
}

static int run(const struct options *o)
{
    struct recipe *recipe = NULL;
    struct recipe_feed list;
    struct origin origin = {.exact = false};
    struct guard *guard = NULL;
    int code = o->list != NULL ? feed_from_options(o, &origin, &list)
                               : load_recipe(o->recipe == NULL ? DEFAULT_RECIPE : o->recipe, &recipe);
    if (code == 0)
        code = make_guard(recipe, &guard);
    if (code != 0)
        note_failure(o, recipe);
    if (code == 0) {
        struct compile_opts opts = {
            .feeds = recipe == NULL ? &list : recipe->feeds,
            .feed_count = recipe == NULL ? 1 : recipe->feed_count,
            .out = out_folder(o, recipe),
            .keep_copies = recipe != NULL,
            .keep = (unsigned)(o->keep > 0      ? o->keep
                               : recipe != NULL ? recipe->keep
                                                : 5),
            .threads = thread_count(o),
            .guard = guard,
            .now_s = time(NULL),
            .references = recipe == NULL ? (struct references_opts){0}
                                         : (struct references_opts){recipe->public_suffix_list, recipe->popular,
                                                                    (size_t)recipe->popular_names},
            .ca_file = o->ca_file,
            .progress = o->quiet ? NULL : stderr,
            .clock_ms = monotonic_ms,
        };
        code = compile(o, &opts, recipe);
        if (code != EXIT_UNUSABLE)
            note_origin(opts.out, o, &origin);
    }
    guard_free(guard);
    recipe_free(recipe);
    return code;
}

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} commands[] = {{"export", export_command}};

int main(int argc, char **argv)
{
    struct options o = {0};
    setlocale(LC_CTYPE, "C.UTF-8");
    for (size_t i = 0; argc > 1 && i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    int code = read_options(argc, argv, &o);
    return code != 0 || o.said_all ? code : run(&o);
}
