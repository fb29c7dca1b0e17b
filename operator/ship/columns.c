#include "ship/columns.h"

#include <stdio.h>
#include <time.h>

#define SECOND_NS INT64_C(1000000000)
#define DAY_S     INT64_C(86400)

static const uint8_t no_address[16];

const struct ship_who ship_nobody = {.group = "", .person_name = "", .device_name = "", .client_address = no_address};
const struct ship_what ship_nothing = {.name = "",
                                       .domain = "",
                                       .type = "",
                                       .rcode = "",
                                       .verdict = "",
                                       .reason = "",
                                       .category = "",
                                       .match = "",
                                       .matched_name = "",
                                       .feed = "",
                                       .answer = no_address};
const struct ship_path ship_nowhere = {.upstream = ""};

static const char *const kinds[SHIP_KINDS] = {"row", "gap", "removed", "damaged"};
static const char *const grades[] = {"none", "user", "logon", "loan", "device", "address"};
static const char *const transports[] = {"udp", "tcp", "dot", "doh"};
static const char *const caches[] = {"none", "hit", "miss", "stale", "merged"};

#define WORD(words, value) ((value) < sizeof(words) / sizeof(words)[0] ? (words)[value] : "unknown")

char *ship_time_to_text(int64_t time_ns, char out[SHIP_TIME_MAX])
{
    int64_t seconds = time_ns / SECOND_NS;
    int64_t ns = time_ns % SECOND_NS;
    struct tm tm;
    time_t time = (time_t)(ns < 0 ? seconds - 1 : seconds);
    gmtime_r(&time, &tm);
    size_t len = strftime(out, SHIP_TIME_MAX, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(out + len, SHIP_TIME_MAX - len, ".%09uZ", (unsigned)((ns + SECOND_NS) % SECOND_NS));
    return out;
}

void columns_begin(const struct pen *pen)
{
    if (pen->form == PEN_JSON)
        text_printf(pen->out, "{\"v\":%d", SHIP_SCHEMA);
}

void columns_end(const struct pen *pen)
{
    if (pen->form == PEN_JSON)
        text_add(pen->out, "}\n", 2);
}

/* ClickHouse of old has seconds only: they and what is left of them are two columns, and the day is one. */
static void put_time(const struct pen *pen, int64_t time_ns)
{
    uint64_t ns = time_ns < 0 ? 0 : (uint64_t)time_ns;
    char text[SHIP_TIME_MAX];
    if (pen->form == PEN_JSON || pen->form == PEN_FIELDS) {
        pen_text(pen, "time", ship_time_to_text(time_ns, text));
        return;
    }
    pen_number(pen, "time", ns / SECOND_NS, 4);
    pen_number(pen, "ns", ns % SECOND_NS, 4);
    pen_number(pen, "day", ns / SECOND_NS / DAY_S, 2);
}

void columns_item(const struct pen *pen, const struct ship_item *item)
{
    put_time(pen, item->time_ns);
    pen_word(pen, "kind", item->kind, kinds);
    pen_number(pen, "number", item->number, 8);
    pen_number(pen, "lost", item->lost, 8);
    pen_number(pen, "rtt_us", item->rtt_us, 4);
}

void columns_origin(const struct pen *pen, const struct ship_origin *origin)
{
    pen_text(pen, "site", origin->site);
    pen_text(pen, "node", origin->node);
    pen_number(pen, "segment", origin->segment, 8);
}

void columns_who(const struct pen *pen, const struct ship_who *who)
{
    pen_text(pen, "group_name", who->group);
    pen_text(pen, "grade", WORD(grades, who->grade));
    pen_number(pen, "policy_version", who->policy_version, 4);
    pen_pseudonym(pen, "person", who->person);
    pen_pseudonym(pen, "device", who->device);
    pen_pseudonym(pen, "client", who->client);
    pen_text(pen, "person_name", who->person_name);
    pen_text(pen, "device_name", who->device_name);
    pen_address(pen, "client_address", who->client_address);
}

void columns_what(const struct pen *pen, const struct ship_what *what)
{
    pen_text(pen, "name", what->name);
    pen_text(pen, "domain", what->domain);
    pen_text(pen, "type", what->type);
    pen_text(pen, "rcode", what->rcode);
    pen_text(pen, "verdict", what->verdict);
    pen_text(pen, "reason", what->reason);
    pen_text(pen, "category", what->category);
    pen_texts(pen, "categories", what->categories, what->category_count);
    pen_number(pen, "blocked", what->blocked, 1);
    pen_number(pen, "help", what->help, 1);
    pen_text(pen, "match", what->match);
    pen_text(pen, "matched_name", what->matched_name);
    pen_number(pen, "match_labels", what->match_labels, 1);
    pen_text(pen, "feed", what->feed);
    pen_number(pen, "rule", what->rule, 4);
    pen_address(pen, "answer", what->answer);
    pen_number(pen, "answer_count", what->answer_count, 1);
    pen_number(pen, "generation", what->generation, 8);
}

void columns_path(const struct pen *pen, const struct ship_path *path)
{
    pen_text(pen, "transport", WORD(transports, path->transport));
    pen_text(pen, "cache", WORD(caches, path->cache));
    pen_text(pen, "upstream", path->upstream);
}

void columns_names(struct text *out)
{
    struct text listed = {0};
    const struct pen pen = {.form = PEN_NAMES, .out = &listed};
    const struct ship_item item = {0};
    const struct ship_origin origin = {.site = "", .node = ""};
    columns_item(&pen, &item);
    columns_origin(&pen, &origin);
    columns_who(&pen, &ship_nobody);
    columns_what(&pen, &ship_nothing);
    columns_path(&pen, &ship_nowhere);
    if (text_ok(&listed))
        text_add(out, listed.bytes + 1, listed.len - 1); /* without the first comma */
    else
        out->failed = true;
    text_done(&listed);
}
