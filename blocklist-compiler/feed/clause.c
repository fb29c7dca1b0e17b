#include "feed/clause.h"

#define DATA_HEAD_LEN 6

void clause_init(struct feed_clause *clause, enum blockdb_clause_kind kind)
{
    clause->head = (struct blockdb_clause_record){.kind = (uint8_t)kind};
    clause->len = 0;
}

static bool append(struct feed_clause *clause, const void *bytes, size_t len)
{
    if (len > CLAUSE_PARTS_MAX - clause->len)
        return false;
    memcpy(clause->parts + clause->len, bytes, len);
    clause->len += len;
    return true;
}

bool clause_add_type(struct feed_clause *clause, uint16_t type)
{
    clause->head.type_count++;
    return append(clause, &type, sizeof type);
}

bool clause_set_pattern(struct feed_clause *clause, struct span expression, struct span literal)
{
    clause->head.pattern_len = (uint16_t)expression.len;
    clause->head.literal_len = (uint16_t)literal.len;
    return append(clause, expression.at, expression.len) && append(clause, literal.at, literal.len);
}

bool clause_add_name(struct feed_clause *clause, const struct name_key *name)
{
    uint8_t len = (uint8_t)name->len;
    clause->head.names_len = (uint16_t)(clause->head.names_len + 1u + len);
    return append(clause, &len, 1) && append(clause, name->bytes, len);
}

bool clause_set_data(struct feed_clause *clause, uint16_t type, uint32_t ttl_s, const uint8_t *rdata, size_t len)
{
    uint8_t head[DATA_HEAD_LEN] = {(uint8_t)(type >> 8),   (uint8_t)type,         (uint8_t)(ttl_s >> 24),
                                   (uint8_t)(ttl_s >> 16), (uint8_t)(ttl_s >> 8), (uint8_t)ttl_s};
    clause->head.data_len = (uint16_t)(sizeof head + len);
    return append(clause, head, sizeof head) && append(clause, rdata, len);
}
