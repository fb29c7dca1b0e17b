#include "operator/log_fields.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/category.h"
#include "base/verdict.h"
#include "dns/rr.h"

/* A place in the room of these cells; all texts of a row have one. */
static char *room_take(struct log_cells *cells, size_t len)
{
    char *room = cells->room + cells->used;
    cells->used += len;
    assert(cells->used <= sizeof cells->room);
    return room;
}

static void put_text(struct grid_cell *out, const char *text)
{
    *out = (struct grid_cell){.there = true, .text = text, .len = strlen(text)};
}

/* "": nothing is known. */
static void put_known(struct grid_cell *out, const char *text)
{
    if (text[0] != '\0')
        put_text(out, text);
}

static void put_number(struct grid_cell *out, uint64_t number)
{
    *out = (struct grid_cell){.there = true, .number = number > INT64_MAX ? INT64_MAX : (int64_t)number};
}

static void put_address(struct log_cells *cells, struct grid_cell *out, const struct ipaddr *address)
{
    static const struct ipaddr none;
    if (!ipaddr_equal(address, &none))
        put_text(out, ipaddr_to_text(address, room_take(cells, IPADDR_TEXT_MAX)));
}

static void put_choice(struct grid_cell *out, const char *const *names, size_t count, unsigned value)
{
    put_text(out, value < count ? names[value] : "unknown");
}

static void get_time(struct log_cells *c, struct grid_cell *out)
{
    *out = (struct grid_cell){.there = true, .number = c->row->record.time_ns};
}

static void get_node(struct log_cells *c, struct grid_cell *out)
{
    put_text(out, c->row->node);
}

static void get_client(struct log_cells *c, struct grid_cell *out)
{
    put_address(c, out, &c->row->record.client);
}

static void get_client_port(struct log_cells *c, struct grid_cell *out)
{
    if (c->row->record.client_port != 0)
        put_number(out, c->row->record.client_port);
}

static void get_device(struct log_cells *c, struct grid_cell *out)
{
    put_known(out, c->row->device);
}

static void get_device_number(struct log_cells *c, struct grid_cell *out)
{
    if (c->row->record.device != 0)
        put_number(out, c->row->record.device);
}

static void get_device_called(struct log_cells *c, struct grid_cell *out)
{
    put_known(out, c->row->called);
}

static void get_user(struct log_cells *c, struct grid_cell *out)
{
    put_known(out, c->row->user);
}

static void get_user_number(struct log_cells *c, struct grid_cell *out)
{
    if (c->row->record.user != 0)
        put_number(out, c->row->record.user);
}

static void get_group(struct log_cells *c, struct grid_cell *out)
{
    put_text(out, c->row->group);
}

static void get_grade(struct log_cells *c, struct grid_cell *out)
{
    static const char *const names[] = {"none", "user", "logon", "loan", "device", "address"};
    put_choice(out, names, 6, c->row->record.grade);
}

char log_grade_letter(unsigned grade)
{
    return grade >= QLOG_GRADE_USER && grade <= QLOG_GRADE_ADDRESS ? "ABCDE"[grade - QLOG_GRADE_USER] : '-';
}

static void get_grade_letter(struct log_cells *c, struct grid_cell *out)
{
    static const char *const letters[] = {"A", "B", "C", "D", "E"};
    if (log_grade_letter(c->row->record.grade) != '-')
        put_text(out, letters[c->row->record.grade - QLOG_GRADE_USER]);
}

static void get_name(struct log_cells *c, struct grid_cell *out)
{
    put_text(out, name_to_text(c->row->record.qname, room_take(c, NAME_TEXT_MAX)));
}

static void get_type(struct log_cells *c, struct grid_cell *out)
{
    put_text(out, dns_type_to_text(c->row->record.qtype, room_take(c, DNS_TYPE_TEXT_MAX)));
}

static void get_class(struct log_cells *c, struct grid_cell *out)
{
    put_number(out, c->row->record.qclass);
}

