#include "config/schema.h"

#include <stdlib.h>
#include <string.h>

struct reading {
    struct arena *arena;
    struct config_errors *errors;
    bool out_of_memory;
};

/* ---- "did you mean" ---- */

#define WORD_MAX 40

/* Levenshtein distance with transposed neighbours counting as one (optimal string alignment). */
static size_t edit_distance(const char *a, const char *b)
{
    size_t rows[3][WORD_MAX + 1];
    size_t a_len = strlen(a);
    size_t b_len = strlen(b);
    if (a_len > WORD_MAX || b_len > WORD_MAX)
        return SIZE_MAX;
    for (size_t j = 0; j <= b_len; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t *now = rows[i % 3];
        const size_t *up = rows[(i + 2) % 3];
        now[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t best = up[j - 1] + (a[i - 1] != b[j - 1]);
            best = up[j] + 1 < best ? up[j] + 1 : best;
            best = now[j - 1] + 1 < best ? now[j - 1] + 1 : best;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && rows[(i + 1) % 3][j - 2] + 1 < best)
                best = rows[(i + 1) % 3][j - 2] + 1;
            now[j] = best;
        }
    }
    return rows[a_len % 3][b_len];
}

struct closest {
    const char *to;
    const char *word;
    size_t distance; /* of word; further ones are no suggestion */
};

static struct closest closest_to(const char *text)
{
    size_t allowed = strlen(text) / 3 > 1 ? strlen(text) / 3 : 1;
    return (struct closest){.to = text, .distance = allowed + 1};
}

static void closest_try(struct closest *closest, const char *word)
{
    size_t distance = edit_distance(closest->to, word);
    if (distance < closest->distance) {
        closest->distance = distance;
        closest->word = word;
    }
}

/* ---- messages ---- */

static void report_unknown(struct reading *r, const struct schema_option options[], const struct yaml_node *member)
{
    struct closest closest = closest_to(member->key);
    for (const struct schema_option *o = options; o->key != NULL; o++)
        if (o->key[0] != '\0')
            closest_try(&closest, o->key);
    if (closest.word != NULL)
        config_errors_add(r->errors, &member->key_at, "unknown key '%s'; did you mean '%s'?", member->key,
                          closest.word);
    else
        config_errors_add(r->errors, &member->key_at, "unknown key '%s'", member->key);
}

/* "strict, moderate or off" */
static char *words_text(struct reading *r, const struct schema_option *option)
{
    char *text = arena_printf(r->arena, "%s", option->words[0]);
    for (size_t i = 1; option->words[i] != NULL && text != NULL; i++)
        text = arena_printf(r->arena, "%s%s%s", text, option->words[i + 1] == NULL ? " or " : ", ", option->words[i]);
    return text;
}

#define BOUND_TEXT_MAX 32

/* A bound in the unit that fits best. Returns out. */
static const char *bound_text(const struct schema_option *option, int64_t value, char out[BOUND_TEXT_MAX])
{
    static const struct {
        const char *unit;
        int64_t factor;
    } durations[] = {{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}},
      sizes[] = {{"TiB", 1LL << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"", 1}};
    const bool is_duration = option->type == &schema_duration;
    size_t i = 0;
    if (value == 0 || (!is_duration && option->type != &schema_bytes)) {
        snprintf(out, BOUND_TEXT_MAX, "%lld", (long long)value);
        return out;
    }
    while (value % (is_duration ? durations[i].factor : sizes[i].factor) != 0)
        i++; /* ends at the factor 1 */
    snprintf(out, BOUND_TEXT_MAX, "%lld%s", (long long)(value / (is_duration ? durations[i].factor : sizes[i].factor)),
             is_duration ? durations[i].unit : sizes[i].unit);
    return out;
}

