#include "change/assessment.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#define AGE_MAX 99

/* The texts, in the order in which they are written. */
static const struct {
    const char *key;
    size_t offset, max;
} texts[] = {
#define TEXT(member)                                                                                                   \
    {                                                                                                                  \
#member, offsetof(struct assessment, member), sizeof(((struct assessment *)0)->member) - 1                     \
    }
    TEXT(purpose),
    TEXT(benefit),
    TEXT(risks),
    TEXT(measures),
    TEXT(data_protection),
    TEXT(educational_assessor),
    TEXT(technical_assessor),
#undef TEXT
};

#define TEXT_COUNT (sizeof texts / sizeof texts[0])

/* ---- days ---- */

int assessment_day_from_text(const char *text, int64_t *out_s)
{
    struct tm tm = {0};
    char again[ASSESSMENT_DAY_MAX];
    const char *end = strptime(text, "%Y-%m-%d", &tm);
    if (end == NULL || *end != '\0')
        return ERR_MALFORMED;
    int64_t day_s = timegm(&tm);
    /* strptime() takes February 30th. */
    if (day_s <= 0 || strcmp(assessment_day_to_text(day_s, again), text) != 0)
        return ERR_MALFORMED;
    *out_s = day_s;
    return 0;
}

char *assessment_day_to_text(int64_t day_s, char out[ASSESSMENT_DAY_MAX])
{
    struct tm tm;
    time_t time = (time_t)day_s;
    if (gmtime_r(&time, &tm) == NULL || strftime(out, ASSESSMENT_DAY_MAX, "%Y-%m-%d", &tm) == 0)
        strcpy(out, "?");
    return out;
}

/* ---- reading ---- */

static bool take_text(const char *key, const json_t *value, struct assessment *out, int *err)
{
    for (size_t i = 0; i < TEXT_COUNT; i++) {
        if (strcmp(texts[i].key, key) != 0)
            continue;
        if (!json_is_string(value) || json_string_length(value) > texts[i].max)
            *err = ERR_MALFORMED;
        else
            memcpy((char *)out + texts[i].offset, json_string_value(value), json_string_length(value) + 1);
        return true;
    }
    return false;
}

static int take_age(const json_t *value, struct assessment *out)
{
    if (json_is_null(value))
        return 0;
    if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) > AGE_MAX)
        return ERR_MALFORMED;
    out->age_minimum = (int)json_integer_value(value);
    return 0;
}

static int take_member(const char *key, const json_t *value, struct assessment *out)
{
    int err = 0;
    if (take_text(key, value, out, &err))
        return err;
    if (strcmp(key, "age_minimum") == 0)
        return take_age(value, out);
    if (strcmp(key, "terms_checked") == 0) {
        out->terms_checked = json_is_true(value);
        return json_is_boolean(value) ? 0 : ERR_MALFORMED;
    }
    if (strcmp(key, "review") == 0)
        return json_is_string(value) ? assessment_day_from_text(json_string_value(value), &out->review_s)
                                     : ERR_MALFORMED;
    return ERR_MALFORMED;
}

/* The name that we have for a key, for out_wrong: the JSON's own goes with it. */
static const char *known_name(const char *key)
{
    static const char *const others[] = {"age_minimum", "terms_checked", "review"};
    for (size_t i = 0; i < TEXT_COUNT; i++)
        if (strcmp(texts[i].key, key) == 0)
            return texts[i].key;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (strcmp(others[i], key) == 0)
            return others[i];
    return "a member that is not known";
}

int assessment_parse(const char *json, size_t len, struct assessment *out, const char **out_wrong)
{
    struct assessment read = {.age_minimum = ASSESSMENT_AGE_NONE};
    const char *key;
    json_t *value, *object = json_loadb(json, len, JSON_REJECT_DUPLICATES, NULL);
    int err = json_is_object(object) ? 0 : ERR_MALFORMED;
    *out_wrong = "it is no JSON object";
    json_object_foreach(object, key, value)
    {
        if (err == 0 && (err = take_member(key, value, &read)) < 0)
            *out_wrong = known_name(key);
    }
    json_decref(object);
    if (err == 0)
        *out = read;
    return err;
}

/* ---- writing ---- */

void assessment_write(const struct assessment *assessment, struct text *out)
{
    char day[ASSESSMENT_DAY_MAX];
    text_printf(out, "{");
    for (size_t i = 0; i < TEXT_COUNT; i++) {
        text_printf(out, "\"%s\":", texts[i].key);
        text_add_json(out, (const char *)assessment + texts[i].offset);
        text_printf(out, ",");
    }
    if (assessment->age_minimum == ASSESSMENT_AGE_NONE)
        text_printf(out, "\"age_minimum\":null,");
    else
        text_printf(out, "\"age_minimum\":%d,", assessment->age_minimum);
    text_printf(out, "\"terms_checked\":%s", assessment->terms_checked ? "true" : "false");
    if (assessment->review_s != 0)
        text_printf(out, ",\"review\":\"%s\"", assessment_day_to_text(assessment->review_s, day));
    text_printf(out, "}");
}

/* ---- what it needs ---- */

static bool is_blank(const char *text)
{
    return text[strspn(text, " \t\r\n")] == '\0';
}

const char *assessment_missing(const struct assessment *assessment, int64_t now_s, int64_t review_max_s)
{
    static const char *const sentences[TEXT_COUNT] = {
        "it does not say what the change is for (purpose)",
        "it does not say what the benefit is for teaching (benefit)",
        "it does not say what could go wrong (risks)",
        "it does not say what is done about the risks (measures)",
        "it does not say what becomes of personal data (data_protection)",
        "it does not name who assessed it as a teacher (educational_assessor)",
        "it does not name who assessed it as a technician (technical_assessor)",
    };
    for (size_t i = 0; i < TEXT_COUNT; i++)
        if (is_blank((const char *)assessment + texts[i].offset))
            return sentences[i];
    if (!assessment->terms_checked)
        return "the sites' terms and conditions were not checked (terms_checked)";
    if (assessment->review_s == 0)
        return "it does not say when it is looked at again (review)";
    if (assessment->review_s <= now_s)
        return "its day of review is over";
    if (assessment->review_s - now_s > review_max_s)
        return "its day of review is too far away (change_control.review_max)";
    return NULL;
}
