#include "notice/pages.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "notice/html.h"
#include "notice/shipped.h"
#include "notice/template.h"
#include "notice/wording.h"

/* X(enum suffix, name in templates, is it markup) */
#define SLOT_LIST(X)                                                                                                   \
    X(HOST, "host", false)                                                                                             \
    X(CODE, "code", false)                                                                                             \
    X(TOKEN, "token", false)                                                                                           \
    X(TIME, "time", false)                                                                                             \
    X(TITLE, "title", false)                                                                                           \
    X(WHY, "why", false)                                                                                               \
    X(HELP, "help", true)                                                                                              \
    X(CARE, "care", false)                                                                                             \
    X(ALERT, "alert", true)                                                                                            \
    X(URL, "url", false)                                                                                               \
    X(WORDS, "words", false)                                                                                           \
    X(NAME, "name", false)                                                                                             \
    X(MESSAGE, "message", false)                                                                                       \
    X(STYLE, "style", true)                                                                                            \
    X(SCHOOL, "school", false)                                                                                         \
    X(CONTACT, "contact", false)

enum slot {
#define X(suffix, name, markup) SLOT_##suffix,
    SLOT_LIST(X)
#undef X
        SLOT_COUNT
};

static_assert(SLOT_COUNT <= TEMPLATE_SLOTS_MAX, "a template knows this many names");

#define FILE_MAX (256 * 1024)

struct pages {
    struct arena *arena;
    const struct wording *wording;
    const struct template *templates[PAGE_COUNT];
    const char *csp;
};

/* ---- files ---- */

struct source {
    struct arena *arena;
    const char *dir; /* NULL: shipped files alone */
};

static const char *file_read(struct arena *arena, const char *path, size_t *out_len)
{
    FILE *file = fopen(path, "rbe");
    char *text = file == NULL ? NULL : arena_alloc(arena, FILE_MAX + 1);
    size_t len = text == NULL ? 0 : fread(text, 1, FILE_MAX + 1, file);
    bool good = text != NULL && !ferror(file) && len <= FILE_MAX;
    if (file != NULL)
        fclose(file);
    if (!good)
        return NULL;
    text[len] = '\0';
    *out_len = len;
    return text;
}

/* A file of the school's own folder; what is not there is ours. */
static const char *source_find(void *ctx, const char *name, size_t *out_len)
{
    const struct source *source = ctx;
    const struct shipped_file *shipped = shipped_find(name);
    char path[4096];
    const char *own = NULL;
    if (strchr(name, '/') != NULL)
        return NULL;
    if (source->dir != NULL && snprintf(path, sizeof path, "%s/%s", source->dir, name) < (int)sizeof path)
        own = file_read(source->arena, path, out_len);
    if (own != NULL)
        return own;
    if (shipped == NULL)
        return NULL;
    *out_len = shipped->len;
    return shipped->text;
}

/* ---- making ---- */

static int make_wording(struct pages *pages, struct source *source, const char *help_file, struct config_errors *errors)
{
    struct wording_text categories = {.name = "categories.yaml"};
    struct wording_text services = {.name = help_file == NULL ? "help-services.yaml" : help_file};
    categories.text = source_find(source, categories.name, &categories.len);
    services.text = help_file == NULL ? source_find(source, services.name, &services.len)
                                      : file_read(pages->arena, help_file, &services.len);
    if (services.text == NULL) {
        config_errors_add(errors, NULL, "%s: can't be read: %s", services.name, strerror(errno));
        return ERR_CONFIG;
    }
    return wording_new(pages->arena, &categories, &services, errors, &pages->wording);
}

/* The style sheet is named by its hash, so that no other style, and no script at all, ever runs in our pages. */
static const char *make_csp(struct arena *arena, const char *style)
{
    uint8_t digest[crypto_hash_sha256_BYTES];
    char base64[sodium_base64_ENCODED_LEN(sizeof digest, sodium_base64_VARIANT_ORIGINAL)];
    crypto_hash_sha256(digest, (const uint8_t *)style, strlen(style));
    sodium_bin2base64(base64, sizeof base64, digest, sizeof digest, sodium_base64_VARIANT_ORIGINAL);
    return arena_printf(arena, "default-src 'none'; style-src 'sha256-%s'; form-action 'self'; base-uri 'none'",
                        base64);
}