static void report_value(struct reading *r, const struct schema_option *option, const struct yaml_node *node, int rc)
{
    const struct schema_type *type = option->type;
    const char *owner = option->shape == SCHEMA_ONE ? "" : "an entry of ";
    if (rc == ERR_LIMIT) {
        char min[BOUND_TEXT_MAX];
        char max[BOUND_TEXT_MAX];
        config_errors_add(r->errors, &node->at, "%s%s must be from %s to %s, not '%s'", owner, option->key,
                          bound_text(option, option->min, min), bound_text(option, option->max, max), node->text);
        return;
    }
    const char *expect = type->expect != NULL ? type->expect : words_text(r, option);
    struct closest closest = closest_to(node->text);
    for (size_t i = 0; type->word != NULL && type->word(option, i) != NULL; i++)
        closest_try(&closest, type->word(option, i));
    if (closest.word != NULL && type->expect != NULL)
        config_errors_add(r->errors, &node->at, "%s%s must be %s, not '%s'; did you mean '%s'?", owner, option->key,
                          expect, node->text, closest.word);
    else
        config_errors_add(r->errors, &node->at, "%s%s must be %s, not '%s'", owner, option->key, expect, node->text);
}

static const char *kind_text(enum yaml_kind kind)
{
    return kind == YAML_SCALAR ? "a single value" : kind == YAML_LIST ? "a list" : "a mapping";
}

static void report_kind(struct reading *r, const struct schema_option *option, const struct yaml_node *node)
{
    const char *owner = option->shape == SCHEMA_ONE ? "" : "an entry of ";
    const char *expect = option->type == NULL           ? "a mapping (key: value)"
                         : option->type->expect == NULL ? words_text(r, option)
                                                        : option->type->expect;
    config_errors_add(r->errors, &node->at, "%s%s must be %s, not %s", owner, option->key, expect,
                      kind_text(node->kind));
}

/* ---- reading ---- */

static void read_map(struct reading *r, const struct schema_option options[], const struct yaml_node *map, char *out);

static void read_short(struct reading *r, const struct schema_option *option, const struct yaml_node *node, char *out)
{
    struct yaml_node value = *node;
    value.key = option->short_key;
    value.key_at = node->at;
    value.next = NULL;
    struct yaml_node map = {.kind = YAML_MAP, .at = node->at, .first = &value};
    read_map(r, option->fields, &map, out);
}

static void read_value(struct reading *r, const struct schema_option *option, const struct yaml_node *node, char *out)
{
    if (option->type == NULL) {
        if (node->kind == YAML_MAP)
            read_map(r, option->fields, node, out);
        else if (node->kind == YAML_SCALAR && option->short_key != NULL)
            read_short(r, option, node, out);
        else
            report_kind(r, option, node);
        return;
    }
    if (node->kind != YAML_SCALAR) {
        report_kind(r, option, node);
        return;
    }
    int rc = option->type->parse(node->text, option, r->arena, out);
    if (rc == ERR_NOMEM)
        r->out_of_memory = true;
    else if (rc < 0)
        report_value(r, option, node, rc);
}

static size_t count_items(const struct yaml_node *first)
{
    size_t count = 0;
    for (; first != NULL; first = first->next)
        count++;
    return count;
}

static void read_items(struct reading *r, const struct schema_option *option, const struct yaml_node *first,
                       size_t count, struct schema_list *out)
{
    size_t size = option->type == NULL ? option->item_size : option->type->size;
    char *items = arena_alloc(r->arena, count * size);
    struct config_place *places = arena_alloc(r->arena, count * sizeof *places);
    const char **keys = arena_alloc(r->arena, count * sizeof *keys);
    if (items == NULL || places == NULL || keys == NULL) {
        r->out_of_memory = true;
        return;
    }
    const struct yaml_node *node = first;
    for (size_t i = 0; i < count; i++, node = node->next) {
        places[i] = node->at;
        keys[i] = node->key;
        read_value(r, option, node, items + i * size);
    }
    *out = (struct schema_list){.items = items, .count = count, .places = places, .keys = keys};
    if (option->shape == SCHEMA_LIST)
        out->keys = NULL;
}

static void read_short_pair(struct reading *r, const struct schema_option *option, const struct yaml_node *node,
                            struct schema_list *out)
{
    struct yaml_node value = *node;
    value.key = option->short_key;
    value.next = NULL;
    read_items(r, option, &value, 1, out);
}

