#include <stdlib.h>
#include <string.h>

#include "config/build.h"
#include "config/rdata.h"
#include "dns/name.h"
#include "dns/rr.h"

#define RECORDS_MAX 65534 /* policy names carry a 16-bit index */

/* Names that every machine takes for granted (RFC 6761, 6.3). */
static const struct {
    const char *name;
    uint16_t type;
    const char *value;
} built_in[] = {
    {"localhost", DNS_TYPE_A, "127.0.0.1"},
    {"localhost", DNS_TYPE_AAAA, "::1"},
    {"1.0.0.127.in-addr.arpa", DNS_TYPE_PTR, "localhost"},
    {"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa", DNS_TYPE_PTR, "localhost"},
};

#define BUILT_IN_COUNT (sizeof built_in / sizeof built_in[0])
#define BUILT_IN_TTL_S 86400

/* The records of one build, with where each was written. */
struct records {
    struct build *b;
    struct written_record {
        struct query_record record;
        const struct config_place *at; /* NULL: built in */
    } * all;
    size_t count;
};

static int add(struct records *r, const struct query_record *head, const char *text, const struct config_place *at)
{
    uint8_t rdata[RDATA_MAX];
    const char *expect;
    char type[DNS_TYPE_TEXT_MAX];
    int len = rdata_from_text(head->type, text, rdata, &expect);
    if (len < 0) {
        config_errors_add(r->b->errors, at, "the value of this %s record must be %s, not '%s'",
                          dns_type_to_text(head->type, type), expect, text);
        return 0;
    }
    struct query_record record = *head;
    record.rdata = arena_copy(r->b->arena, rdata, (size_t)len);
    record.rdata_len = (uint16_t)len;
    if (record.rdata == NULL)
        return ERR_NOMEM;
    r->all[r->count++] = (struct written_record){.record = record, .at = at};
    return 0;
}

static int add_written(struct records *r, const struct options_record *option)
{
    int type = dns_type_from_text(options_record_types[option->type]);
    const struct query_record head = {
        .name = option->name, .type = (uint16_t)type, .ttl_s = (uint32_t)(option->ttl_ms / 1000)};
    if (option->name[0] == 0)
        config_errors_add(r->b->errors, &option->at, "the root can have no local record");
    if (option->value.count + option->values.count == 0)
        config_errors_add(r->b->errors, &option->at, "this record has no value");
    const struct schema_list *lists[] = {&option->value, &option->values};
    for (size_t l = 0; l < 2; l++) {
        const char *const *texts = lists[l]->items;
        for (size_t i = 0; i < lists[l]->count; i++) {
            int rc = add(r, &head, texts[i], &lists[l]->places[i]);
            if (rc < 0)
                return rc;
        }
    }
    return 0;
}

static bool is_written(const struct build *b, const uint8_t *name)
{
    const struct options_record *items = b->options->records.items;
    for (size_t i = 0; i < b->options->records.count; i++)
        if (name_equal(items[i].name, name))
            return true;
    return false;
}

static int add_built_in(struct records *r)
{
    for (size_t i = 0; i < BUILT_IN_COUNT; i++) {
        const struct query_record head = {
            .name = build_name(r->b, built_in[i].name), .type = built_in[i].type, .ttl_s = BUILT_IN_TTL_S};
        if (head.name == NULL)
            return ERR_NOMEM;
        if (is_written(r->b, head.name))
            continue;
        int rc = add(r, &head, built_in[i].value, NULL);
        if (rc < 0)
            return rc;
        if (built_in[i].type == DNS_TYPE_A)
            r->b->localhost = head.name;
    }
    return 0;
}

static int add_discovery(struct records *r)
{
    struct query_record found[BUILD_DISCOVERY_MAX];
    size_t count;
    int err = build_discovery(r->b, found, &count);
    if (err < 0 || count == 0 || is_written(r->b, found[0].name))
        return err;
    for (size_t i = 0; i < count; i++)
        r->all[r->count++] = (struct written_record){.record = found[i]};
    return 0;
}

/* By name, then type, then as they were written. */
static int compare_records(const void *a, const void *b)
{
    const struct query_record *left = &((const struct written_record *)a)->record;
    const struct query_record *right = &((const struct written_record *)b)->record;
    size_t left_len = name_len(left->name);
    size_t right_len = name_len(right->name);
    int order = memcmp(left->name, right->name, left_len < right_len ? left_len : right_len);
    if (order == 0)
        order = (int)left->type - (int)right->type;
    if (order == 0) /* copies of one type keep their order in memory */
        order = left->rdata < right->rdata ? -1 : left->rdata > right->rdata;
    return order;
}

/* A CNAME stands alone at its name (RFC 2181, 10.1). all is sorted. */
static void check_cnames(struct records *r)
{
    for (size_t i = 1; i < r->count; i++) {
        const struct written_record *pair[] = {&r->all[i - 1], &r->all[i]};
        if (!name_equal(pair[0]->record.name, pair[1]->record.name))
            continue;
        if (pair[0]->record.type == DNS_TYPE_CNAME || pair[1]->record.type == DNS_TYPE_CNAME)
            config_errors_add(r->b->errors, pair[1]->at, "'%s' has a CNAME record and can have no other",
                              build_name_text(r->b, pair[1]->record.name));
    }
}

static size_t count_values(const struct options *options)
{
    const struct options_record *items = options->records.items;
    size_t count = BUILT_IN_COUNT + BUILD_DISCOVERY_MAX;
    for (size_t i = 0; i < options->records.count; i++)
        count += items[i].value.count + items[i].values.count;
    return count;
}

static int keep(struct records *r)
{
    struct query_record *kept = arena_alloc(r->b->arena, (r->count + 1) * sizeof *kept);
    if (kept == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < r->count; i++)
        kept[i] = r->all[i].record;
    r->b->config->query.records = kept;
    r->b->config->query.record_count = r->count;
    return 0;
}

int build_records(struct build *b)
{
    struct records r = {.b = b};
    size_t room = count_values(b->options);
    if (room > RECORDS_MAX) {
        config_errors_add(b->errors, b->options->records.places, "more than %d records", RECORDS_MAX);
        return 0;
    }
    r.all = arena_alloc(b->arena, room * sizeof *r.all);
    if (r.all == NULL)
        return ERR_NOMEM;
    const struct options_record *items = b->options->records.items;
    int rc = b->options->special_use ? add_built_in(&r) : 0;
    for (size_t i = 0; i < b->options->records.count && rc == 0; i++)
        rc = add_written(&r, &items[i]);
    if (rc == 0)
        rc = add_discovery(&r);
    if (rc < 0)
        return rc;
    qsort(r.all, r.count, sizeof *r.all, compare_records);
    check_cnames(&r);
    return keep(&r);
}
