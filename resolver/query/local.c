#include "query/local.h"

#include "upstream/reply.h"

/*
 * Records of the name whose first one is opts->records[first]. Returns how many of the type were added. All of them are
 * few enough for ANY (RFC 8482, 4.1).
 */
static unsigned add_records(struct answer *a, const struct query_opts *opts, size_t first, uint16_t type,
                            const uint8_t *owner)
{
    unsigned added = 0;
    for (size_t i = first; i < opts->record_count; i++) {
        const struct query_record *r = &opts->records[i];
        if (i > first && !name_equal(r->name, opts->records[first].name))
            break;
        if (r->type != type && type != DNS_TYPE_ANY)
            continue;
        answer_add(a, MSG_ANSWER, owner, r->type, r->ttl_s, r->rdata, r->rdata_len);
        added++;
    }
    return added;
}

static const struct query_record *record_find(const struct query_opts *opts, const uint8_t *name)
{
    for (size_t i = 0; i < opts->record_count; i++)
        if (name_equal(opts->records[i].name, name))
            return &opts->records[i];
    return NULL;
}

static const struct query_record *cname_of(const struct query_opts *opts, size_t first)
{
    for (size_t i = first; i < opts->record_count; i++) {
        const struct query_record *r = &opts->records[i];
        if (!name_equal(r->name, opts->records[first].name))
            break;
        if (r->type == DNS_TYPE_CNAME)
            return r;
    }
    return NULL;
}

/* owner NULL: the name that was asked. */
static unsigned add_chain(struct answer *a, const struct query_opts *opts, size_t first, uint16_t type,
                          const uint8_t *owner)
{
    unsigned added = 0;
    for (int hops = 0; hops < REPLY_CHAIN_MAX; hops++) {
        unsigned here = add_records(a, opts, first, type, owner);
        const struct query_record *alias = here == 0 ? cname_of(opts, first) : NULL;
        added += here;
        if (alias == NULL)
            break;
        answer_add(a, MSG_ANSWER, owner, DNS_TYPE_CNAME, alias->ttl_s, alias->rdata, alias->rdata_len);
        added++;
        const struct query_record *next = record_find(opts, alias->rdata);
        if (next == NULL)
            break;
        owner = next->name;
        first = (size_t)(next - opts->records);
    }
    return added;
}

unsigned local_add(struct answer *a, const struct query_opts *opts, size_t first, uint16_t type)
{
    return add_chain(a, opts, first, type, NULL);
}

unsigned local_add_below(struct answer *a, const struct query_opts *opts, const uint8_t *name, uint16_t type)
{
    const struct query_record *first = record_find(opts, name);
    return first == NULL ? 0 : add_chain(a, opts, (size_t)(first - opts->records), type, first->name);
}

const uint8_t *local_leads_outside(const struct query_opts *opts, size_t first, uint16_t type)
{
    for (int hops = 0; hops < REPLY_CHAIN_MAX; hops++) {
        for (size_t i = first; i < opts->record_count && name_equal(opts->records[i].name, opts->records[first].name);
             i++)
            if (opts->records[i].type == type)
                return NULL;
        const struct query_record *alias = cname_of(opts, first);
        const struct query_record *next = alias == NULL ? NULL : record_find(opts, alias->rdata);
        if (alias == NULL || next == NULL)
            return alias == NULL ? NULL : alias->rdata;
        first = (size_t)(next - opts->records);
    }
    return NULL;
}
