#include "tier/holding.h"

#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reading/reading.h"
#include "tier/files.h"

#define FILE_NAME_MAX 96

static const char scope_marks[] = {
    [0] = '/', [STATUTORY_SELF] = '=', [STATUTORY_BELOW] = '*', [STATUTORY_SELF | STATUTORY_BELOW] = '+'};

void holding_init(struct holding *holding)
{
    memset(holding, 0, sizeof *holding);
}

void holding_forget(struct holding *holding)
{
    if (holding->lines.data != NULL)
        sodium_memzero(holding->lines.data, holding->lines.len);
    bytes_done(&holding->lines);
    holding->lines = (struct bytes){0};
}

void holding_done(struct holding *holding)
{
    holding_forget(holding);
    holding_init(holding);
}

void holding_name(struct holding *holding, const struct recipe_feed *feed)
{
    struct statutory_feed_record *r = &holding->record;
    snprintf(r->name, sizeof r->name, "%s", feed->name);
    snprintf(r->body, sizeof r->body, "%s", recipe_body_names[feed->statutory->body]);
    snprintf(r->membership, sizeof r->membership, "%s", feed->statutory->membership);
    snprintf(r->licence, sizeof r->licence, "%s", feed->licence);
    r->max_age_s = feed->statutory->max_age_s;
}

static void add_text(crypto_generichash_state *state, const char *text)
{
    crypto_generichash_update(state, (const uint8_t *)text, strlen(text) + 1);
}

void holding_settings(const struct recipe_feed *feed, uint8_t out[STATUTORY_DIGEST_LEN])
{
    crypto_generichash_state state;
    const uint8_t flags[] = {(uint8_t)feed->format, feed->subdomains, feed->single_labels, feed->public_suffixes};
    crypto_generichash_init(&state, NULL, 0, STATUTORY_DIGEST_LEN);
    crypto_generichash_update(&state, flags, sizeof flags);
    for (size_t i = 0; i < feed->widen_count; i++)
        add_text(&state, feed->widen[i].host);
    add_text(&state, "");
    for (size_t i = 0; i < feed->test_host_count; i++)
        add_text(&state, feed->test_hosts[i]);
    crypto_generichash_final(&state, out, STATUTORY_DIGEST_LEN);
}

/* ---- reading a list ---- */

static void add_line(struct holding *holding, unsigned scope, const void *text, size_t len)
{
    bytes_add_u8(&holding->lines, (uint8_t)scope_marks[scope]);
    bytes_add(&holding->lines, text, len);
    bytes_add_u8(&holding->lines, '\n');
}

/* A host that is an address is never asked of the DNS: it is for the URL filter, as pages are. */
static void add_address(struct holding *holding, const struct prefix *prefix)
{
    char text[IPADDR_TEXT_MAX];
    ipaddr_to_text(&prefix->addr, text);
    add_line(holding, 0, text, strlen(text));
    holding->record.pages++;
}

static int on_rule(void *ctx, const struct feed_rule *rule)
{
    struct holding *holding = ctx;
    unsigned scope =
        ((rule->scope & FEED_SELF) != 0 ? STATUTORY_SELF : 0) | ((rule->scope & FEED_BELOW) != 0 ? STATUTORY_BELOW : 0);
    if (rule->address != NULL)
        add_address(holding, rule->address);
    else if (rule->name != NULL && rule->action == FEED_BLOCK) {
        add_line(holding, scope, rule->name->text, rule->name->text_len);
        holding->record.hosts++;
    }
    return bytes_ok(&holding->lines) ? 0 : ERR_NOMEM;
}

static void on_refused(const struct intake *in, enum refusal refusal, struct span text)
{
    struct holding *holding = in->sink_ctx;
    if (refusal != REFUSED_URL && refusal != REFUSED_PORT) {
        holding->record.refused++;
        return;
    }
    holding->record.pages++;
    add_line(holding, 0, text.at, text.len);
}

int holding_digest(struct holding *holding, const char *path, uint64_t bytes_max)
{
    uint8_t *bytes;
    size_t len;
    int err = files_read_path(path, bytes_max, &bytes, &len);
    if (err < 0)
        return err;
    crypto_generichash(holding->record.digest, STATUTORY_DIGEST_LEN, bytes, len, NULL, 0);
    sodium_memzero(bytes, len);
    free(bytes);
    return 0;
}

int holding_read(struct holding *holding, const struct recipe_feed *feed, const struct guard *guard, struct span text,
                 struct feed_stats *stats)
{
    const struct reading reading = {
        .feed = feed, .guard = guard, .text = &text, .sink = on_rule, .refused = on_refused, .ctx = holding};
    int err = reading_run(&reading, stats);
    holding->record.widened = stats->widened;
    return err < 0 ? err : bytes_ok(&holding->lines) ? 0 : ERR_NOMEM;
}

int holding_take_lines(struct holding *holding, struct span lines)
{
    struct span rest = lines;
    uint64_t hosts = 0, pages = 0;
    if (lines.len > 0 && lines.at[lines.len - 1] != '\n')
        return ERR_MALFORMED;
    while (rest.len > 0) {
        struct span line = span_cut(&rest, '\n');
        if (line.len < 2 || memchr(scope_marks, line.at[0], sizeof scope_marks) == NULL)
            return ERR_MALFORMED;
        *(line.at[0] == scope_marks[0] ? &pages : &hosts) += 1;
    }
    bytes_add(&holding->lines, lines.at, lines.len);
    holding->record.hosts = hosts;
    holding->record.pages = pages;
    return bytes_ok(&holding->lines) ? 0 : ERR_NOMEM;
}