static void get_transport(struct log_cells *c, struct grid_cell *out)
{
    static const char *const names[] = {"udp", "tcp", "dot", "doh"};
    put_choice(out, names, 4, c->row->record.transport);
}

static void get_verdict(struct log_cells *c, struct grid_cell *out)
{
    put_text(out, verdict_action_name(c->row->record.verdict.action));
}

static void get_reason(struct log_cells *c, struct grid_cell *out)
{
    put_text(out, verdict_reason_name(c->row->record.verdict.reason));
}

static void get_category(struct log_cells *c, struct grid_cell *out)
{
    unsigned id = c->row->record.verdict.category;
    const char *name = category_name(id);
    if (name == NULL && id < CATEGORY_MAX) { /* of a later version */
        char *number = room_take(c, 4);
        snprintf(number, 4, "%u", id);
        name = number;
    }
    if (name != NULL)
        put_text(out, name);
}

static void get_categories(struct log_cells *c, struct grid_cell *out)
{
    char *text = room_take(c, LOG_CATEGORIES_MAX);
    size_t len = 0;
    for (unsigned id = 0; id < CATEGORY_MAX; id++) {
        const char *name = category_name(id);
        if ((c->row->record.verdict.categories & CATEGORY_BIT(id)) == 0 || name == NULL)
            continue;
        len += (size_t)snprintf(text + len, LOG_CATEGORIES_MAX - len, "%s%s", len == 0 ? "" : " ", name);
    }
    if (len > 0)
        put_text(out, text);
}

static void get_match(struct log_cells *c, struct grid_cell *out)
{
    put_text(out, verdict_match_name(c->row->record.verdict.match));
}

static void get_matched_name(struct log_cells *c, struct grid_cell *out)
{
    if (c->row->record.matched_len > 0)
        put_text(out, name_to_text(c->row->record.matched, room_take(c, NAME_TEXT_MAX)));
}

static void get_match_labels(struct log_cells *c, struct grid_cell *out)
{
    put_number(out, c->row->record.verdict.match_labels);
}

static void get_feed(struct log_cells *c, struct grid_cell *out)
{
    put_known(out, c->row->feed);
}

static void get_rule(struct log_cells *c, struct grid_cell *out)
{
    if (c->row->record.verdict.rule != 0)
        put_number(out, c->row->record.verdict.rule);
}

static void get_rcode(struct log_cells *c, struct grid_cell *out)
{
    put_text(out, dns_rcode_to_text(c->row->record.rcode, room_take(c, DNS_TYPE_TEXT_MAX)));
}

static void get_answer(struct log_cells *c, struct grid_cell *out)
{
    put_address(c, out, &c->row->record.answer);
}

static void get_answer_count(struct log_cells *c, struct grid_cell *out)
{
    put_number(out, c->row->record.answer_count);
}

static void get_upstream(struct log_cells *c, struct grid_cell *out)
{
    put_known(out, c->row->upstream);
}

static void get_cache(struct log_cells *c, struct grid_cell *out)
{
    static const char *const names[] = {"none", "hit", "miss", "stale", "merged"};
    put_choice(out, names, 5, c->row->record.cache);
}

static void get_rtt_us(struct log_cells *c, struct grid_cell *out)
{
    put_number(out, c->row->record.rtt_us);
}

static void get_generation(struct log_cells *c, struct grid_cell *out)
{
    if (c->row->record.generation != 0)
        put_number(out, c->row->record.generation);
}

static void get_policy_version(struct log_cells *c, struct grid_cell *out)
{
    put_number(out, c->row->record.policy_version);
}

/* Only of a gap: everything but time and node would be made up. */
static void get_lost(struct log_cells *c, struct grid_cell *out)
{
    if (c->row->lost > 0)
        put_number(out, c->row->lost);
}

