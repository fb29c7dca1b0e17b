/*
 * Makes a plain list of a copy that came as one compressed file, before anybody looks into it. Trees stay packed: their
 * parser takes archives.
 */
#ifndef COMPILER_UNPACK_H
#define COMPILER_UNPACK_H

#include "blocklist-compiler/reader.h"
#include "fetch/fetch.h"

/*
 * Of a candidate that is compressed; others stay as they are. When it can't be unpacked within the feed's limits the copy
 * is discarded, as fetch_discard() does. reader: as in reader_read().
 */
void unpack_copy(struct reader *reader, const struct fetch_opts *opts, const struct fetch_request *request,
                 struct fetch_copy *copy);

#endif
