#include "config/yaml.h"

#include <libfyaml.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

/* One reading: libfyaml's events become nodes; open maps and lists are on the stack. */
struct reading {
    struct arena *arena;
    struct config_errors *errors;
    const struct config_source *source;
    struct fy_parser *parser;
    size_t errors_before;

    struct yaml_node *root;
    bool document_seen;
    bool out_of_memory;
    unsigned depth;
    struct open_node {
        struct yaml_node *node;
        struct yaml_node *last; /* child */
        const char *key;        /* map: the key whose value comes next, or NULL */
        struct config_place key_at;
        size_t count; /* children */
    } stack[YAML_DEPTH_MAX];
};

/* ---- places and messages ---- */

static uint32_t place_width(const struct fy_mark *start, const struct fy_mark *end)
{
    if (end == NULL || end->line != start->line || end->column <= start->column)
        return 1;
    return (uint32_t)(end->column - start->column);
}

static struct config_place place_of(const struct reading *r, struct fy_event *event)
{
    const struct fy_mark *start = fy_event_start_mark(event);
    struct config_place place = {.source = r->source, .line = 1, .column = 1, .width = 1};
    if (start == NULL)
        return place;
    place.line = (uint32_t)start->line + 1;
    place.column = (uint32_t)start->column + 1;
    place.width = place_width(start, fy_event_end_mark(event));
    return place;
}

/*
 * YAML indents with blanks only. The scanner's complaint about a tab is about what it took the line for, so the first
 * line that begins with a tab is told instead.
 */
static bool report_tab(struct reading *r)
{
    const char *text = r->source->text;
    struct config_place place = {.source = r->source, .line = 1, .column = 1, .width = 1};
    for (const char *line = text; line != NULL; place.line++) {
        size_t blanks = strspn(line, " ");
        if (line[blanks] == '\t') {
            place.column = (uint32_t)blanks + 1;
            config_errors_add(r->errors, &place, "this line is indented with a tab: YAML takes blanks only");
            return true;
        }
        line = strchr(line, '\n');
        line = line == NULL ? NULL : line + 1;
    }
    return false;
}

static void report_syntax(struct reading *r, struct fy_diag *diag)
{
    if (report_tab(r))
        return;
    void *next = NULL;
    struct fy_diag_error *error = fy_diag_errors_iterate(diag, &next);
    if (error == NULL) {
        struct config_place whole = {.source = r->source};
        config_errors_add(r->errors, &whole, "this is no YAML");
        return;
    }
    struct config_place place = {.source = r->source, .width = 1};
    place.line = (uint32_t)(error->line > 0 ? error->line : 1);
    place.column = (uint32_t)(error->column > 0 ? error->column : 1);
    config_errors_add(r->errors, &place, "%s", error->msg);
}

/* ---- text before it is parsed ---- */

