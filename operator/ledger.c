/* belisha ledger: who did what, and whether nobody has changed it since. */
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "base/plain.h"
#include "ledger/verify.h"
#include "operator/command.h"
#include "operator/log_options.h"
#include "operator/reading.h"

#define SHOWN_USUALLY 20

struct choice {
    const struct operator_env *env;
    const char *kind, *by; /* NULL: all */
    int64_t from_s;
    uint64_t limit; /* 0: all */
    const char *dir;
    const char *key; /* file of a public key; NULL: that beside the ledger */
    bool ndjson;
    char **lines; /* the last `limit` ones, as a ring */
    uint64_t count;
};

/* ---- what is printed ---- */

static void print_entry(FILE *to, const struct entry *entry)
{
    char when[64] = "";
    struct tm tm;
    time_t time = (time_t)entry->time_s;
    if (localtime_r(&time, &tm) != NULL)
        strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S", &tm);
    fprintf(to, "%6" PRIu64 "  %s  ", entry->number, when);
    plain_print(entry->by, to);
    fprintf(to, "  ");
    plain_print(entry->kind, to);
    fprintf(to, "  ");
    plain_print(entry->object, to);
    if (entry->reason != NULL && entry->reason[0] != '\0') {
        fprintf(to, ": ");
        plain_print(entry->reason, to);
    }
    if (entry->detail != NULL) {
        fprintf(to, "  ");
        plain_print(entry->detail, to);
    }
    putc('\n', to);
}

static void print_line(const struct choice *choice, const char *line, size_t len, const struct entry *entry)
{
    if (choice->ndjson)
        fwrite(line, 1, len, choice->env->out);
    else
        print_entry(choice->env->out, entry);
}

/* ---- which ---- */

static bool is_wanted(const struct choice *choice, const struct entry *entry)
{
    size_t len = choice->kind == NULL ? 0 : strlen(choice->kind);
    bool kind = len == 0 ||
                (strncmp(entry->kind, choice->kind, len) == 0 && (entry->kind[len] == '\0' || entry->kind[len] == '.'));
    return kind && (choice->by == NULL || strcmp(entry->by, choice->by) == 0) && entry->time_s >= choice->from_s;
}

static void visit(void *ctx, const struct verify_line *line)
{
    struct choice *choice = ctx;
    if (line->read == NULL || !is_wanted(choice, &line->read->entry))
        return;
    if (choice->lines == NULL) {
        print_line(choice, line->text, line->len, &line->read->entry);
        return;
    }
    char **at = &choice->lines[choice->count++ % choice->limit];
    free(*at);
    *at = strndup(line->text, line->len);
}

static void print_last(struct choice *choice)
{
    uint64_t first = choice->count > choice->limit ? choice->count - choice->limit : 0;
    for (uint64_t i = first; choice->lines != NULL && i < choice->count; i++) {
        struct entry_read read;
        const char *line = choice->lines[i % choice->limit];
        if (line == NULL || entry_parse(line, strlen(line) - 1, &read) < 0)
            continue;
        print_line(choice, line, strlen(line), &read.entry);
        entry_read_done(&read);
    }
    for (uint64_t i = 0; choice->lines != NULL && i < choice->limit; i++)
        free(choice->lines[i]);
    free(choice->lines);
}

/* A sentence when it was typed wrongly, else NULL. */
static const char *read_choice(int argc, char *argv[], struct choice *out)
{
    static const struct option options[] = {
        {"kind", required_argument, NULL, 'k'},  {"by", required_argument, NULL, 'b'},
        {"since", required_argument, NULL, 's'}, {"limit", required_argument, NULL, 'l'},
        {"json", no_argument, NULL, 'j'},        {"dir", required_argument, NULL, 'd'},
        {"key", required_argument, NULL, 'K'},   {0}};
    int option;
    int64_t span_s;
    char *end;
    optind = 0;
    opterr = 0;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'k':
            out->kind = optarg;
            break;
        case 'b':
            out->by = optarg;
            break;
        case 'd':
            out->dir = optarg;
            break;
        case 'K':
            out->key = optarg;
            break;
        case 'j':
            out->ndjson = true;
            break;
        case 's':
            if (log_span_from_text(optarg, &span_s) < 0)
                return "--since must be a span such as 2h or 7d";
            out->from_s = time(NULL) - span_s;
            break;
        case 'l':
            out->limit = strtoull(optarg, &end, 10);
            if (*end != '\0' || out->limit == 0 || out->limit > 1000000)
                return "--limit must be a number, 1 to 1000000";
            break;
        default:
            return "this option is unknown, or lacks its value";
        }
    }
    return optind < argc ? "no other word is expected" : NULL;
}

/* ---- the commands ---- */

static void print_fault(void *ctx, const char *file, unsigned line, const char *why)
{
    const struct choice *choice = ctx;
    fprintf(choice->env->err, "%s:%u: %s\n", file, line, why);
}

