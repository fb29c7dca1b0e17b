/*
 * What the page says about a category, and who can help: data/categories.yaml and data/help-services.yaml, read once and
 * laid out as markup for each of the three wordings.
 *
 * Memory: the caller's arena. Threads: immutable once made; any thread may read.
 */
#ifndef NOTICE_WORDING_H
#define NOTICE_WORDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "belisha/category.h"
#include "belisha/err.h"
#include "belisha/verdict.h"
#include "config/errors.h"
#include "policy/policy.h"

#define WORDING_TIERS 3 /* enum policy_wording */

struct wording_topic {
    const char *title;                   /* plain text */
    const char *sentence[WORDING_TIERS]; /* plain text */
    const char *help[WORDING_TIERS];     /* markup: services for this topic, then the others folded away */
    bool urgent;                         /* its page begins with help */
};

/* A text to read; name stands in messages. */
struct wording_text {
    const char *name;
    const char *text;
    size_t len;
};

struct wording;

/* ERR_CONFIG: errors says why. ERR_NOMEM. */
ERR_CHECKED int wording_new(struct arena *arena, const struct wording_text *categories,
                            const struct wording_text *services, struct config_errors *errors,
                            const struct wording **out);

/*
 * The words for a verdict that blocks. Never NULL. A topic that must not be told is replaced here by the one it is
 * shown as, so that no caller can forget it.
 */
const struct wording_topic *wording_find(const struct wording *wording, const struct verdict *verdict);

/* A short safety message; another one each hour. Never NULL. */
const char *wording_message(const struct wording *wording, enum policy_wording tier, int64_t now_s);

/* For pages about no name: its help is what they show. */
const struct wording_topic *wording_general(const struct wording *wording);

#endif
