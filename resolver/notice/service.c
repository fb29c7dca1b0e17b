#include "notice/service.h"

#include <ctype.h>
#include <string.h>

#include "notice/html.h"

static const char *const wordings[] = {"primary", "secondary", "staff", NULL};

static const struct schema_option service_options[] = {
    {.key = "", .type = &schema_place, .offset = offsetof(struct service, at)},
    {.key = "id",
     .type = &schema_string,
     .offset = offsetof(struct service, id),
     .required = true,
     .help = "short name that categories use"},
    {.key = "name",
     .type = &schema_string,
     .offset = offsetof(struct service, name),
     .required = true,
     .help = "name as people know it"},
    {.key = "for",
     .type = &schema_string,
     .offset = offsetof(struct service, whom),
     .required = true,
     .help = "who it is for, as the page says it"},
    {.key = "wordings",
     .type = &schema_word,
     .shape = SCHEMA_LIST,
     .offset = offsetof(struct service, wordings),
     .words = wordings,
     .required = true,
     .help = "pages that show it"},
    {.key = "phone", .type = &schema_string, .offset = offsetof(struct service, phone), .help = "telephone number"},
    {.key = "text",
     .type = &schema_string,
     .shape = SCHEMA_LIST,
     .offset = offsetof(struct service, text),
     .help = "word and number of a text-message service"},
    {.key = "web",
     .type = &schema_string,
     .offset = offsetof(struct service, web),
     .help = "web address without https://"},
    {.key = "hours", .type = &schema_string, .offset = offsetof(struct service, hours), .help = "when it is open"},
    {.key = "last_verified",
     .type = &schema_string,
     .offset = offsetof(struct service, last_verified),
     .required = true,
     .help = "day the details were last compared, or unknown"},
    {0}};

struct file {
    struct schema_list services;
};

static const struct schema_option file_options[] = {{.key = "services",
                                                     .shape = SCHEMA_LIST,
                                                     .offset = offsetof(struct file, services),
                                                     .fields = service_options,
                                                     .item_size = sizeof(struct service),
                                                     .required = true,
                                                     .help = "help services"},
                                                    {0}};

/* A text service needs its word and its number; a service that can't be reached helps nobody. */
static void service_check(const struct service *s, struct config_errors *errors)
{
    if (s->text.count != 0 && s->text.count != 2)
        config_errors_add(errors, &s->at, "text of '%s' must be a word and a number, e.g. [SHOUT, \"85258\"]", s->id);
    if (s->phone == NULL && s->text.count == 0 && s->web == NULL)
        config_errors_add(errors, &s->at, "'%s' has no phone, text or web to reach it by", s->id);
}

int service_read(const struct yaml_node *file, struct arena *arena, struct config_errors *errors,
                 struct service_list *out)
{
    struct file read = {0};
    size_t before = errors->count;
    int err = schema_read(file_options, file, arena, errors, &read);
    if (err < 0)
        return err;
    const struct service *items = read.services.items;
    for (size_t i = 0; i < read.services.count; i++)
        service_check(&items[i], errors);
    if (errors->count > before)
        return ERR_CONFIG;
    *out = (struct service_list){items, read.services.count};
    return 0;
}

const struct service *service_find(const struct service_list *list, const char *id)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i].id, id) == 0)
            return &list->items[i];
    return NULL;
}

bool service_is_for(const struct service *service, enum policy_wording wording)
{
    const int *items = service->wordings.items;
    for (size_t i = 0; i < service->wordings.count; i++)
        if (items[i] == (int)wording)
            return true;
    return false;
}

/* tel: and sms: links hold digits alone (RFC 3966, RFC 5724). */
static void text_add_digits(struct text *out, const char *number)
{
    for (; *number != '\0'; number++)
        if (isdigit((unsigned char)*number))
            text_add(out, number, 1);
}

static void text_add_markup(struct text *out, const char *markup)
{
    text_add(out, markup, strlen(markup));
}

static void service_write_ways(const struct service *s, struct text *out)
{
    if (s->phone != NULL) {
        text_add_markup(out, "<a href=\"tel:");
        text_add_digits(out, s->phone);
        text_add_markup(out, "\">Call ");
        html_add(out, s->phone);
        text_add_markup(out, "</a> ");
    }
    if (s->text.count == 2) {
        const char *const *text = s->text.items;
        text_add_markup(out, "<a href=\"sms:");
        text_add_digits(out, text[1]);
        text_add_markup(out, "\">Text ");
        html_add(out, text[0]);
        text_add_markup(out, " to ");
        html_add(out, text[1]);
        text_add_markup(out, "</a> ");
    }
    if (s->web != NULL) {
        text_add_markup(out, "<a href=\"https://");
        html_add(out, s->web);
        text_add_markup(out, "\">");
        html_add(out, s->web);
        text_add_markup(out, "</a>");
    }
}

void service_write(const struct service *s, struct text *out)
{
    text_add_markup(out, "<li><h3>");
    html_add(out, s->name);
    text_add_markup(out, "</h3><p>");
    html_add(out, s->whom);
    text_add_markup(out, "</p><p class=\"ways\">");
    service_write_ways(s, out);
    if (s->hours != NULL) {
        text_add_markup(out, " <span class=\"hint hours\">Open ");
        html_add(out, s->hours);
        text_add_markup(out, "</span>");
    }
    text_add_markup(out, "</p></li>\n");
}
