/* The names of help services that must stay reachable: the shipped ones, and those of the recipe's own file. */
#ifndef RECIPE_HELP_H
#define RECIPE_HELP_H

#include "base/text.h"
#include "recipe/recipe.h"

/* Adds them to out, one a line. recipe NULL: the shipped ones. ERR_NOENT, ERR_ACCESS, ERR_IO (its file), ERR_NOMEM. */
ERR_CHECKED int help_collect(const struct recipe *recipe, struct text *out);

#endif
