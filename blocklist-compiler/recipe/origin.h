/*
 * What a folder of generations is made of: a recipe, or one list with what was said about it on the command line. The
 * compiler notes it in the file `origin` of that folder, a word and its value on each line, so that whoever asks where a
 * name comes from reads the same feeds again:
 *
 *     recipe /etc/belisha/feeds.yaml        or        list /srv/lists/mine.txt
 *                                                     format domains
 *                                                     category malware
 *                                                     exact yes
 */
#ifndef RECIPE_ORIGIN_H
#define RECIPE_ORIGIN_H

#include <limits.h>

#include "recipe/recipe.h"

#define ORIGIN_WORD_MAX 64

struct origin {
    char recipe[PATH_MAX];          /* absolute; "" for a list */
    char list[PATH_MAX];            /* absolute; "" for a recipe */
    char format[ORIGIN_WORD_MAX];   /* of the list, with the two below */
    char category[ORIGIN_WORD_MAX]; /* "" when the format says it */
    bool exact;                     /* a plain domain does not stand for those below it */
};

/* Replaces the note in one step. ERR_IO, ERR_NOSPACE, ERR_ACCESS, ERR_LIMIT. */
ERR_CHECKED int origin_note(const char *folder, const struct origin *origin);
/* ERR_NOENT, ERR_ACCESS, ERR_IO, ERR_LIMIT, ERR_MALFORMED (neither a recipe nor a list). */
ERR_CHECKED int origin_read(const char *folder, struct origin *out);

/*
 * A list as a recipe of one feed; its texts are the origin's. Any number of names is believed. ERR_INVAL: *out_wrong is
 * then the word that is unknown: the format or the category.
 */
ERR_CHECKED int origin_feed(const struct origin *origin, const char *const formats[], struct recipe_feed *out,
                            const char **out_wrong);

#endif