/* ---- keeping it ---- */

static void file_name(const char *feed, char out[FILE_NAME_MAX])
{
    (void)snprintf(out, FILE_NAME_MAX, "feed-%s.vault", feed);
}

static json_t *hex(const uint8_t *bytes, size_t len)
{
    char text[2 * STATUTORY_DIGEST_LEN + 1];
    return json_string(sodium_bin2hex(text, sizeof text, bytes, len));
}

static void read_hex(const json_t *object, const char *key, uint8_t *out, size_t len)
{
    const char *text = json_string_value(json_object_get(object, key));
    if (text == NULL || sodium_hex2bin(out, len, text, strlen(text), NULL, NULL, NULL) != 0)
        memset(out, 0, len);
}

int holding_save(const struct holding *holding, const struct vault *vault)
{
    char name[FILE_NAME_MAX];
    const struct statutory_feed_record *r = &holding->record;
    const struct store_entry *c = &holding->copy;
    struct bytes content = {0};
    json_t *head =
        json_pack("{ss ss ss ss so so sI sI sI sI sI sI ss ss ss}", "name", r->name, "body", r->body, "membership",
                  r->membership, "licence", r->licence, "digest", hex(r->digest, sizeof r->digest), "settings",
                  hex(holding->settings, STATUTORY_DIGEST_LEN), "fetched_s", (json_int_t)r->fetched_s, "max_age_s",
                  (json_int_t)r->max_age_s, "hosts", (json_int_t)r->hosts, "pages", (json_int_t)r->pages, "refused",
                  (json_int_t)r->refused, "widened", (json_int_t)r->widened, "source", c->source, "etag", c->etag,
                  "last_modified", c->last_modified);
    char *text = head == NULL ? NULL : json_dumps(head, JSON_COMPACT);
    json_decref(head);
    if (text == NULL)
        return ERR_NOMEM;
    bytes_add(&content, text, strlen(text));
    bytes_add_u8(&content, '\n');
    bytes_add(&content, holding->lines.data, holding->lines.len);
    free(text);
    file_name(r->name, name);
    int err = bytes_ok(&content) ? vault_put(vault, name, content.data, content.len) : ERR_NOMEM;
    bytes_done(&content);
    return err;
}

static void read_text(const json_t *object, const char *key, char *out, size_t cap)
{
    const char *text = json_string_value(json_object_get(object, key));
    (void)snprintf(out, cap, "%s", text == NULL ? "" : text);
}

static uint64_t read_number(const json_t *object, const char *key)
{
    return (uint64_t)json_integer_value(json_object_get(object, key));
}

static int head_read(struct holding *holding, const uint8_t *bytes, size_t len)
{
    struct statutory_feed_record *r = &holding->record;
    json_t *head = json_loadb((const char *)bytes, len, 0, NULL);
    if (!json_is_object(head)) {
        json_decref(head);
        return ERR_DAMAGED;
    }
    read_text(head, "name", r->name, sizeof r->name);
    read_text(head, "body", r->body, sizeof r->body);
    read_text(head, "membership", r->membership, sizeof r->membership);
    read_text(head, "licence", r->licence, sizeof r->licence);
    read_text(head, "source", holding->copy.source, sizeof holding->copy.source);
    read_text(head, "etag", holding->copy.etag, sizeof holding->copy.etag);
    read_text(head, "last_modified", holding->copy.last_modified, sizeof holding->copy.last_modified);
    read_hex(head, "digest", r->digest, sizeof r->digest);
    read_hex(head, "settings", holding->settings, sizeof holding->settings);
    r->fetched_s = (int64_t)read_number(head, "fetched_s");
    r->max_age_s = (int64_t)read_number(head, "max_age_s");
    r->hosts = read_number(head, "hosts");
    r->pages = read_number(head, "pages");
    r->refused = read_number(head, "refused");
    r->widened = read_number(head, "widened");
    json_decref(head);
    return 0;
}

int holding_load(struct holding *holding, const struct vault *vault, const char *feed)
{
    char name[FILE_NAME_MAX];
    uint8_t *bytes;
    size_t len;
    file_name(feed, name);
    int err = vault_get(vault, name, &bytes, &len);
    if (err < 0)
        return err;
    const uint8_t *end = memchr(bytes, '\n', len);
    err = end == NULL ? ERR_DAMAGED : head_read(holding, bytes, (size_t)(end - bytes));
    if (err == 0) {
        bytes_add(&holding->lines, end + 1, len - (size_t)(end + 1 - bytes));
        err = bytes_ok(&holding->lines) ? 0 : ERR_NOMEM;
    }
    sodium_memzero(bytes, len);
    free(bytes);
    return err;
}

static unsigned scope_of(char mark)
{
    for (unsigned scope = 1; scope < sizeof scope_marks; scope++)
        if (scope_marks[scope] == mark)
            return scope;
    return 0;
}

int holding_each(const struct holding *holding, holding_visit visit, void *ctx)
{
    struct span rest = {holding->lines.data, holding->lines.len};
    int err = 0;
    while (rest.len > 0 && err >= 0) {
        struct span line = span_cut(&rest, '\n');
        if (line.len < 2)
            continue;
        char *text = strndup((const char *)line.at + 1, line.len - 1);
        if (text == NULL)
            return ERR_NOMEM;
        err = visit(ctx, text, scope_of((char)line.at[0]));
        free(text);
    }
    return err < 0 ? err : 0;
}
