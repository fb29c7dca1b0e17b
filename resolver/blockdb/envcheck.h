/*
 * Checks that a file is an LMDB environment of the one shape a generation has, before LMDB maps it.
 *
 * LMDB trusts its pages: a wrong offset in one reads outside of the map or ends the process. A generation has one leaf
 * page whose nodes all point to pages of their own, so everything LMDB will follow can be checked in three reads.
 * The layout is that of LMDB 0.9 (data version 1); mdb.c is the specification.
 */
#ifndef BLOCKDB_ENVCHECK_H
#define BLOCKDB_ENVCHECK_H

#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"

/* *out_size: bytes of the file, all of which may be mapped. ERR_DAMAGED, ERR_IO, ERR_NOMEM. */
ERR_CHECKED int envcheck_file(int fd, size_t *out_size);

#endif
