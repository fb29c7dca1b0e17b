#include "alert/signpost.h"

#include <stdlib.h>
#include <string.h>

#include "alert/shipped.h"
#include "base/arena.h"
#include "base/category.h"
#include "config/yaml.h"

struct signpost {
    struct arena *arena;
    const struct yaml_node *categories;
    const struct yaml_node *services;
};

static int read_shipped(struct signpost *s, const char *name, struct config_errors *errors, struct yaml_node **out)
{
    for (const struct shipped_words *file = shipped_signposts; file->name != NULL; file++)
        if (strcmp(file->name, name) == 0)
            return yaml_read_text(s->arena, name, file->text, file->len, errors, out);
    return ERR_CONFIG;
}

static int read_all(struct signpost *s, const char *services_file, struct config_errors *errors)
{
    struct yaml_node *categories = NULL, *services = NULL;
    s->arena = arena_new();
    if (s->arena == NULL)
        return ERR_NOMEM;
    int err = read_shipped(s, "categories.yaml", errors, &categories);
    if (err == 0 && services_file != NULL)
        err = yaml_read_file(s->arena, services_file, errors, &services);
    else if (err == 0)
        err = read_shipped(s, "help-services.yaml", errors, &services);
    s->categories = yaml_find(categories, "categories");
    s->services = yaml_find(services, "services");
    return err;
}

int signpost_new(const char *services_file, struct config_errors *errors, struct signpost **out)
{
    struct signpost *s = calloc(1, sizeof *s);
    if (s == NULL)
        return ERR_NOMEM;
    int err = read_all(s, services_file, errors);
    if (err < 0)
        signpost_free(s);
    else
        *out = s;
    return err;
}

void signpost_free(struct signpost *s)
{
    if (s == NULL)
        return;
    arena_free(s->arena);
    free(s);
}

/* ---- looking up ---- */

/* NULL: it has no such text. */
static const char *text_in(const struct yaml_node *map, const char *key)
{
    const struct yaml_node *node = yaml_find(map, key);
    return node != NULL && node->kind == YAML_SCALAR ? node->text : NULL;
}

/* The member of a list of mappings whose key has this value; NULL: none. */
static const struct yaml_node *member(const struct yaml_node *list, const char *key, const char *value)
{
    for (const struct yaml_node *node = list == NULL ? NULL : list->first; node != NULL; node = node->next) {
        const char *text = text_in(node, key);
        if (text != NULL && value != NULL && strcmp(text, value) == 0)
            return node;
    }
    return NULL;
}

const char *signpost_title(const struct signpost *s, unsigned category)
{
    const char *name = category_name(category);
    if (category == CATEGORY_ILLEGAL)
        return "illegal content"; /* the page says something else on purpose (shown_as) */
    const char *title = text_in(member(s->categories, "name", name), "title");
    return title != NULL ? title : name != NULL ? name : "a category of a later version";
}

/* "text SHOUT to 85258" */
static void write_texting(const struct yaml_node *service, bool first, struct text *out)
{
    const struct yaml_node *list = yaml_find(service, "text");
    const struct yaml_node *word = list == NULL || list->kind != YAML_LIST ? NULL : list->first;
    if (word == NULL || word->text == NULL || word->next == NULL || word->next->text == NULL)
        return;
    text_printf(out, "%stext %s to %s", first ? "" : ", ", word->text, word->next->text);
}

static void write_service(const struct yaml_node *service, struct text *out)
{
    const char *phone = text_in(service, "phone"), *web = text_in(service, "web"), *hours = text_in(service, "hours");
    const char *name = text_in(service, "name");
    if (name == NULL)
        return;
    text_printf(out, "  %s: %s", name, phone == NULL ? "" : phone);
    write_texting(service, phone == NULL, out);
    if (web != NULL)
        text_printf(out, "%s%s", out->bytes[out->len - 1] == ' ' ? "" : ", ", web);
    if (hours != NULL)
        text_printf(out, " (%s)", hours);
    text_add(out, "\n", 1);
}

void signpost_write(const struct signpost *s, unsigned category, unsigned max, struct text *out)
{
    const struct yaml_node *help = yaml_find(member(s->categories, "name", category_name(category)), "help");
    const struct yaml_node *id = help != NULL && help->kind == YAML_LIST ? help->first : NULL;
    for (unsigned count = 0; id != NULL && count < max; id = id->next, count++)
        write_service(member(s->services, "id", id->text), out);
}
