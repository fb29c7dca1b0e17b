/* Writes a generation into a fresh LMDB file, in one transaction, and syncs it. */
#ifndef PUBLISH_ENVFILE_H
#define PUBLISH_ENVFILE_H

#include "publish/bytes.h"
#include "publish/publish.h"

/* One value of the unnamed database; zero-padded to BLOCKDB_REGION_MIN bytes, so that it gets pages of its own. */
struct envfile_value {
    const char *name;
    const void *data;
    size_t len;
};

/* path must not exist; mode: of the file. ERR_NOSPACE, ERR_ACCESS, ERR_NOMEM, ERR_IO. */
ERR_CHECKED int envfile_write_values(const char *path, unsigned mode, const struct envfile_value values[],
                                     size_t count);

/* The regions of a blocklist; regions[BLOCKDB_REGION_META] is made from meta. The same errors. */
ERR_CHECKED int envfile_write(const char *path, const struct blockdb_meta *meta,
                              const struct bytes regions[BLOCKDB_REGION_COUNT]);

#endif
