/* belisha inbox: what people told the school through the notice page. */
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/err.h"
#include "notice/inbox.h"
#include "operator/command.h"
#include "operator/reading.h"

struct listing {
    FILE *out;
    bool json;
    size_t count;
};

static const char *string(const json_t *object, const char *key)
{
    const char *value = json_string_value(json_object_get(object, key));
    return value == NULL ? "" : value;
}

static void print_line(FILE *to, const char *head, const char *value)
{
    if (value[0] != '\0')
        fprintf(to, "    %-8s %s\n", head, value);
}

/* Further lines of what was written begin below the first. */
static void print_words(FILE *to, const char *words)
{
    fprintf(to, "    %-8s ", "words");
    for (; *words != '\0'; words++) {
        putc(*words, to);
        if (*words == '\n')
            fprintf(to, "    %-8s ", "");
    }
    putc('\n', to);
}

static void print_report(FILE *to, uint64_t id, const json_t *report)
{
    bool unblock = strcmp(string(report, "kind"), "unblock") == 0;
    fprintf(to, "%" PRIu64 "  %s  %s\n", id, string(report, "time"),
            unblock ? "please unblock" : "concern: seen something");
    print_line(to, "about", string(report, "about"));
    print_line(to, "site", string(report, "host"));
    print_line(to, "address", string(report, "url"));
    print_words(to, string(report, "words"));
    print_line(to, "signed", string(report, "name"));
    print_line(to, "client", string(report, "client"));
    print_line(to, "group", string(report, "group"));
    print_line(to, "code", string(report, "code"));
}

static int list_one(void *ctx, uint64_t id, const char *json, size_t json_len)
{
    struct listing *listing = ctx;
    listing->count++;
    if (listing->json) {
        fprintf(listing->out, "%.*s\n", (int)json_len, json);
        return 0;
    }
    json_t *report = json_loadb(json, json_len, JSON_REJECT_DUPLICATES, NULL);
    if (report == NULL)
        fprintf(listing->out, "%" PRIu64 "  (damaged)\n", id);
    else
        print_report(listing->out, id, report);
    json_decref(report);
    return 0;
}

static int list(const struct operator_env *env, uint64_t from, bool json)
{
    struct listing listing = {.out = env->out, .json = json};
    struct inbox *inbox;
    int err = inbox_open_readonly(env->config->notice.inbox_dir, &inbox);
    if (err == 0) {
        err = inbox_walk(inbox, from, list_one, &listing);
        inbox_close(inbox);
    }
    if (err < 0 && err != ERR_NOENT) {
        fprintf(env->err, "belisha inbox: %s: %s\n", env->config->notice.inbox_dir, err_str(err));
        return OPERATOR_FAILED;
    }
    if (listing.count == 0 && !json)
        fputs("Nothing has been sent.\n", env->out);
    return OPERATOR_OK;
}

/* ---- a word for the record ---- */

struct search {
    uint64_t number;
    bool found;
};

static int find_one(void *ctx, uint64_t id, const char *json, size_t json_len)
{
    struct search *search = ctx;
    (void)json;
    (void)json_len;
    search->found = id == search->number;
    return 1;
}

static bool is_there(const struct operator_env *env, uint64_t number)
{
    struct search search = {.number = number};
    struct inbox *inbox;
    if (inbox_open_readonly(env->config->notice.inbox_dir, &inbox) < 0)
        return false;
    int err = inbox_walk(inbox, number, find_one, &search);
    inbox_close(inbox);
    return err >= 0 && search.found;
}

/* The inbox is the notice page's to write; what became of a message is in the ledger. */
static int answer(const struct operator_env *env, const char *word, const char *reason)
{
    char *end, object[64], text[512];
    const uint64_t number = strtoull(word, &end, 10);
    if (number == 0 || *end != '\0')
        return operator_usage(env, &command_inbox, "'%s' is not the number of an entry", word);
    if (reason == NULL || reason[0] == '\0')
        return operator_usage(env, &command_inbox, "say with --reason what came of it");
    if (!is_there(env, number)) {
        fprintf(env->err, "belisha inbox: there is no entry %" PRIu64 "\n", number);
        return OPERATOR_FAILED;
    }
    snprintf(object, sizeof object, "message %" PRIu64, number);
    snprintf(text, sizeof text, "%s", reason);
    char *words[] = {(char[]){"answer"}, text};
    if (!reading_record(env, "inbox.answer", object, 2, words))
        return OPERATOR_FAILED;
    fprintf(env->out, "ok: message %" PRIu64 " is answered\n", number);
    return OPERATOR_OK;
}

static int run(const struct operator_env *env, int argc, char *argv[])
{
    static const struct option options[] = {{"from", required_argument, NULL, 'f'},
                                            {"json", no_argument, NULL, 'j'},
                                            {"reason", required_argument, NULL, 'R'},
                                            {0}};
    uint64_t from = 0;
    const char *reason = NULL;
    bool json = false;
    int option;
    char *end = NULL;
    optind = 0;
    opterr = 0;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'j')
            json = true;
        else if (option == 'R')
            reason = optarg;
        else if (option != 'f')
            return operator_usage(env, &command_inbox, "unknown option '%s'", argv[optind - 1]);
        else if ((from = strtoull(optarg, &end, 10)) == 0 || *end != '\0')
            return operator_usage(env, &command_inbox, "'%s' is not the number of an entry", optarg);
    }
    if (optind + 2 == argc && strcmp(argv[optind], "answer") == 0)
        return answer(env, argv[optind + 1], reason);
    if (optind + 1 != argc || strcmp(argv[optind], "list") != 0)
        return operator_usage(env, &command_inbox, "say what to do: list, or answer NUMBER");
    return list(env, from, json);
}

const struct operator_command command_inbox = {
    .name = "inbox",
    .synopsis = "inbox list [--from NUMBER] [--json]\ninbox answer NUMBER --reason TEXT",
    .help = "what people told the school through the notice page",
    .details = "  list         requests to open a website, and reports of what should be closed; each has a number\n"
               "  answer       a word for the record on what came of one; the sheets count it as answered\n"
               "\n"
               "  --from NUMBER             list: without those before it\n"
               "  --json                    list: an object a line, for programs\n"
               "  --reason TEXT             answer: what came of it; it stands in the ledger, which is kept\n",
    .needs_config = true,
    .run = run,
};
