/*
 * The body of every feed format's fuzzer: whatever the bytes are, reading ends, every accepted rule is a well-formed
 * name whose key is that of dns/key.h.
 */
#ifndef TESTS_FUZZ_FEED_H
#define TESTS_FUZZ_FEED_H

#include <stdlib.h>

#include "dns/name.h"
#include "feed/format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int fuzz_rule(void *ctx, const struct feed_rule *rule)
{
    uint8_t wire[NAME_MAX_LEN];
    struct name_key key;
    (void)ctx;
    if (rule->clause != NULL && (rule->clause->len > CLAUSE_PARTS_MAX || rule->clause->head.categories != 1))
        abort();
    if (rule->name == NULL && (rule->clause == NULL || (rule->address == NULL && rule->clause->head.pattern_len == 0)))
        abort();
    if (rule->name == NULL)
        return 0;
    if (name_from_text(rule->name->text, rule->name->text_len, wire) < 0)
        abort();
    name_key_make(wire, &key);
    if (key.len != rule->name->key.len || memcmp(key.bytes, rule->name->key.bytes, key.len) != 0)
        abort();
    return 0;
}

static int fuzz_feed(int (*parse)(struct intake *, struct span), const uint8_t *data, size_t size)
{
    struct intake in;
    struct feed_stats stats;
    struct intake_opts opts = {.categories = 1, .subdomains = true, .bytes_max = 1 << 20};
    feed_stats_init(&stats);
    intake_init(&in, &opts, NULL, "fuzz", &stats, fuzz_rule, NULL);
    if (parse(&in, (struct span){data, size}) > 0)
        abort();
    feed_stats_done(&stats);
    return 0;
}

#endif
