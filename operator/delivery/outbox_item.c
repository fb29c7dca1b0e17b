#include "delivery/outbox_item.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#define VERSION 1

static const char *const ends[] = {"waits", "sent", "refused", "given-up"}; /* enum outbox_end */

int outbox_item_fill(struct outbox_item *item, const char *const targets[], size_t count)
{
    item->targets = calloc(count == 0 ? 1 : count, sizeof *item->targets);
    if (item->targets == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < count; i++) {
        item->targets[i] = (struct outbox_target){.to = strdup(targets[i]), .next_s = item->created_s};
        if (item->targets[i].to == NULL)
            return ERR_NOMEM;
        item->target_count++;
    }
    return 0;
}

void outbox_item_done(struct outbox_item *item)
{
    for (size_t i = 0; i < item->target_count; i++)
        free(item->targets[i].to);
    free(item->targets);
    item->targets = NULL;
    item->target_count = 0;
}

void outbox_item_free(struct outbox_item *item)
{
    if (item != NULL)
        outbox_item_done(item);
    free(item);
}

bool outbox_item_is_done(const struct outbox_item *item)
{
    for (size_t i = 0; i < item->target_count; i++)
        if (item->targets[i].end == OUTBOX_WAITS || !item->targets[i].told)
            return false;
    return true;
}

void outbox_item_write(const struct outbox_item *item, struct text *out)
{
    text_printf(out, "{\"version\":%d,\"created\":%lld,\"targets\":[", VERSION, (long long)item->created_s);
    for (size_t i = 0; i < item->target_count; i++) {
        const struct outbox_target *t = &item->targets[i];
        text_printf(out, "%s\n{\"to\":", i == 0 ? "" : ",");
        text_add_json(out, t->to);
        text_printf(out, ",\"tries\":%u,\"next\":%lld,\"end\":\"%s\",\"at\":%lld,\"told\":%s,\"why\":", t->tries,
                    (long long)t->next_s, ends[t->end], (long long)t->end_s, t->told ? "true" : "false");
        text_add_json(out, t->why);
        text_add(out, "}", 1);
    }
    text_printf(out, "]}\n");
}

static int end_from(const char *word)
{
    for (size_t i = 0; word != NULL && i < sizeof ends / sizeof ends[0]; i++)
        if (strcmp(word, ends[i]) == 0)
            return (int)i;
    return -1;
}

static int64_t number_in(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

static int parse_target(const json_t *from, struct outbox_target *out)
{
    enum route_kind kind;
    const char *to = json_string_value(json_object_get(from, "to"));
    const char *why = json_string_value(json_object_get(from, "why"));
    int end = end_from(json_string_value(json_object_get(from, "end")));
    if (to == NULL || end < 0 || route_kind_of(to, &kind) < 0)
        return ERR_MALFORMED;
    *out = (struct outbox_target){.to = strdup(to),
                                  .tries = (unsigned)number_in(from, "tries"),
                                  .next_s = number_in(from, "next"),
                                  .end = (enum outbox_end)end,
                                  .end_s = number_in(from, "at"),
                                  .told = json_is_true(json_object_get(from, "told"))};
    snprintf(out->why, sizeof out->why, "%s", why == NULL ? "" : why);
    return out->to == NULL ? ERR_NOMEM : 0;
}

static int parse_tree(const json_t *tree, struct outbox_item *item)
{
    const json_t *targets = json_object_get(tree, "targets");
    size_t count = json_array_size(targets);
    item->created_s = number_in(tree, "created");
    if (number_in(tree, "version") != VERSION || count == 0 || count > OUTBOX_TARGETS_MAX || item->created_s < 0 ||
        item->created_s > MESSAGE_TIME_MAX)
        return ERR_MALFORMED;
    item->targets = calloc(count, sizeof *item->targets);
    if (item->targets == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < count; i++) {
        int err = parse_target(json_array_get(targets, i), &item->targets[i]);
        if (err < 0)
            return err;
        item->target_count++;
    }
    return 0;
}

int outbox_item_parse(const char *bytes, size_t len, struct outbox_item *item)
{
    json_error_t error;
    json_t *tree = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, &error);
    int err = tree == NULL ? ERR_MALFORMED : parse_tree(tree, item);
    json_decref(tree);
    if (err < 0)
        outbox_item_done(item);
    return err;
}
