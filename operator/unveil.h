/*
 * The hosts behind the ids of the statutory tier, for a sealed pack and for nothing else: `ids.vault`, opened with
 * `vault.key` (docs/formats/statutory.md). Both are the compiler's alone.
 *
 * Memory: owned by the struct. Threads: one.
 */
#ifndef OPERATOR_UNVEIL_H
#define OPERATOR_UNVEIL_H

#include <stddef.h>

#include "belisha/err.h"
#include "dns/name.h"

struct unveil;

/* generation: of the statutory list (config statutory_path). ERR_NOENT: no list was ever set up; ERR_ACCESS: only who makes
 * lists may; ERR_DAMAGED: of another key; ERR_NOMEM, ERR_IO, ERR_LIMIT. */
ERR_CHECKED int unveil_open(const char *generation, struct unveil **out);
void unveil_close(struct unveil *unveil);

/* ctx: a struct unveil. The host, good until the next call; NULL: the name is no id, or of a host that nobody knows. */
const char *unveil_name(void *ctx, const char *name, size_t len);

/* How many names were told. */
size_t unveil_count(const struct unveil *unveil);

#endif
