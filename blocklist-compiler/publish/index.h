/* Writes the index region: sorted words over the separators of the buckets (layout: belisha/blockdb_format.h). */
#ifndef PUBLISH_INDEX_H
#define PUBLISH_INDEX_H

#include "publish/entries.h"

/* Appends to out, which must be empty. ERR_NOMEM, ERR_LIMIT (3 GiB). */
ERR_CHECKED int index_write(const struct entries *entries, struct bytes *out);

#endif
