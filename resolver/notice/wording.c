#include "notice/wording.h"

#include <string.h>

#include "base/category.h"
#include "base/verdict.h"
#include "config/schema.h"
#include "config/yaml.h"
#include "notice/service.h"

#define REASONS_MAX 32

struct wording {
    struct wording_topic categories[CATEGORY_MAX];
    struct wording_topic reasons[REASONS_MAX];
    struct wording_topic held[CATEGORY_MAX];     /* REASON_HOLD: its sentences, the category's title and help */
    struct wording_topic approved[CATEGORY_MAX]; /* REASON_UNLESS_APPROVED: the same */
    struct wording_topic general;
    struct schema_list messages[WORDING_TIERS]; /* of const char * */
};

/* ---- what the file says ---- */

/* An entry of `categories` or of `reasons`. */
struct entry {
    struct config_place at;
    int64_t id;
    const char *name;
    const char *title;
    struct schema_list risks; /* of int */
    struct {
        int primary, year_7_9, year_10_11, sixth_form, staff, guest;
    } defaults;
    const char *sentence[WORDING_TIERS];
    struct schema_list help; /* of const char *: ids of services */
    const char *shown_as;
    bool urgent;
};

struct file {
    struct schema_list categories;
    struct schema_list reasons;
    struct schema_list messages[WORDING_TIERS];
};

static const char *const risks[] = {"content", "contact", "conduct", "commerce", NULL};
static const char *const defaults[] = {"block", "allow", "log-only", NULL};

#define DEFAULT_OPTION(text, field)                                                                                    \
    {                                                                                                                  \
        .key = (text), .type = &schema_word, .offset = offsetof(struct entry, defaults.field), .words = defaults,      \
        .required = true, .help = "what this level does where the policy says nothing"                                 \
    }

static const struct schema_option default_options[] = {DEFAULT_OPTION("primary", primary),
                                                       DEFAULT_OPTION("year-7-9", year_7_9),
                                                       DEFAULT_OPTION("year-10-11", year_10_11),
                                                       DEFAULT_OPTION("sixth-form", sixth_form),
                                                       DEFAULT_OPTION("staff", staff),
                                                       DEFAULT_OPTION("guest", guest),
                                                       {0}};

#define SENTENCE_OPTION(text, tier)                                                                                    \
    {                                                                                                                  \
        .key = (text), .type = &schema_string, .offset = offsetof(struct entry, sentence[tier]), .required = true,     \
        .help = "one sentence in words that fit this reader"                                                           \
    }

#define WORDS_OPTIONS                                                                                                  \
    {.key = "", .type = &schema_place, .offset = offsetof(struct entry, at)},                                          \
        {.key = "name",                                                                                                \
         .type = &schema_string,                                                                                       \
         .offset = offsetof(struct entry, name),                                                                       \
         .required = true,                                                                                             \
         .help = "its name in the configuration"},                                                                     \
        {.key = "title",                                                                                               \
         .type = &schema_string,                                                                                       \
         .offset = offsetof(struct entry, title),                                                                      \
         .required = true,                                                                                             \
         .help = "what the site is about, in a few words"},                                                            \
        SENTENCE_OPTION("primary", POLICY_WORDING_PRIMARY), SENTENCE_OPTION("secondary", POLICY_WORDING_SECONDARY),    \
        SENTENCE_OPTION("staff", POLICY_WORDING_STAFF),                                                                \
    {                                                                                                                  \
        .key = "help", .type = &schema_string, .shape = SCHEMA_LIST, .offset = offsetof(struct entry, help),           \
        .help = "help services to name first"                                                                          \
    }

static const struct schema_option category_options[] = {
    WORDS_OPTIONS,
    {.key = "id",
     .type = &schema_int,
     .offset = offsetof(struct entry, id),
     .required = true,
     .min = 0,
     .max = CATEGORY_MAX - 1,
     .help = "number of the category"},
    {.key = "risks",
     .type = &schema_word,
     .shape = SCHEMA_LIST,
     .offset = offsetof(struct entry, risks),
     .words = risks,
     .required = true,
     .help = "which of the four C's"},
    {.key = "default", .fields = default_options, .required = true, .help = "what each level does by default"},
    {.key = "shown_as",
     .type = &schema_string,
     .offset = offsetof(struct entry, shown_as),
     .help = "category that the page shows instead"},
    {.key = "urgent",
     .type = &schema_bool,
     .offset = offsetof(struct entry, urgent),
     .help = "whether help stands out on the page"},
    {0}};

static const struct schema_option reason_options[] = {WORDS_OPTIONS, {0}};