static void read_option(struct reading *r, const struct schema_option *option, const struct yaml_node *node, char *out)
{
    switch (option->shape) {
    case SCHEMA_ONE:
        read_value(r, option, node, out);
        return;
    case SCHEMA_LIST:
        if (node->kind == YAML_LIST)
            read_items(r, option, node->first, count_items(node->first), (struct schema_list *)(void *)out);
        else
            read_items(r, option, node, 1, (struct schema_list *)(void *)out);
        return;
    case SCHEMA_PAIRS:
        if (node->kind == YAML_MAP)
            read_items(r, option, node->first, count_items(node->first), (struct schema_list *)(void *)out);
        else if (node->kind == YAML_SCALAR && option->short_key != NULL)
            read_short_pair(r, option, node, (struct schema_list *)(void *)out);
        else
            config_errors_add(r->errors, &node->at, "%s must be a mapping (key: value), not %s", option->key,
                              kind_text(node->kind));
        return;
    }
}

static struct yaml_node *fallback_node(struct reading *r, const struct schema_option *option)
{
    struct yaml_node *node = NULL;
    int rc = yaml_read_text(r->arena, "built-in default", option->fallback, strlen(option->fallback), r->errors, &node);
    if (rc == ERR_NOMEM)
        r->out_of_memory = true;
    return node;
}

static void read_missing(struct reading *r, const struct schema_option *option, const struct yaml_node *map, char *out)
{
    if (option->required) {
        config_errors_add(r->errors, map == NULL ? NULL : &map->at, "'%s' is missing here: %s", option->key,
                          option->help);
        return;
    }
    const struct yaml_node *node = option->fallback == NULL ? NULL : fallback_node(r, option);
    if (node != NULL)
        read_option(r, option, node, out);
    else if (option->type == NULL && option->shape == SCHEMA_ONE)
        read_map(r, option->fields, NULL, out);
}

static const struct schema_option *option_find(const struct schema_option options[], const char *key)
{
    for (const struct schema_option *o = options; o->key != NULL; o++)
        if (o->key[0] != '\0' && strcmp(o->key, key) == 0)
            return o;
    return NULL;
}

/* What is written first, in the order of the file, so that complaints come in that order too; then the rest. */
static void read_map(struct reading *r, const struct schema_option options[], const struct yaml_node *map, char *out)
{
    for (const struct yaml_node *member = map == NULL ? NULL : map->first; member != NULL; member = member->next) {
        const struct schema_option *o = option_find(options, member->key);
        if (o == NULL)
            report_unknown(r, options, member);
        else if (!yaml_is_empty(member))
            read_option(r, o, member, out + o->offset);
        if (o != NULL && o->place_offset != 0)
            memcpy(out + o->place_offset, &member->at, sizeof member->at);
    }
    for (const struct schema_option *o = options; o->key != NULL; o++) {
        if (o->type == &schema_place && map != NULL)
            memcpy(out + o->offset, &map->at, sizeof map->at);
        else if (o->type != &schema_place && yaml_is_empty(yaml_find(map, o->key)))
            read_missing(r, o, map, out + o->offset);
    }
}

int schema_read(const struct schema_option options[], const struct yaml_node *map, struct arena *arena,
                struct config_errors *errors, void *out)
{
    struct reading r = {.arena = arena, .errors = errors};
    size_t errors_before = errors->count;
    if (map != NULL && map->kind != YAML_MAP)
        config_errors_add(errors, &map->at, "the file must be a mapping (key: value), not %s", kind_text(map->kind));
    else
        read_map(&r, options, map, out);
    if (r.out_of_memory)
        return ERR_NOMEM;
    return errors->count > errors_before ? ERR_CONFIG : 0;
}

/* ---- describing and writing ---- */

static void walk(const struct schema_option options[], const char *prefix, schema_visit visit, void *ctx)
{
    char path[256];
    for (const struct schema_option *o = options; o->key != NULL; o++) {
        if (o->type == &schema_place)
            continue;
        snprintf(path, sizeof path, "%s%s", prefix, o->key);
        visit(ctx, path, o);
        if (o->type == NULL) {
            snprintf(path, sizeof path, "%s%s%s", prefix, o->key, o->shape == SCHEMA_ONE ? "." : "[].");
            walk(o->fields, path, visit, ctx);
        }
    }
}

void schema_walk(const struct schema_option options[], schema_visit visit, void *ctx)
{
    walk(options, "", visit, ctx);
}

