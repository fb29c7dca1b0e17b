/* Sheaves of lists written down in a test, and their rules as text again. */
#ifndef TESTS_SHEAF_BUNDLE_H
#define TESTS_SHEAF_BUNDLE_H

#include "sheaf/sheaf.h"

/* The sheaf of AdGuard rules, one a line, in a temporary file whose descriptor is *out_fd. */
struct sheaf *bundle_of(const char *rules, int *out_fd);

/* An empty temporary file. */
int bundle_file(void);

/* Every rule in order: "name what*repeat " with what as a sum of enum sheaf_what. */
void bundle_text(const struct sheaf *sheaf, char *out, size_t cap);

#endif
