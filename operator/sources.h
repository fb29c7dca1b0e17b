/*
 * Where a name comes from, for `belisha why --provenance`: the feeds that the generation in force is made of, read again
 * (provenance/provenance.h), with the generations since which they list the name.
 *
 * Threads: one.
 */
#ifndef OPERATOR_SOURCES_H
#define OPERATOR_SOURCES_H

#include <stdio.h>

#include "base/text.h"
#include "operator/explain.h"

struct sources;

/*
 * recipe: path, or NULL for the one that the folder of generations names. Negative, and a sentence was written to
 * complaints: there is nothing that could be read.
 */
ERR_CHECKED int sources_new(const struct explain *explain, const struct explain_name *name, const char *recipe,
                            FILE *complaints, struct sources **out);
void sources_free(struct sources *sources);

void sources_print(const struct sources *sources, FILE *to);
/* Adds one JSON object. */
void sources_write_json(const struct sources *sources, struct text *out);

#endif