const struct log_field log_fields[LOG_FIELDS] = {
    {{"time", GRID_TIME, true}, get_time, false, LOG_OF_ROW},
    {{"node", GRID_TEXT, false}, get_node, false, LOG_OF_PATH},
    {{"client", GRID_TEXT, true}, get_client, true, LOG_OF_WHO},
    {{"client_port", GRID_NUMBER, false}, get_client_port, true, LOG_OF_ROW},
    {{"device", GRID_TEXT, true}, get_device, true, LOG_OF_WHO},
    {{"device_number", GRID_NUMBER, false}, get_device_number, true, LOG_OF_WHO},
    {{"device_called", GRID_TEXT, false}, get_device_called, true, LOG_OF_WHO},
    {{"user", GRID_TEXT, true}, get_user, true, LOG_OF_WHO},
    {{"user_number", GRID_NUMBER, false}, get_user_number, true, LOG_OF_WHO},
    {{"group", GRID_TEXT, false}, get_group, false, LOG_OF_WHO},
    {{"grade", GRID_TEXT, false}, get_grade, false, LOG_OF_WHO},
    {{"grade_letter", GRID_TEXT, false}, get_grade_letter, false, LOG_OF_WHO},
    {{"name", GRID_TEXT, true}, get_name, false, LOG_OF_WHAT},
    {{"type", GRID_TEXT, false}, get_type, false, LOG_OF_WHAT},
    {{"class", GRID_NUMBER, false}, get_class, false, LOG_OF_WHAT},
    {{"transport", GRID_TEXT, false}, get_transport, false, LOG_OF_PATH},
    {{"verdict", GRID_TEXT, false}, get_verdict, false, LOG_OF_WHAT},
    {{"reason", GRID_TEXT, false}, get_reason, false, LOG_OF_WHAT},
    {{"category", GRID_TEXT, true}, get_category, false, LOG_OF_WHAT},
    {{"categories", GRID_TEXT, false}, get_categories, false, LOG_OF_WHAT},
    {{"match", GRID_TEXT, false}, get_match, false, LOG_OF_WHAT},
    {{"matched_name", GRID_TEXT, false}, get_matched_name, false, LOG_OF_WHAT},
    {{"match_labels", GRID_NUMBER, false}, get_match_labels, false, LOG_OF_WHAT},
    {{"feed", GRID_TEXT, false}, get_feed, false, LOG_OF_WHAT},
    {{"rule", GRID_NUMBER, false}, get_rule, false, LOG_OF_WHAT},
    {{"rcode", GRID_TEXT, false}, get_rcode, false, LOG_OF_WHAT},
    {{"answer", GRID_TEXT, false}, get_answer, false, LOG_OF_WHAT},
    {{"answer_count", GRID_NUMBER, false}, get_answer_count, false, LOG_OF_WHAT},
    {{"upstream", GRID_TEXT, false}, get_upstream, false, LOG_OF_PATH},
    {{"cache", GRID_TEXT, false}, get_cache, false, LOG_OF_PATH},
    {{"rtt_us", GRID_NUMBER, false}, get_rtt_us, false, LOG_OF_ROW},
    {{"generation", GRID_NUMBER, false}, get_generation, false, LOG_OF_WHAT},
    {{"policy_version", GRID_NUMBER, false}, get_policy_version, false, LOG_OF_WHO},
    {{"lost", GRID_NUMBER, false}, get_lost, false, LOG_OF_ROW},
};

static void field_get(const struct log_field *field, struct log_cells *cells, struct grid_cell *out)
{
    *out = (struct grid_cell){.there = false};
    if (cells->row->lost == 0 || field->get == get_time || field->get == get_node || field->get == get_lost)
        field->get(cells, out);
}

void log_cells_get(const struct qlog_row *row, struct log_cells *cells)
{
    cells->row = row;
    cells->used = 0;
    for (size_t i = 0; i < LOG_FIELDS; i++)
        field_get(&log_fields[i], cells, &cells->at[i]);
}

void log_cells_get_of(const struct qlog_row *row, enum log_of of, struct log_cells *cells)
{
    cells->row = row;
    cells->used = 0;
    for (size_t i = 0; i < LOG_FIELDS; i++)
        if (log_fields[i].of == of)
            field_get(&log_fields[i], cells, &cells->at[i]);
}
