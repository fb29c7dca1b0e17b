/* Writes the regions of a generation into a fresh LMDB file, in one transaction, and syncs it. */
#ifndef PUBLISH_ENVFILE_H
#define PUBLISH_ENVFILE_H

#include "publish/bytes.h"
#include "publish/publish.h"

/* path must not exist. regions[BLOCKDB_REGION_META] is made from meta. ERR_NOSPACE, ERR_ACCESS, ERR_NOMEM, ERR_IO. */
ERR_CHECKED int envfile_write(const char *path, const struct blockdb_meta *meta,
                              const struct bytes regions[BLOCKDB_REGION_COUNT]);

#endif