static int make_templates(struct pages *pages, struct source *source, const struct config_notice *opts,
                          const char *style, struct config_errors *errors)
{
    static const char *const files[PAGE_COUNT] = {
#define X(suffix, file) file,
        PAGES_LIST(X)
#undef X
    };
    struct template_name names[SLOT_COUNT] = {
#define X(suffix, slot_name, is_markup) {.name = slot_name, .markup = is_markup},
        SLOT_LIST(X)
#undef X
    };
    struct template_files from = {source, source_find};
    char why[256];
    names[SLOT_STYLE].value = style;
    names[SLOT_SCHOOL].value = opts->school == NULL ? "School network" : opts->school;
    names[SLOT_CONTACT].value = opts->contact == NULL ? "a member of staff you trust" : opts->contact;
    for (int i = 0; i < PAGE_COUNT; i++) {
        int err = template_new(pages->arena, &from, files[i], names, SLOT_COUNT, &pages->templates[i], why, sizeof why);
        if (err == ERR_MALFORMED)
            config_errors_add(errors, NULL, "%s", why);
        if (err < 0)
            return err == ERR_MALFORMED ? ERR_CONFIG : err;
    }
    return 0;
}

int pages_new(const struct config_notice *opts, struct config_errors *errors, struct pages **out)
{
    size_t style_len;
    struct pages *pages = calloc(1, sizeof *pages);
    if (pages == NULL || sodium_init() < 0 || (pages->arena = arena_new()) == NULL) {
        pages_free(pages);
        return ERR_NOMEM;
    }
    struct source source = {pages->arena, opts->template_dir};
    const char *style = source_find(&source, "style.css", &style_len);
    pages->csp = make_csp(pages->arena, style);
    int err = pages->csp == NULL ? ERR_NOMEM : make_wording(pages, &source, opts->help_file, errors);
    err = err < 0 ? err : make_templates(pages, &source, opts, style, errors);
    if (err < 0) {
        pages_free(pages);
        return err;
    }
    *out = pages;
    return 0;
}

void pages_free(struct pages *pages)
{
    if (pages == NULL)
        return;
    arena_free(pages->arena);
    free(pages);
}

const char *pages_csp(const struct pages *pages)
{
    return pages->csp;
}

/* ---- showing ---- */

enum page pages_blocked(const struct pages *pages, enum policy_wording wording, const struct verdict *verdict)
{
    bool urgent = wording_find(pages->wording, verdict)->urgent;
    if (verdict->reason == REASON_SUSPENSION)
        return PAGE_PAUSED;
    switch (wording) {
    case POLICY_WORDING_PRIMARY:
        return urgent ? PAGE_CARE_PRIMARY : PAGE_BLOCKED_PRIMARY;
    case POLICY_WORDING_STAFF:
        return PAGE_BLOCKED_STAFF;
    case POLICY_WORDING_SECONDARY:
    default:
        return urgent ? PAGE_CARE_SECONDARY : PAGE_BLOCKED_SECONDARY;
    }
}

/* "21 November 2026, 14:05" in the school's own time. */
static void time_text(int64_t now_s, char *out, size_t cap)
{
    time_t seconds = (time_t)now_s;
    struct tm local;
    if (localtime_r(&seconds, &local) == NULL || strftime(out, cap, "%-d %B %Y, %H:%M", &local) == 0)
        out[0] = '\0';
}

static void alert_text(const char *alert, struct text *out)
{
    if (alert == NULL)
        return;
    text_printf(out, "<p class=\"alert\" role=\"alert\">");
    html_add(out, alert);
    text_printf(out, "</p>");
}

void pages_write(const struct pages *pages, enum page page, const struct page_facts *facts, struct text *out)
{
    char when[64];
    struct text alert = {0};
    const struct wording_topic *topic =
        facts->verdict == NULL ? wording_general(pages->wording) : wording_find(pages->wording, facts->verdict);
    time_text(facts->now_s, when, sizeof when);
    alert_text(facts->alert, &alert);
    const char *const values[SLOT_COUNT] = {
        [SLOT_HOST] = facts->host,
        [SLOT_CODE] = facts->code,
        [SLOT_TOKEN] = facts->token,
        [SLOT_TIME] = when,
        [SLOT_TITLE] = facts->title == NULL ? topic->title : facts->title,
        [SLOT_WHY] = facts->why == NULL ? topic->sentence[facts->wording] : facts->why,
        [SLOT_HELP] = topic->help[facts->wording],
        [SLOT_CARE] = topic->urgent ? "care" : "",
        [SLOT_ALERT] = alert.bytes,
        [SLOT_URL] = facts->url,
        [SLOT_WORDS] = facts->words,
        [SLOT_NAME] = facts->name,
        [SLOT_MESSAGE] = wording_message(pages->wording, facts->wording, facts->now_s),
    };
    template_write(pages->templates[page], values, out);
    text_done(&alert);
}
