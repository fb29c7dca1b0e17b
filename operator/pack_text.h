/* READ-ME.txt of a sealed pack: what it is, and what not to do with it, in plain words. Threads: pure. */
#ifndef OPERATOR_PACK_TEXT_H
#define OPERATOR_PACK_TEXT_H

#include "base/text.h"
#include "operator/log_options.h"
#include "operator/log_rows.h"
#include "roles/caller.h"

struct pack_text {
    const struct log_options *options;
    const struct log_rows_sum *sum;
    int64_t from_ns, to_ns; /* as asked for, without the hour before and after */
    int64_t made_ns;
    const struct caller *asked_by;
    const struct caller *approved_by; /* NULL: nobody had to */
    size_t hosts_told;                /* of the statutory list */
    const char *hosts_why;            /* why none can be told; NULL: they can */
    size_t segments;                  /* files of the log that are in the pack */
};

void pack_text_write(const struct pack_text *about, struct text *out);

#endif
