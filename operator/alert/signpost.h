/*
 * Who can help, by category: from data/categories.yaml and data/help-services.yaml, as lines of text for staff.
 *
 * Memory: heap. Threads: immutable once made.
 */
#ifndef ALERT_SIGNPOST_H
#define ALERT_SIGNPOST_H

#include <stddef.h>

#include "base/text.h"
#include "belisha/err.h"
#include "config/errors.h"

struct signpost;

/* services_file: of the school's own services; NULL: the shipped ones. ERR_CONFIG: errors says why; ERR_NOMEM. */
ERR_CHECKED int signpost_new(const char *services_file, struct config_errors *errors, struct signpost **out);
void signpost_free(struct signpost *signpost);

/* What the category is about, in a few words: "drugs"; its name where nothing is known. */
const char *signpost_title(const struct signpost *signpost, unsigned category);

/* Adds a line for each service that helps with this category, at most max: "  Childline: 0800 1111, www.childline.org.uk". */
void signpost_write(const struct signpost *signpost, unsigned category, unsigned max, struct text *out);

#endif
