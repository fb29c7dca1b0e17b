/* Whether a refused line speaks of a name, so that "listed, but refused" can be told. Pure; any thread. */
#ifndef PROVENANCE_MENTION_H
#define PROVENANCE_MENTION_H

#include "feed/normalise.h"

/*
 * Whether text has the name or a parent of it as a word of its own, in any case and with a dot in front or behind. What
 * stands behind a "$" or a "##" is about something else. A parent of one label counts only where it stands alone.
 */
bool mention_of(struct span text, const struct listed_name *name);

#endif
