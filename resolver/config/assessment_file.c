#include "config/assessment_file.h"

#include <stdio.h>
#include <string.h>

#include "config/schema.h"

struct form {
    const char *purpose, *benefit, *risks, *measures, *data_protection, *educational_assessor, *technical_assessor;
    const char *age_minimum, *review;
    struct config_place age_at, review_at;
    bool terms_checked;
};

#define TEXT(member)                                                                                                   \
    {                                                                                                                  \
        .key = #member, .type = &schema_string, .offset = offsetof(struct form, member), .help = #member               \
    }

static const struct schema_option form_options[] = {TEXT(purpose),
                                                    TEXT(benefit),
                                                    TEXT(risks),
                                                    TEXT(measures),
                                                    TEXT(data_protection),
                                                    TEXT(educational_assessor),
                                                    TEXT(technical_assessor),
                                                    {.key = "age_minimum",
                                                     .type = &schema_string,
                                                     .offset = offsetof(struct form, age_minimum),
                                                     .place_offset = offsetof(struct form, age_at),
                                                     .help = "age_minimum"},
                                                    {.key = "terms_checked",
                                                     .type = &schema_bool,
                                                     .offset = offsetof(struct form, terms_checked),
                                                     .fallback = "false",
                                                     .help = "terms_checked"},
                                                    {.key = "review",
                                                     .type = &schema_string,
                                                     .offset = offsetof(struct form, review),
                                                     .place_offset = offsetof(struct form, review_at),
                                                     .help = "review"},
                                                    {0}};

struct reading {
    const struct form *form;
    struct config_errors *errors;
    const char *path;
};

static void copy(struct reading *r, const char *key, const char *from, char *to, size_t cap)
{
    if (from != NULL && strlen(from) >= cap)
        config_errors_add(r->errors, NULL, "%s: %s may have %zu bytes", r->path, key, cap - 1);
    else
        snprintf(to, cap, "%s", from == NULL ? "" : from);
}

static int age_from_text(const char *text, int *out)
{
    size_t len = strlen(text);
    if (strcmp(text, "none") == 0)
        *out = ASSESSMENT_AGE_NONE;
    else if (len == 0 || len > 2 || strspn(text, "0123456789") != len)
        return ERR_MALFORMED;
    else
        *out = len == 1 ? text[0] - '0' : (text[0] - '0') * 10 + text[1] - '0';
    return 0;
}

static void fill(struct reading *r, struct assessment *out)
{
    const struct form *form = r->form;
#define COPY(member) copy(r, #member, form->member, out->member, sizeof out->member)
    COPY(purpose);
    COPY(benefit);
    COPY(risks);
    COPY(measures);
    COPY(data_protection);
    COPY(educational_assessor);
    COPY(technical_assessor);
#undef COPY
    out->terms_checked = form->terms_checked;
    if (form->age_minimum == NULL)
        config_errors_add(r->errors, NULL, "%s: say the sites' minimum age (age_minimum), or none", r->path);
    else if (age_from_text(form->age_minimum, &out->age_minimum) < 0)
        config_errors_add(r->errors, &form->age_at, "age_minimum must be a number of years or none, not '%s'",
                          form->age_minimum);
    if (form->review != NULL && assessment_day_from_text(form->review, &out->review_s) < 0)
        config_errors_add(r->errors, &form->review_at, "review must be a day such as 2027-06-01, not '%s'",
                          form->review);
}

static int read_form(struct arena *arena, const char *path, struct assessment *out, struct config_errors *errors)
{
    struct yaml_node *tree = NULL;
    struct form form = {0};
    struct assessment filled = {.age_minimum = ASSESSMENT_AGE_NONE};
    size_t before = errors->count;
    int rc = yaml_read_file(arena, path, errors, &tree);
    if (rc == 0 && tree != NULL && tree->kind != YAML_MAP) {
        config_errors_add(errors, &tree->at, "the form must hold a mapping (key: value)");
        rc = ERR_CONFIG;
    }
    if (rc == 0)
        rc = schema_read(form_options, tree, arena, errors, &form);
    if (rc < 0)
        return rc;
    fill(&(struct reading){&form, errors, path}, &filled);
    if (errors->count > before)
        return ERR_CONFIG;
    *out = filled;
    return 0;
}

int assessment_file_read(const char *path, struct assessment *out, struct config_errors *errors)
{
    struct arena *arena = arena_new();
    if (arena == NULL)
        return ERR_NOMEM;
    int rc = read_form(arena, path, out, errors);
    arena_free(arena);
    return rc;
}
