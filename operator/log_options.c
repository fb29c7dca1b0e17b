#include "operator/log_options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/category.h"
#include "base/verdict.h"
#include "dns/name.h"
#include "qlog/code.h"

#define SECOND_NS INT64_C(1000000000)
#define DAYS_MAX  INT64_C(100000)
#define LAST_S    INT64_C(7258118400) /* 2200: what lies behind is no time of a log, nor has room in nanoseconds */

int log_span_from_text(const char *text, int64_t *out_s)
{
    static const struct {
        char unit;
        int64_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    char *end;
    if (*text < '0' || *text > '9')
        return ERR_MALFORMED;
    errno = 0;
    long long count = strtoll(text, &end, 10);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (*end != units[i].unit || end[1] != '\0')
            continue;
        if (errno != 0 || count > DAYS_MAX * 86400 / units[i].seconds)
            return ERR_MALFORMED;
        *out_s = count * units[i].seconds;
        return 0;
    }
    return ERR_MALFORMED;
}

static int date_from_text(const char *text, int64_t *out_s)
{
    static const char *const forms[] = {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M",
                                        "%Y-%m-%d"};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        struct tm tm = {0};
        const char *end = strptime(text, forms[i], &tm);
        if (end == NULL || (strcmp(end, "") != 0 && strcmp(end, "Z") != 0))
            continue;
        *out_s = timegm(&tm);
        return *out_s < 0 || *out_s > LAST_S ? ERR_MALFORMED : 0;
    }
    return ERR_MALFORMED;
}

int log_time_from_text(const char *text, int64_t now_ns, int64_t *out_ns)
{
    int64_t seconds;
    if (strcmp(text, "now") == 0) {
        *out_ns = now_ns;
        return 0;
    }
    if (text[0] == '-' && log_span_from_text(text + 1, &seconds) == 0) {
        *out_ns = now_ns - seconds * SECOND_NS;
        return 0;
    }
    int code = date_from_text(text, &seconds);
    if (code == 0)
        *out_ns = seconds * SECOND_NS;
    return code;
}

static int number_from_text(const char *text, int64_t *out)
{
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno != 0 || *text < '0' || *text > '9' || *end != '\0')
        return ERR_MALFORMED;
    *out = value;
    return 0;
}

/* "10G": a number with K, M, G or T (powers of 1,024). */
static int bytes_from_text(const char *text, int64_t *out)
{
    static const char units[] = "KMGT";
    char digits[24];
    size_t len = strlen(text);
    const char *unit = len == 0 ? NULL : strchr(units, text[len - 1]);
    int shift = unit == NULL ? 0 : 10 * (int)(unit - units + 1);
    int64_t value;
    len -= unit != NULL;
    if (len == 0 || len >= sizeof digits)
        return ERR_MALFORMED;
    memcpy(digits, text, len);
    digits[len] = '\0';
    if (number_from_text(digits, &value) < 0 || value > INT64_MAX >> shift)
        return ERR_MALFORMED;
    *out = value << shift;
    return 0;
}

static const char *take_name(struct log_options *o, const char *text)
{
    uint8_t name[NAME_MAX_LEN];
    int len = name_from_text(text, strlen(text), name);
    if (len < 0)
        return "--name must be a domain name such as example.com";
    name_lower(o->name, name, (size_t)len);
    o->filter.name = o->name;
    return NULL;
}

static const char *take_category(struct log_options *o, const char *text)
{
    int id = category_from_name(text, strlen(text));
    if (id < 0)
        return "--category must be one of the list's categories, such as gambling";
    o->filter.categories |= CATEGORY_BIT(id);
    return NULL;
}

static const char *take_verdict(struct log_options *o, const char *text)
{
    o->filter.action = verdict_action_from_name(text);
    return o->filter.action < 0 ? "--verdict must be one of allowed, blocked, nxdomain, rewritten, local, refused, "
                                  "not-ready, dropped, error"
                                : NULL;
}

static const char *take_format(struct log_options *o, const char *text)
{
    int format = grid_format_from_name(text);
    if (format < 0)
        return "--format must be csv, ndjson, sqlite or parquet";
    o->format = (enum grid_format)format;
    return NULL;
}

static const char *take_code(struct log_options *o, const char *text)
{
    struct qlog_code code;
    o->filter.code = text;
    return qlog_code_parse(text, &code) < 0 ? "--code must be the eight characters of the notice page" : NULL;
}