/* Bytes of the well-formed UTF-8 character at s, or 0. */
static size_t utf8_len(const unsigned char *s, size_t left)
{
    size_t len = s[0] < 0x80                   ? 1
                 : s[0] >= 0xc2 && s[0] < 0xe0 ? 2
                 : (s[0] & 0xf0) == 0xe0       ? 3
                 : s[0] >= 0xf0 && s[0] < 0xf5 ? 4
                                               : 0;
    if (len == 0 || len > left)
        return 0;
    for (size_t i = 1; i < len; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    return len;
}

/* The scanner must never meet what is no text: it would be reported in words that help nobody. */
static int check_text(struct reading *r)
{
    const unsigned char *text = (const unsigned char *)r->source->text;
    struct config_place place = {.source = r->source, .line = 1, .column = 1, .width = 1};
    for (size_t i = 0; i < r->source->text_len; place.column++) {
        size_t len = utf8_len(text + i, r->source->text_len - i);
        bool control = text[i] < 0x20 && text[i] != '\n' && text[i] != '\r' && text[i] != '\t';
        if (len == 0 || control || text[i] == 0x7f) {
            config_errors_add(r->errors, &place, "byte 0x%02x is no text: the file must be UTF-8", text[i]);
            return ERR_CONFIG;
        }
        if (text[i] == '\n') {
            place.line++;
            place.column = 0;
        }
        i += len;
    }
    return 0;
}

/* ---- building ---- */

static struct yaml_node *node_new(struct reading *r, enum yaml_kind kind, struct fy_event *event)
{
    struct yaml_node *node = arena_alloc(r->arena, sizeof *node);
    if (node == NULL) {
        r->out_of_memory = true;
        return NULL;
    }
    node->kind = kind;
    node->at = place_of(r, event);
    return node;
}

static void attach(struct reading *r, struct yaml_node *node)
{
    if (r->depth == 0) {
        r->root = node;
        return;
    }
    struct open_node *parent = &r->stack[r->depth - 1];
    node->key = parent->key;
    node->key_at = parent->key_at;
    parent->key = NULL;
    parent->count++;
    if (parent->last == NULL)
        parent->node->first = node;
    else
        parent->last->next = node;
    parent->last = node;
}

static bool wants_key(const struct reading *r)
{
    return r->depth > 0 && r->stack[r->depth - 1].node->kind == YAML_MAP && r->stack[r->depth - 1].key == NULL;
}

static int refuse(struct reading *r, struct fy_event *event, const char *what)
{
    struct config_place place = place_of(r, event);
    config_errors_add(r->errors, &place, "%s", what);
    return ERR_CONFIG;
}

static int on_open(struct reading *r, struct fy_event *event, enum yaml_kind kind)
{
    if (wants_key(r))
        return refuse(r, event, "a key must be a word");
    if (r->depth == YAML_DEPTH_MAX)
        return refuse(r, event, "nested too deeply");
    struct yaml_node *node = node_new(r, kind, event);
    if (node == NULL)
        return ERR_NOMEM;
    node->at.width = 1;
    attach(r, node);
    r->stack[r->depth++] = (struct open_node){.node = node};
    return 0;
}

static int on_scalar(struct reading *r, struct fy_event *event)
{
    size_t len = 0;
    struct fy_token *token = event->scalar.value;
    const char *text = token == NULL ? NULL : fy_token_get_text(token, &len);
    char *copy = arena_text(r->arena, text == NULL ? "" : text, text == NULL ? 0 : len);
    if (copy == NULL)
        return ERR_NOMEM;
    if (strlen(copy) != (text == NULL ? 0 : len))
        return refuse(r, event, "a value can't hold a zero byte");
    if (wants_key(r)) {
        r->stack[r->depth - 1].key = copy;
        r->stack[r->depth - 1].key_at = place_of(r, event);
        return 0;
    }
    struct yaml_node *node = node_new(r, YAML_SCALAR, event);
    if (node == NULL)
        return ERR_NOMEM;
    node->text = copy;
    node->quoted = token != NULL && fy_token_scalar_style(token) != FYSS_PLAIN;
    attach(r, node);
    return 0;
}

static int compare_members(const void *a, const void *b)
{
    const struct yaml_node *left = *(const struct yaml_node *const *)a;
    const struct yaml_node *right = *(const struct yaml_node *const *)b;
    int order = strcmp(left->key, right->key);
    if (order != 0)
        return order;
    if (left->key_at.line != right->key_at.line)
        return left->key_at.line < right->key_at.line ? -1 : 1;
    return left->key_at.column < right->key_at.column ? -1 : 1;
}

/* Sorted, so that a file of a million keys costs no more than reading it. */
static int check_duplicates(struct reading *r, const struct open_node *map)
{
    const struct yaml_node **members = calloc(map->count + 1, sizeof(void *));
    size_t count = 0;
    if (members == NULL)
        return ERR_NOMEM;
    for (const struct yaml_node *node = map->node->first; node != NULL; node = node->next)
        members[count++] = node;
    qsort(members, count, sizeof(void *), compare_members);
    for (size_t i = 1; i < count; i++)
        if (strcmp(members[i]->key, members[i - 1]->key) == 0)
            config_errors_add(r->errors, &members[i]->key_at, "'%s' is given twice, first in line %u", members[i]->key,
                              members[i - 1]->key_at.line);
    free(members);
    return 0;
}

static int on_close(struct reading *r)
{
    struct open_node *top = &r->stack[--r->depth];
    return top->node->kind == YAML_MAP ? check_duplicates(r, top) : 0;
}

static int on_document(struct reading *r, struct fy_event *event)
{
    if (r->document_seen)
        return refuse(r, event, "a second document begins here; one file holds one");
    r->document_seen = true;
    return 0;
}

static int on_event(struct reading *r, struct fy_event *event)
{
    switch (event->type) {
    case FYET_DOCUMENT_START:
        return on_document(r, event);
    case FYET_MAPPING_START:
        return on_open(r, event, YAML_MAP);
    case FYET_SEQUENCE_START:
        return on_open(r, event, YAML_LIST);
    case FYET_MAPPING_END:
    case FYET_SEQUENCE_END:
        return on_close(r);
    case FYET_SCALAR:
        return on_scalar(r, event);
    case FYET_ALIAS:
        return refuse(r, event, "aliases (*name) are not read here: write the value out");
    case FYET_NONE:
    case FYET_STREAM_START:
    case FYET_STREAM_END:
    case FYET_DOCUMENT_END:
        break;
    }
    return 0;
}

static int read_events(struct reading *r, struct fy_diag *diag)
{
    struct fy_event *event;
    int rc = 0;
    while (rc == 0 && (event = fy_parser_parse(r->parser)) != NULL) {
        rc = on_event(r, event);
        fy_parser_event_free(r->parser, event);
    }
    if (rc == 0 && fy_parser_get_stream_error(r->parser))
        report_syntax(r, diag);
    return rc;
}

static struct fy_diag *diag_new(void)
{
    struct fy_diag_cfg cfg;
    fy_diag_cfg_default(&cfg);
    cfg.fp = NULL;
    struct fy_diag *diag = fy_diag_create(&cfg);
    if (diag != NULL)
        fy_diag_set_collect_errors(diag, true);
    return diag;
}

static int read_source(struct reading *r)
{
    int rc = ERR_NOMEM;
    struct fy_diag *diag = diag_new();
    if (diag == NULL)
        return ERR_NOMEM;
    const struct fy_parse_cfg cfg = {.flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_JSON_NONE, .diag = diag};
    r->parser = fy_parser_create(&cfg);
    if (r->parser != NULL && fy_parser_set_string(r->parser, r->source->text, r->source->text_len) == 0)
        rc = read_events(r, diag);
    fy_parser_destroy(r->parser);
    fy_diag_destroy(diag);
    return rc;
}

static int read_tree(struct arena *arena, const struct config_source *source, struct config_errors *errors,
                     struct yaml_node **out)
{
    struct reading r = {.arena = arena, .errors = errors, .source = source, .errors_before = errors->count};
    int rc = check_text(&r);
    if (rc == 0 && source->text_len > 0)
        rc = read_source(&r);
    if (rc < 0)
        return rc;
    if (r.out_of_memory)
        return ERR_NOMEM;
    if (errors->count > r.errors_before)
        return ERR_CONFIG;
    *out = r.root;
    return 0;
}

int yaml_read_text(struct arena *arena, const char *name, const char *text, size_t text_len,
                   struct config_errors *errors, struct yaml_node **out)
{
    struct config_source *source = arena_alloc(arena, sizeof *source);
    if (source == NULL)
        return ERR_NOMEM;
    source->name = arena_text(arena, name, strlen(name));
    source->text = arena_text(arena, text, text_len);
    source->text_len = text_len;
    if (source->name == NULL || source->text == NULL)
        return ERR_NOMEM;
    return read_tree(arena, source, errors, out);
}

/* ---- files ---- */

static int read_whole(const char *path, char **out_text, size_t *out_len)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return -errno;
    char *text = NULL;
    size_t len = 0;
    size_t cap = 0;
    int rc = 0;
    do {
        if (len == cap) {
            cap = cap == 0 ? 4096 : cap * 2;
            char *grown = cap > YAML_FILE_MAX * 2u ? NULL : realloc(text, cap);
            if (grown == NULL) {
                rc = cap > YAML_FILE_MAX ? ERR_LIMIT : ERR_NOMEM;
                break;
            }
            text = grown;
        }
        len += fread(text + len, 1, cap - len, file);
    } while (!feof(file) && !ferror(file));
    if (rc == 0 && ferror(file))
        rc = errno != 0 ? -errno : ERR_IO;
    fclose(file);
    if (rc < 0) {
        free(text);
        return rc;
    }
    *out_text = text;
    *out_len = len;
    return 0;
}