static void describe_value(const struct schema_option *option, FILE *to)
{
    char min[BOUND_TEXT_MAX];
    char max[BOUND_TEXT_MAX];
    if (option->type == NULL) {
        fputs("mapping", to);
        return;
    }
    for (size_t i = 0; option->type == &schema_word && option->words[i] != NULL; i++)
        fprintf(to, "%s%s", i == 0 ? "" : option->words[i + 1] == NULL ? " or " : ", ", option->words[i]);
    if (option->type != &schema_word)
        fputs(option->type->name, to);
    if (option->min != 0 || option->max != 0)
        fprintf(to, ", %s to %s", bound_text(option, option->min, min), bound_text(option, option->max, max));
}

void schema_describe(const struct schema_option *option, FILE *to)
{
    fputs(option->shape == SCHEMA_LIST ? "list: " : option->shape == SCHEMA_PAIRS ? "pairs: " : "", to);
    describe_value(option, to);
}

/* Whether text may stand without quotes anywhere in YAML. */
static bool is_plain(const char *text)
{
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-+@%";
    size_t len = strspn(text, safe);
    while (text[len] == ':' && text[len + 1] != '\0' && text[len + 1] != ' ')
        len += 1 + strspn(text + len + 1, safe);
    return len > 0 && text[len] == '\0' && strchr("-@%:", text[0]) == NULL;
}

static void write_scalar(const char *text, FILE *to)
{
    if (is_plain(text)) {
        fputs(text, to);
        return;
    }
    putc('"', to);
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            fprintf(to, "\\%c", *text);
        else if ((unsigned char)*text < 0x20)
            fprintf(to, "\\x%02x", (unsigned char)*text);
        else
            putc(*text, to);
    }
    putc('"', to);
}

/* On one line: [a, {b: c}]. */
static void write_flow(const struct yaml_node *node, FILE *to)
{
    if (node->kind == YAML_SCALAR) {
        write_scalar(node->text, to);
        return;
    }
    putc(node->kind == YAML_LIST ? '[' : '{', to);
    for (const struct yaml_node *child = node->first; child != NULL; child = child->next) {
        if (node->kind == YAML_MAP) {
            write_scalar(child->key, to);
            fputs(": ", to);
        }
        write_flow(child, to);
        if (child->next != NULL)
            fputs(", ", to);
    }
    putc(node->kind == YAML_LIST ? ']' : '}', to);
}

static void write_items(const struct yaml_node *list, int indent, FILE *to)
{
    putc('\n', to);
    for (const struct yaml_node *item = list->first; item != NULL; item = item->next) {
        fprintf(to, "%*s- ", indent + 2, "");
        write_flow(item, to);
        putc('\n', to);
    }
}

/* Whether a mapping that is not given has anything to say. */
static bool has_fallback(const struct schema_option options[])
{
    for (const struct schema_option *o = options; o->key != NULL; o++)
        if (o->fallback != NULL || (o->type == NULL && o->shape == SCHEMA_ONE))
            return true;
    return false;
}

static void write_map(const struct schema_option options[], const struct yaml_node *map, int indent, FILE *to);

static void write_part(const struct schema_option *o, const struct yaml_node *node, int indent, FILE *to)
{
    putc('\n', to);
    if (yaml_is_empty(node) || node->kind == YAML_MAP || o->short_key == NULL) {
        write_map(o->fields, node, indent, to);
        return;
    }
    struct yaml_node value = *node;
    value.key = o->short_key;
    value.next = NULL;
    write_map(o->fields, &(struct yaml_node){.kind = YAML_MAP, .at = node->at, .first = &value}, indent, to);
}

static void write_map(const struct schema_option options[], const struct yaml_node *map, int indent, FILE *to)
{
    for (const struct schema_option *o = options; o->key != NULL; o++) {
        const struct yaml_node *node = yaml_find(map, o->key);
        bool given = !yaml_is_empty(node);
        bool is_part = o->type == NULL && o->shape == SCHEMA_ONE;
        if (o->type == &schema_place || (!given && o->fallback == NULL && !(is_part && has_fallback(o->fields))))
            continue;
        fprintf(to, "%*s%s:", indent, "", o->key);
        if (is_part) {
            write_part(o, node, indent + 2, to);
        } else if (given && node->kind == YAML_LIST && o->type == NULL) {
            write_items(node, indent, to);
        } else {
            putc(' ', to);
            if (given)
                write_flow(node, to);
            else
                fputs(o->fallback, to);
            putc('\n', to);
        }
    }
}

void schema_write(const struct schema_option options[], const struct yaml_node *map, FILE *to)
{
    write_map(options, map, 0, to);
}
