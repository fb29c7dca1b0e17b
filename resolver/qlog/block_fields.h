/* Which column holds which field of a block's tables: the one list that making and reading share. */
#ifndef QLOG_BLOCK_FIELDS_H
#define QLOG_BLOCK_FIELDS_H

#include "qlog/block.h"

struct block_field {
    enum column_id id;
    uint8_t offset;
    uint8_t width;
};

#define FIELD(column, type, member)                                                                                    \
    {                                                                                                                  \
        COLUMN_##column, offsetof(struct type, member), sizeof(((struct type *)0)->member)                             \
    }

static const struct block_field who_fields[] = {
    FIELD(WHO_CLIENT, block_who, client), FIELD(WHO_DEVICE, block_who, device), FIELD(WHO_USER, block_who, user),
    FIELD(WHO_POLICY, block_who, policy), FIELD(WHO_GROUP, block_who, group),   FIELD(WHO_GRADE, block_who, grade),
};

/* Of sealed blocks only. */
static const struct block_field slot_fields[] = {FIELD(WHO_SLOT, block_who, slot)};

static const struct block_field name_fields[] = {
    FIELD(WHAT_NAME, block_what, name),
    FIELD(WHAT_MATCHED, block_what, matched),
    FIELD(WHAT_TYPE, block_what, type),
};

static const struct block_field answer_fields[] = {
    FIELD(WHAT_CLASS, block_what, class),
    FIELD(WHAT_RCODE, block_what, rcode),
    FIELD(WHAT_ANSWER, block_what, answer),
    FIELD(WHAT_ANSWER_COUNT, block_what, answer_count),
};

static const struct block_field verdict_fields[] = {
    FIELD(WHAT_ACTION, block_what, action),
    FIELD(WHAT_REASON, block_what, reason),
    FIELD(WHAT_CATEGORY, block_what, category),
    FIELD(WHAT_MATCH, block_what, match),
    FIELD(WHAT_MATCH_LABELS, block_what, match_labels),
    FIELD(WHAT_UNATTRIBUTED, block_what, unattributed),
    FIELD(WHAT_FEED, block_what, feed),
    FIELD(WHAT_RULE, block_what, rule),
    FIELD(WHAT_CATEGORIES, block_what, categories),
    FIELD(WHAT_GENERATION, block_what, generation),
};

static const struct block_field path_fields[] = {
    FIELD(PATH_TRANSPORT, block_path, transport),
    FIELD(PATH_CACHE, block_path, cache),
    FIELD(PATH_UPSTREAM, block_path, upstream),
};

static const struct block_field gap_fields[] = {
    FIELD(GAP_FROM, journal_gap, from_ns),
    FIELD(GAP_TO, journal_gap, to_ns),
    FIELD(GAP_LOST, journal_gap, lost),
};

#define FIELD_COUNT(fields) (sizeof(fields) / sizeof(fields)[0])

#endif