int yaml_read_file(struct arena *arena, const char *path, struct config_errors *errors, struct yaml_node **out)
{
    char *text = NULL;
    size_t len = 0;
    int rc = read_whole(path, &text, &len);
    if (rc == ERR_NOMEM)
        return rc;
    if (rc < 0) {
        const struct config_source source = {.name = path};
        config_errors_add(errors, &(struct config_place){.source = &source}, "can't be read: %s", err_str(rc));
        return ERR_CONFIG;
    }
    rc = yaml_read_text(arena, path, text, len, errors, out);
    free(text);
    return rc;
}

/* ---- trees ---- */

bool yaml_is_empty(const struct yaml_node *node)
{
    return node == NULL || (node->kind == YAML_SCALAR && !node->quoted && node->text[0] == '\0');
}

struct yaml_node *yaml_find(const struct yaml_node *map, const char *key)
{
    if (map == NULL || map->kind != YAML_MAP)
        return NULL;
    for (struct yaml_node *node = map->first; node != NULL; node = node->next)
        if (strcmp(node->key, key) == 0)
            return node;
    return NULL;
}

static void map_append(struct yaml_node *map, struct yaml_node *member)
{
    struct yaml_node **at = &map->first;
    while (*at != NULL)
        at = &(*at)->next;
    member->next = NULL;
    *at = member;
}

static void map_replace(struct yaml_node *map, struct yaml_node *old, struct yaml_node *member)
{
    struct yaml_node **at = &map->first;
    while (*at != old)
        at = &(*at)->next;
    member->next = old->next;
    *at = member;
}

struct yaml_node *yaml_merge(struct yaml_node *under, struct yaml_node *over)
{
    if (under == NULL || yaml_is_empty(over))
        return under == NULL ? over : under;
    if (under->kind != YAML_MAP || over->kind != YAML_MAP)
        return over;
    for (struct yaml_node *member = over->first, *next; member != NULL; member = next) {
        next = member->next;
        struct yaml_node *old = yaml_find(under, member->key);
        if (old == NULL)
            map_append(under, member);
        else if (old->kind == YAML_MAP && member->kind == YAML_MAP)
            yaml_merge(old, member);
        else if (!yaml_is_empty(member))
            map_replace(under, old, member);
    }
    return under;
}