static const char *take_limit(struct log_options *o, const char *text)
{
    int64_t limit;
    if (number_from_text(text, &limit) < 0 || limit == 0)
        return "--limit must be a number of rows";
    o->limit = (uint64_t)limit;
    return NULL;
}

static const char *take_client(struct log_options *o, const char *text)
{
    o->filter.client = &o->client;
    return prefix_from_text(text, &o->client) < 0 ? "--client must be an address or a network such as 10.20.0.0/16"
                                                  : NULL;
}

static const char *take_prune(struct log_options *o, int option, const char *text)
{
    if (option == 'd')
        return number_from_text(text, &o->days) < 0 || o->days > DAYS_MAX ? "--days must be a number of days" : NULL;
    return bytes_from_text(text, &o->bytes) < 0 ? "--bytes must be a size such as 20G" : NULL;
}

static const char *take_hold(struct log_options *o, int option, const char *text)
{
    o->holds = true;
    if (option == 'R')
        o->reason = text;
    if (option == 'R')
        return (size_t)snprintf(o->hold.reason, sizeof o->hold.reason, "%s", text) < sizeof o->hold.reason
                   ? NULL
                   : "--reason may have 500 bytes";
    return hold_day_from_text(text, option == 'h' ? &o->hold.from_day : &o->hold.to_day) < 0
               ? "--days-from and --days-to must be days such as 2026-11-02"
               : NULL;
}

static const char *take_release(struct log_options *o, const char *text)
{
    int64_t number;
    if (number_from_text(text, &number) < 0 || number == 0 || number > UINT32_MAX)
        return "--release must be the number of a hold";
    o->release = (uint32_t)number;
    return NULL;
}

static const char *take_pack_for(struct log_options *o, const char *text)
{
    o->pack_for = strcmp(text, "police") == 0 ? LOG_PACK_POLICE
                  : strcmp(text, "dsl") == 0  ? LOG_PACK_DSL
                                              : LOG_PACK_NONE;
    return o->pack_for == LOG_PACK_NONE ? "--for must be police or dsl" : NULL;
}

static const char *take_request(uint64_t *out, const char *text)
{
    int64_t number;
    if (number_from_text(text, &number) < 0 || number == 0)
        return "--approve and --request take the number of a request, as the ledger has it";
    *out = (uint64_t)number;
    return NULL;
}

/* Of an option that takes no value; NULL: it is none of these. */
static bool *flag_of(struct log_options *o, int option)
{
    switch (option) {
    case 'w':
        return &o->filter.name_below;
    case 'b':
        return &o->filter.blocked_only;
    case 'A':
        return &o->all;
    case 'M':
        return &o->bom;
    case 'z':
        return &o->zip;
    case 'p':
        return &o->plain;
    case 'i':
        return &o->without_identities;
    case 'a':
        return &o->ask_password;
    case 'j':
        return &o->json;
    case 's':
        return &o->segments;
    default:
        return NULL;
    }
}

/* Of an option whose value is kept as it was typed; NULL: it is none of these. */
static const char **text_of(struct log_options *o, int option)
{
    switch (option) {
    case 'g':
        return &o->filter.group;
    case 'P':
        return &o->password_file;
    case 'r':
        return &o->reference;
    case 'o':
        return &o->output;
    case 'U':
        return &o->user;
    case 'V':
        return &o->device;
    case 'Y':
        return &o->roster;
    case 'D':
        return &o->dir;
    default:
        return NULL;
    }
}

static const char *take_time(const char *text, int64_t now_ns, int64_t *out_ns)
{
    return log_time_from_text(text, now_ns, out_ns) < 0
               ? "a time is written 2026-11-21, 2026-11-21T10:30 (UTC), or -2h, -30m, -7d before now"
               : NULL;
}

static const char *take_also(struct log_options *o, const char *text)
{
    if (o->also_count == LOG_ALSO_MAX)
        return "--also may be given eight times";
    o->also[o->also_count++] = text;
    return NULL;
}

static const char *take_key(struct log_options *o, const char *text)
{
    if (o->key_count == LOG_KEYS_MAX)
        return "--key may be given eight times";
    o->keys[o->key_count++] = text;
    return NULL;
}