static int fail(const struct choice *choice, int err)
{
    fprintf(choice->env->err, "belisha ledger: %s: %s\n", choice->dir, err_str(err));
    return OPERATOR_FAILED;
}

static int verify_run(struct choice *choice)
{
    char hex[ENTRY_HEX_LEN], id[SIGNING_ID_TEXT_MAX];
    struct verify_report report;
    struct signing_public public;
    struct verify_opts opts = {.folder = choice->dir, .fault = print_fault, .ctx = choice};
    int err = choice->key == NULL ? 0 : signing_public_load(AT_FDCWD, choice->key, &public);
    if (err < 0) {
        fprintf(choice->env->err, "belisha ledger: %s: %s\n", choice->key, err_str(err));
        return OPERATOR_FAILED;
    }
    opts.public = choice->key == NULL ? NULL : &public;
    err = ledger_verify(&opts, &report);
    if (err < 0)
        return fail(choice, err);
    fprintf(choice->env->out, "%" PRIu64 " entries", report.entries);
    if (report.entries > 0)
        fprintf(choice->env->out, ", %" PRIu64 " to %" PRIu64, report.first, report.last);
    fprintf(choice->env->out, ", in %u %s: ", report.files, report.files == 1 ? "file" : "files");
    if (report.faults == 0)
        fputs("each goes on from the one before\n", choice->env->out);
    else
        fprintf(choice->env->out, "%u %s\n", report.faults, report.faults == 1 ? "fault" : "faults");
    if (report.torn)
        fputs("(bytes of a line that was never finished follow the last entry; nobody was told that it is written)\n",
              choice->env->out);
    entry_hash_to_hex(report.hash, hex);
    if (report.entries > 0)
        fprintf(choice->env->out, "hash of the last: %s\n", hex);
    if (report.head_signed)
        fprintf(choice->env->out, "signed by key %s\n", signing_id_to_text(report.signer.id, id));
    else if (report.head)
        fputs("not signed\n", choice->env->out);
    return report.faults == 0 ? OPERATOR_OK : OPERATOR_FAILED;
}

static int read_run(struct choice *choice)
{
    struct verify_report report;
    const struct verify_opts opts = {.folder = choice->dir, .visit = visit, .ctx = choice};
    if (choice->limit > 0)
        choice->lines = calloc(choice->limit, sizeof *choice->lines);
    if (choice->limit > 0 && choice->lines == NULL)
        return fail(choice, ERR_NOMEM);
    int err = ledger_verify(&opts, &report);
    print_last(choice);
    if (err < 0)
        return fail(choice, err);
    if (report.faults > 0)
        fprintf(choice->env->err, "belisha ledger: %u faults; belisha ledger verify tells them\n", report.faults);
    return OPERATOR_OK;
}

static int ledger_run(const struct operator_env *env, int argc, char *argv[])
{
    struct choice choice = {.env = env, .dir = env->config->ledger.folder};
    const char *word = argc > 1 ? argv[1] : "";
    bool show = strcmp(word, "show") == 0, export = strcmp(word, "export") == 0;
    if (!show && !export && strcmp(word, "verify") != 0)
        return operator_usage(env, &command_ledger, "verify, show or export is expected");
    if (show)
        choice.limit = SHOWN_USUALLY;
    const char *wrong = read_choice(argc - 1, argv + 1, &choice);
    if (wrong != NULL)
        return operator_usage(env, &command_ledger, "%s", wrong);
    if (!show && !export)
        return verify_run(&choice);
    choice.ndjson |= export;
    if (!reading_record(env, show ? "ledger.show" : "ledger.export", "ledger", argc - 1, argv + 1))
        return OPERATOR_FAILED;
    return read_run(&choice);
}

static const char details[] =
    "  verify   is every entry whole, and does each go on from the one before?\n"
    "  show     the last entries, for people\n"
    "  export   all entries as they are, one JSON object a line\n"
    "\nWhich (show, export):\n"
    "  --kind KIND       such as policy, policy.approve, decision or log\n"
    "  --by NAME         what this user did\n"
    "  --since SPAN      not older than 2h, 7d\n"
    "  --limit NUMBER    the last so many (show: 20)\n"
    "  --json            show: as they are\n"
    "  --key FILE        verify: it must be signed by this key (PEM), of which you kept a copy\n"
    "  --dir DIR         a copy of the ledger's folder\n";

const struct operator_command command_ledger = {
    .name = "ledger",
    .synopsis = "ledger verify [--key FILE] [--dir DIR]\n"
                "ledger show [--kind KIND] [--by NAME] [--since SPAN] [--limit NUMBER] [--json] [--dir DIR]\n"
                "ledger export [--kind KIND] [--by NAME] [--since SPAN] [--dir DIR]",
    .help = "who did what, and proof that nobody has changed it since",
    .details = details,
    .needs_config = true,
    .run = ledger_run};
