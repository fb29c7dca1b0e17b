/*
 * A page with places to fill in, cut up once so that showing it is a row of copies.
 *
 *     <p>{{host}} is blocked.</p> {{>form.html}}
 *
 * {{name}} is a slot (filled for each page) or a constant (filled when the template is made); {{>file}} puts another
 * file of the set in its place.
 *
 * Memory:  the caller's arena. Threads: immutable once made; any thread may show it.
 */
#ifndef NOTICE_TEMPLATE_H
#define NOTICE_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/text.h"
#include "belisha/err.h"

#define TEMPLATE_SLOTS_MAX 32
#define TEMPLATE_DEPTH_MAX 4 /* files within files */

/* What a name in a template stands for. */
struct template_name {
    const char *name;
    bool markup;       /* put in as it is; otherwise escaped */
    const char *value; /* a constant; NULL: a slot, filled when the page is shown */
};

/* Where files come from. find: text of a file, valid as long as the arena, or NULL. */
struct template_files {
    void *ctx;
    const char *(*find)(void *ctx, const char *file, size_t *out_len);
};

struct template;

/*
 * names: count entries, at most TEMPLATE_SLOTS_MAX; values given to template_write() have the same order.
 * ERR_MALFORMED (why gets a sentence with file and line), ERR_NOMEM.
 */
ERR_CHECKED int template_new(struct arena *arena, const struct template_files *files, const char *file,
                             const struct template_name names[], size_t name_count, const struct template **out,
                             char *why, size_t why_cap);

/* values[i] fills names[i]; NULL: nothing. Values of constants are not looked at. */
void template_write(const struct template *page, const char *const values[], struct text *out);

#endif