#define MESSAGES_OPTION(text, tier)                                                                                    \
    {                                                                                                                  \
        .key = (text), .type = &schema_string, .shape = SCHEMA_LIST, .offset = offsetof(struct file, messages[tier]),  \
        .required = true, .help = "messages for this reader"                                                           \
    }

static const struct schema_option message_options[] = {MESSAGES_OPTION("primary", POLICY_WORDING_PRIMARY),
                                                       MESSAGES_OPTION("secondary", POLICY_WORDING_SECONDARY),
                                                       MESSAGES_OPTION("staff", POLICY_WORDING_STAFF),
                                                       {0}};

static const struct schema_option file_options[] = {
    {.key = "messages", .fields = message_options, .required = true, .help = "short safety messages"},
    {.key = "categories",
     .shape = SCHEMA_LIST,
     .offset = offsetof(struct file, categories),
     .fields = category_options,
     .item_size = sizeof(struct entry),
     .required = true,
     .help = "the categories"},
    {.key = "reasons",
     .shape = SCHEMA_LIST,
     .offset = offsetof(struct file, reasons),
     .fields = reason_options,
     .item_size = sizeof(struct entry),
     .required = true,
     .help = "words for other reasons than a category"},
    {0}};

/* ---- laying it out ---- */

struct maker {
    struct arena *arena;
    struct config_errors *errors;
    struct service_list services;
};

static bool entry_names(const struct entry *entry, const struct service *service)
{
    const char *const *ids = entry->help.items;
    for (size_t i = 0; i < entry->help.count; i++)
        if (strcmp(ids[i], service->id) == 0)
            return true;
    return false;
}

static void write_list(const struct maker *m, const struct entry *entry, enum policy_wording tier, bool named,
                       struct text *out)
{
    text_printf(out, "<ul class=\"services\">\n");
    for (size_t i = 0; i < m->services.count; i++) {
        const struct service *service = &m->services.items[i];
        if (service_is_for(service, tier) && entry_names(entry, service) == named)
            service_write(service, out);
    }
    text_printf(out, "</ul>\n");
}

static bool any_named(const struct maker *m, const struct entry *entry, enum policy_wording tier)
{
    for (size_t i = 0; i < m->services.count; i++)
        if (service_is_for(&m->services.items[i], tier) && entry_names(entry, &m->services.items[i]))
            return true;
    return false;
}

/*
 * The services of the topic, and the rest behind a summary: every page names every service for its readers, so that the
 * page of a name on a statutory list differs in nothing from any other.
 */
static const char *make_help(const struct maker *m, const struct entry *entry, enum policy_wording tier)
{
    struct text out = {0};
    if (any_named(m, entry, tier))
        write_list(m, entry, tier, true, &out);
    text_printf(&out, "<details><summary>More people who can help</summary>\n");
    write_list(m, entry, tier, false, &out);
    text_printf(&out, "</details>");
    const char *kept = text_ok(&out) ? arena_text(m->arena, out.bytes, out.len) : NULL;
    text_done(&out);
    return kept;
}

static int make_topic(const struct maker *m, const struct entry *entry, struct wording_topic *out)
{
    const char *const *ids = entry->help.items;
    for (size_t i = 0; i < entry->help.count; i++)
        if (service_find(&m->services, ids[i]) == NULL)
            config_errors_add(m->errors, &entry->at, "'%s' names the help service '%s', which is not in the list",
                              entry->name, ids[i]);
    out->title = entry->title;
    out->urgent = entry->urgent;
    for (int tier = 0; tier < WORDING_TIERS; tier++) {
        out->sentence[tier] = entry->sentence[tier];
        out->help[tier] = make_help(m, entry, (enum policy_wording)tier);
        if (out->help[tier] == NULL)
            return ERR_NOMEM;
    }
    return 0;
}

static int make_categories(const struct maker *m, const struct schema_list *list, struct wording *w)
{
    const struct entry *entries = list->items;
    for (size_t i = 0; i < list->count; i++) {
        const char *name = category_name((unsigned)entries[i].id);
        if (name == NULL || strcmp(name, entries[i].name) != 0)
            config_errors_add(m->errors, &entries[i].at, "category %d is not called '%s'", (int)entries[i].id,
                              entries[i].name);
        int err = make_topic(m, &entries[i], &w->categories[entries[i].id]);
        if (err < 0)
            return err;
    }
    for (size_t i = 0; i < list->count; i++) {
        const char *as = entries[i].shown_as;
        int id = as == NULL ? -1 : category_from_name(as, strlen(as));
        if (id >= 0)
            w->categories[entries[i].id] = w->categories[id];
        else if (as != NULL)
            config_errors_add(m->errors, &entries[i].at, "there is no category '%s'", as);
    }
    return 0;
}