/* Of an option whose value means something; '?' comes here as well. */
static const char *take_value(struct log_options *o, int option, const char *text, int64_t now_ns)
{
    switch (option) {
    case 'F':
        return take_time(text, now_ns, &o->filter.from_ns);
    case 'T':
        return take_time(text, now_ns, &o->filter.to_ns);
    case 'c':
        return take_client(o, text);
    case 'n':
        return take_name(o, text);
    case 'k':
        return take_category(o, text);
    case 'v':
        return take_verdict(o, text);
    case 'x':
        return take_code(o, text);
    case 'l':
        return take_limit(o, text);
    case 'f':
        return take_format(o, text);
    case 'O':
        return take_pack_for(o, text);
    case '1':
        return take_request(&o->approve, text);
    case 'q':
        return take_request(&o->request, text);
    case 'L':
        return take_also(o, text);
    case 'h':
    case 'H':
    case 'R':
        return take_hold(o, option, text);
    case 'e':
        return take_release(o, text);
    case 'K':
        return take_key(o, text);
    case 'd':
    case 'B':
        return take_prune(o, option, text);
    default:
        return "this option is unknown, or lacks its value";
    }
}

static const char *take_option(struct log_options *o, int option, int64_t now_ns)
{
    bool *flag = flag_of(o, option);
    const char **text = text_of(o, option);
    if (flag != NULL)
        *flag = true;
    else if (text != NULL)
        *text = optarg;
    else
        return take_value(o, option, optarg, now_ns);
    return NULL;
}

const char *log_options_read(int argc, char *argv[], int64_t now_ns, struct log_options *o)
{
    static const struct option options[] = {{"from", required_argument, NULL, 'F'},
                                            {"to", required_argument, NULL, 'T'},
                                            {"client", required_argument, NULL, 'c'},
                                            {"name", required_argument, NULL, 'n'},
                                            {"below", no_argument, NULL, 'w'},
                                            {"group", required_argument, NULL, 'g'},
                                            {"category", required_argument, NULL, 'k'},
                                            {"verdict", required_argument, NULL, 'v'},
                                            {"user", required_argument, NULL, 'U'},
                                            {"device", required_argument, NULL, 'V'},
                                            {"also", required_argument, NULL, 'L'},
                                            {"roster", required_argument, NULL, 'Y'},
                                            {"blocked", no_argument, NULL, 'b'},
                                            {"code", required_argument, NULL, 'x'},
                                            {"limit", required_argument, NULL, 'l'},
                                            {"format", required_argument, NULL, 'f'},
                                            {"bom", no_argument, NULL, 'M'},
                                            {"zip", no_argument, NULL, 'z'},
                                            {"for", required_argument, NULL, 'O'},
                                            {"segments", no_argument, NULL, 's'},
                                            {"approve", required_argument, NULL, '1'},
                                            {"request", required_argument, NULL, 'q'},
                                            {"plain", no_argument, NULL, 'p'},
                                            {"without-identities", no_argument, NULL, 'i'},
                                            {"json", no_argument, NULL, 'j'},
                                            {"ask-password", no_argument, NULL, 'a'},
                                            {"password-file", required_argument, NULL, 'P'},
                                            {"reference", required_argument, NULL, 'r'},
                                            {"output", required_argument, NULL, 'o'},
                                            {"dir", required_argument, NULL, 'D'},
                                            {"days", required_argument, NULL, 'd'},
                                            {"bytes", required_argument, NULL, 'B'},
                                            {"key", required_argument, NULL, 'K'},
                                            {"days-from", required_argument, NULL, 'h'},
                                            {"days-to", required_argument, NULL, 'H'},
                                            {"reason", required_argument, NULL, 'R'},
                                            {"release", required_argument, NULL, 'e'},
                                            {"all", no_argument, NULL, 'A'},
                                            {0}};
    int option;
    *o = (struct log_options){.filter = {.action = -1}, .days = -1, .bytes = -1};
    optind = 0;
    while ((option = getopt_long(argc, argv, "o:", options, NULL)) != -1) {
        const char *wrong = take_option(o, option, now_ns);
        if (wrong != NULL)
            return wrong;
    }
    bool checks = strcmp(argv[0], "check-export") == 0;
    if (checks && optind + 1 == argc)
        o->checked = argv[optind++];
    bool subject = strcmp(argv[0], "subject-access") == 0;
    if (subject && optind + 1 == argc)
        o->user = argv[optind++];
    if (subject && o->user == NULL)
        return "the name of one user, or a number such as '#17', is expected here";
    if (!subject && o->also_count > 0)
        return "--also belongs to subject-access";
    if (checks && o->checked == NULL)
        return "the file of an export is expected here";
    if (optind != argc)
        return "only options are expected here";
    if (o->filter.name_below && o->filter.name == NULL)
        return "--below belongs to --name";
    if (o->filter.to_ns != 0 && o->filter.from_ns >= o->filter.to_ns)
        return "--from must be before --to";
    return NULL;
}
