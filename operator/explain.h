/*
 * Why a name is answered as it is: the verdict of the policy, found the way belishad finds it, in words.
 *
 * Reads the configuration and the generation in force itself, so it works without a running belishad.
 *
 * Threads: one.
 */
#ifndef OPERATOR_EXPLAIN_H
#define OPERATOR_EXPLAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "belisha/verdict.h"
#include "blockdb/blockdb.h"
#include "config/config.h"
#include "decision/docket.h"
#include "decision/table.h"
#include "dns/key.h"
#include "dns/name.h"
#include "identity/roster.h"
#include "operator/judge.h"
#include "policy/policy.h"

/* What questions are explained with. */
struct explain {
    const struct config *config;
    struct policy *policy;
    struct blockdb *db;          /* NULL: none can be opened, see db_trouble */
    struct statutory *statutory; /* NULL: there is none, or see the next */
    bool statutory_unread;       /* it was set up, and can't be read by who asks */
    char db_trouble[256];
    int64_t now_s;         /* wall time */
    struct roster *roster; /* users and devices; NULL: nobody ever had a number, or it can't be read */
    struct docket *docket; /* recorded decisions; NULL: none can be read */
    struct table *table;   /* those in force; NULL: the same */
    struct judge judge;    /* of all these */
};

/* As things are. ERR_NOMEM, ERR_LIMIT and what else policy_new() says. */
ERR_CHECKED int explain_init(struct explain *explain, const struct config *config);
/* As they were at a time, with the policy of this configuration and the list in this file; NULL: with none. */
ERR_CHECKED int explain_init_at(struct explain *explain, const struct config *config, int64_t at_s,
                                const char *generation_path);
void explain_done(struct explain *explain);

/* The decisions that are in force at now_s, for the groups of a policy. NULL: there are none. ERR_NOMEM. */
ERR_CHECKED int explain_decisions(const struct explain *explain, const struct policy *policy, struct table **out);

/* One name, whoever asks. */
struct explain_name {
    uint8_t wire[NAME_MAX_LEN]; /* lower case */
    char text[NAME_TEXT_MAX];
    struct name_key key;
    uint16_t type; /* that is asked for */
    struct policy_facts facts;
};

/*
 * A domain name, also with capital or international letters, or a web address whose host is meant: in wire form, lower
 * case. Its length, or ERR_MALFORMED.
 */
ERR_CHECKED int explain_host(const char *text, uint8_t out[NAME_MAX_LEN]);

/*
 * A host of the statutory list, and what is below one, becomes the id by which the log calls it: nothing that is told about
 * it names it, and nothing else is told.
 * text: a domain name, also with capital or international letters, or a web address whose host is meant.
 * type: of the record that is asked for. ERR_MALFORMED.
 */
ERR_CHECKED int explain_name_parse(const struct explain *explain, const char *text, uint16_t type,
                                   struct explain_name *out);

/* The level that is in force for a client. */
const struct policy_level *explain_level(const struct explain *explain, const struct judge_client *client);

/* The verdict for a client, with feed and matched labels. */
struct verdict explain_verdict(struct explain *explain, const struct explain_name *name,
                               const struct judge_client *client);

/* The listed or configured name that matched; "" when none did. Returns out. */
char *explain_matched(const struct explain_name *name, const struct verdict *verdict, char out[NAME_TEXT_MAX]);

/* Adds the rule that decided, as a sentence without full stop. */
void explain_rule(const struct explain *explain, const struct explain_name *name, const struct judge_client *client,
                  const struct verdict *verdict, struct text *out);

/* Adds what the question will be answered with. */
void explain_answer(const struct explain *explain, const struct explain_name *name, const struct verdict *verdict,
                    struct text *out);

/* The name of the feed that gave the category to the name, "" without one; *out_labels: of the listed name. */
const char *explain_feed(const struct explain *explain, const struct explain_name *name, unsigned category,
                         uint8_t *out_labels);

#endif
