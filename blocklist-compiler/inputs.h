/*
 * Digests of what runs depend on: of a generation, all feeds and how they are read; of a sheaf, how its feed is read.
 */
#ifndef COMPILER_INPUTS_H
#define COMPILER_INPUTS_H

#include "blocklist-compiler/digest.h"
#include "blocklist-compiler/job.h"

/* What reading the feed of a job depends on besides its copy. ERR_NOMEM. */
ERR_CHECKED int inputs_of_reading(const struct job *job, struct digest *out);

/* What a generation of these feeds depends on. ERR_NOMEM. */
ERR_CHECKED int inputs_of_list(const struct job *jobs, size_t count, const struct guard *guard, struct digest *out);

#endif