static int reason_from_name(const char *name)
{
    for (int reason = 0; reason < REASONS_MAX; reason++)
        if (strcmp(verdict_reason_name((unsigned)reason), name) == 0)
            return reason;
    return -1;
}

static int make_reasons(const struct maker *m, const struct schema_list *list, struct wording *w)
{
    const struct entry *entries = list->items;
    for (size_t i = 0; i < list->count; i++) {
        int reason = reason_from_name(entries[i].name);
        if (reason < 0) {
            config_errors_add(m->errors, &entries[i].at, "there is no reason '%s'", entries[i].name);
            continue;
        }
        int err = make_topic(m, &entries[i], &w->reasons[reason]);
        if (err < 0)
            return err;
    }
    return 0;
}

/* The page must not lose the help for a category because of the way in which that is blocked. */
static void say_how(const struct wording *w, enum verdict_reason reason, struct wording_topic out[CATEGORY_MAX])
{
    memcpy(out, w->categories, CATEGORY_MAX * sizeof *out);
    for (unsigned id = 0; id < CATEGORY_MAX && w->reasons[reason].title != NULL; id++)
        memcpy(out[id].sentence, w->reasons[reason].sentence, sizeof out[id].sentence);
}

/* Every category and the reasons that block without one need words, or a page would have a hole. */
static void check_complete(const struct maker *m, const struct wording *w)
{
    for (unsigned id = 0; id < CATEGORY_MAX; id++)
        if (category_name(id) != NULL && w->categories[id].title == NULL)
            config_errors_add(m->errors, NULL, "there are no words for the category '%s'", category_name(id));
    if (w->reasons[REASON_DEFAULT].title == NULL)
        config_errors_add(m->errors, NULL, "there are no words for the reason 'default'");
}

static int read_text(const struct maker *m, const struct wording_text *text, struct yaml_node **out)
{
    return yaml_read_text(m->arena, text->name, text->text, text->len, m->errors, out);
}

int wording_new(struct arena *arena, const struct wording_text *categories, const struct wording_text *services,
                struct config_errors *errors, const struct wording **out)
{
    struct maker m = {.arena = arena, .errors = errors};
    struct file file = {0};
    struct yaml_node *node;
    size_t before = errors->count;
    struct wording *w = arena_alloc(arena, sizeof *w);
    int err = w == NULL ? ERR_NOMEM : read_text(&m, services, &node);
    err = err < 0 ? err : service_read(node, arena, errors, &m.services);
    err = err < 0 ? err : read_text(&m, categories, &node);
    err = err < 0 ? err : schema_read(file_options, node, arena, errors, &file);
    err = err < 0 ? err : make_categories(&m, &file.categories, w);
    err = err < 0 ? err : make_reasons(&m, &file.reasons, w);
    if (err < 0)
        return err;
    check_complete(&m, w);
    w->general = w->categories[CATEGORY_LOCAL];
    say_how(w, REASON_HOLD, w->held);
    say_how(w, REASON_UNLESS_APPROVED, w->approved);
    memcpy(w->messages, file.messages, sizeof w->messages);
    if (errors->count > before)
        return ERR_CONFIG;
    *out = w;
    return 0;
}

const struct wording_topic *wording_find(const struct wording *w, const struct verdict *verdict)
{
    const struct wording_topic *topic = NULL;
    if (verdict->category < CATEGORY_MAX && verdict->reason == REASON_HOLD)
        topic = &w->held[verdict->category];
    else if (verdict->category < CATEGORY_MAX && verdict->reason == REASON_UNLESS_APPROVED)
        topic = &w->approved[verdict->category];
    else if (verdict->reason < REASONS_MAX && verdict->reason != REASON_CATEGORY)
        topic = &w->reasons[verdict->reason];
    if ((topic == NULL || topic->title == NULL) && verdict->category < CATEGORY_MAX)
        topic = &w->categories[verdict->category];
    if (topic == NULL || topic->title == NULL)
        topic = &w->categories[CATEGORY_LOCAL];
    return topic;
}

const struct wording_topic *wording_general(const struct wording *w)
{
    return &w->general;
}

const char *wording_message(const struct wording *w, enum policy_wording tier, int64_t now_s)
{
    const struct schema_list *list = &w->messages[tier];
    const char *const *messages = list->items;
    return list->count == 0 ? "" : messages[(uint64_t)now_s / 3600 % list->count];
}
