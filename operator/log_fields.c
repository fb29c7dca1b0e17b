#include "operator/log_fields.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/category.h"
#include "base/verdict.h"
#include "dns/rr.h"

char *log_time_to_text(int64_t time_ns, char out[LOG_TIME_MAX])
{
    int64_t seconds = time_ns / 1000000000;
    int64_t rest = time_ns % 1000000000;
    struct tm tm;
    if (rest < 0) {
        rest += 1000000000;
        seconds--;
    }
    time_t when = seconds;
    gmtime_r(&when, &tm);
    size_t len = strftime(out, LOG_TIME_MAX - 5, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(out + len, LOG_TIME_MAX - len, ".%03dZ", (int)(rest / 1000000));
    return out;
}

static void put_text(struct log_value *out, const char *text)
{
    out->kind = LOG_VALUE_TEXT;
    snprintf(out->text, sizeof out->text, "%s", text);
}

static void put_number(struct log_value *out, uint64_t number)
{
    out->kind = LOG_VALUE_NUMBER;
    out->number = number;
}

static void put_address(struct log_value *out, const struct ipaddr *address)
{
    static const struct ipaddr none;
    if (ipaddr_equal(address, &none))
        return;
    out->kind = LOG_VALUE_TEXT;
    ipaddr_to_text(address, out->text);
}

static void put_choice(struct log_value *out, const char *const *names, size_t count, unsigned value)
{
    put_text(out, value < count ? names[value] : "unknown");
}

static void get_time(const struct qlog_row *row, struct log_value *out)
{
    out->kind = LOG_VALUE_TEXT;
    log_time_to_text(row->record.time_ns, out->text);
}

static void get_node(const struct qlog_row *row, struct log_value *out)
{
    put_text(out, row->node);
}

static void get_client(const struct qlog_row *row, struct log_value *out)
{
    put_address(out, &row->record.client);
}

static void get_client_port(const struct qlog_row *row, struct log_value *out)
{
    if (row->record.client_port != 0)
        put_number(out, row->record.client_port);
}

static void get_device(const struct qlog_row *row, struct log_value *out)
{
    if (row->device[0] != '\0')
        put_text(out, row->device);
}

static void get_device_number(const struct qlog_row *row, struct log_value *out)
{
    if (row->record.device != 0)
        put_number(out, row->record.device);
}

static void get_device_called(const struct qlog_row *row, struct log_value *out)
{
    if (row->called[0] != '\0')
        put_text(out, row->called);
}

static void get_user(const struct qlog_row *row, struct log_value *out)
{
    if (row->user[0] != '\0')
        put_text(out, row->user);
}

static void get_user_number(const struct qlog_row *row, struct log_value *out)
{
    if (row->record.user != 0)
        put_number(out, row->record.user);
}

static void get_group(const struct qlog_row *row, struct log_value *out)
{
    put_text(out, row->group);
}

static void get_grade(const struct qlog_row *row, struct log_value *out)
{
    static const char *const names[] = {"none", "user", "logon", "loan", "device", "address"};
    put_choice(out, names, 6, row->record.grade);
}

char log_grade_letter(unsigned grade)
{
    return grade >= QLOG_GRADE_USER && grade <= QLOG_GRADE_ADDRESS ? "ABCDE"[grade - QLOG_GRADE_USER] : '-';
}

static void get_grade_letter(const struct qlog_row *row, struct log_value *out)
{
    const char letter[] = {log_grade_letter(row->record.grade), '\0'};
    if (letter[0] != '-')
        put_text(out, letter);
}

static void get_name(const struct qlog_row *row, struct log_value *out)
{
    out->kind = LOG_VALUE_TEXT;
    name_to_text(row->record.qname, out->text);
}

static void get_type(const struct qlog_row *row, struct log_value *out)
{
    out->kind = LOG_VALUE_TEXT;
    dns_type_to_text(row->record.qtype, out->text);
}

static void get_class(const struct qlog_row *row, struct log_value *out)
{
    put_number(out, row->record.qclass);
}

static void get_transport(const struct qlog_row *row, struct log_value *out)
{
    static const char *const names[] = {"udp", "tcp", "dot", "doh"};
    put_choice(out, names, 4, row->record.transport);
}

static void get_verdict(const struct qlog_row *row, struct log_value *out)
{
    put_text(out, verdict_action_name(row->record.verdict.action));
}

static void get_reason(const struct qlog_row *row, struct log_value *out)
{
    put_text(out, verdict_reason_name(row->record.verdict.reason));
}

static void get_category(const struct qlog_row *row, struct log_value *out)
{
    unsigned id = row->record.verdict.category;
    const char *name = category_name(id);
    if (name != NULL)
        put_text(out, name);
    else if (id < CATEGORY_MAX)
        put_number(out, id); /* of a later version */
}

static void get_categories(const struct qlog_row *row, struct log_value *out)
{
    size_t len = 0;
    for (unsigned id = 0; id < CATEGORY_MAX; id++) {
        const char *name = category_name(id);
        if ((row->record.verdict.categories & CATEGORY_BIT(id)) == 0 || name == NULL)
            continue;
        len += (size_t)snprintf(out->text + len, sizeof out->text - len, "%s%s", len == 0 ? "" : " ", name);
    }
    if (len > 0)
        out->kind = LOG_VALUE_TEXT;
}

static void get_match(const struct qlog_row *row, struct log_value *out)
{
    put_text(out, verdict_match_name(row->record.verdict.match));
}

static void get_matched_name(const struct qlog_row *row, struct log_value *out)
{
    if (row->record.matched_len == 0)
        return;
    out->kind = LOG_VALUE_TEXT;
    name_to_text(row->record.matched, out->text);
}

static void get_match_labels(const struct qlog_row *row, struct log_value *out)
{
    put_number(out, row->record.verdict.match_labels);
}

static void get_feed(const struct qlog_row *row, struct log_value *out)
{
    if (row->feed[0] != '\0')
        put_text(out, row->feed);
}

static void get_rule(const struct qlog_row *row, struct log_value *out)
{
    if (row->record.verdict.rule != 0)
        put_number(out, row->record.verdict.rule);
}

static void get_rcode(const struct qlog_row *row, struct log_value *out)
{
    out->kind = LOG_VALUE_TEXT;
    dns_rcode_to_text(row->record.rcode, out->text);
}

static void get_answer(const struct qlog_row *row, struct log_value *out)
{
    put_address(out, &row->record.answer);
}

static void get_answer_count(const struct qlog_row *row, struct log_value *out)
{
    put_number(out, row->record.answer_count);
}

static void get_upstream(const struct qlog_row *row, struct log_value *out)
{
    if (row->upstream[0] != '\0')
        put_text(out, row->upstream);
}

static void get_cache(const struct qlog_row *row, struct log_value *out)
{
    static const char *const names[] = {"none", "hit", "miss", "stale", "merged"};
    put_choice(out, names, 5, row->record.cache);
}

static void get_rtt_us(const struct qlog_row *row, struct log_value *out)
{
    put_number(out, row->record.rtt_us);
}

static void get_generation(const struct qlog_row *row, struct log_value *out)
{
    if (row->record.generation != 0)
        put_number(out, row->record.generation);
}

static void get_policy_version(const struct qlog_row *row, struct log_value *out)
{
    put_number(out, row->record.policy_version);
}

/* Only of a gap, which has nothing else but time and node. */
static void get_lost(const struct qlog_row *row, struct log_value *out)
{
    if (row->lost > 0)
        put_number(out, row->lost);
}

const struct log_field log_fields[] = {
    {"time", get_time},
    {"node", get_node},
    {"client", get_client},
    {"client_port", get_client_port},
    {"device", get_device},
    {"device_number", get_device_number},
    {"device_called", get_device_called},
    {"user", get_user},
    {"user_number", get_user_number},
    {"group", get_group},
    {"grade", get_grade},
    {"grade_letter", get_grade_letter},
    {"name", get_name},
    {"type", get_type},
    {"class", get_class},
    {"transport", get_transport},
    {"verdict", get_verdict},
    {"reason", get_reason},
    {"category", get_category},
    {"categories", get_categories},
    {"match", get_match},
    {"matched_name", get_matched_name},
    {"match_labels", get_match_labels},
    {"feed", get_feed},
    {"rule", get_rule},
    {"rcode", get_rcode},
    {"answer", get_answer},
    {"answer_count", get_answer_count},
    {"upstream", get_upstream},
    {"cache", get_cache},
    {"rtt_us", get_rtt_us},
    {"generation", get_generation},
    {"policy_version", get_policy_version},
    {"lost", get_lost},
};

const size_t log_field_count = sizeof log_fields / sizeof log_fields[0];
