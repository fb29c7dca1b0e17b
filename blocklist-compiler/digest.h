/*
 * Digests of what goes into a generation, and the note beside it by which the next run sees that nothing has changed.
 * They find changes; they are no protection against somebody who makes two files with one digest on purpose.
 *
 * The note is the file `inputs` in the folder of generations: "<generation> <digest in hexadecimal>\n".
 */
#ifndef COMPILER_DIGEST_H
#define COMPILER_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"

#define DIGEST_LEN 16

struct digest_state;

struct digest {
    uint8_t bytes[DIGEST_LEN];
};

/* NULL: no memory. */
struct digest_state *digest_new(void);
void digest_add(struct digest_state *state, const void *bytes, size_t len);
/* With its length, so that two texts can't run into each other. NULL is told from "". */
void digest_add_text(struct digest_state *state, const char *text);
void digest_add_number(struct digest_state *state, uint64_t number);
/* Frees state. */
struct digest digest_end(struct digest_state *state);

/* As hexadecimal digits. */
void digest_to_text(const struct digest *digest, char out[2 * DIGEST_LEN + 1]);

ERR_CHECKED int digest_bytes(const void *bytes, size_t len, struct digest *out); /* ERR_NOMEM */

/* The bytes of a file; of a folder, what its files look like from outside. ERR_NOENT, ERR_IO, ERR_NOMEM. */
ERR_CHECKED int digest_path(const char *path, struct digest *out);

/* Whether the note says that `generation` was made of these inputs. */
bool digest_is_noted(const char *folder, uint64_t generation, const struct digest *inputs);
/* ERR_IO, ERR_NOSPACE, ERR_ACCESS, ERR_LIMIT. */
ERR_CHECKED int digest_note(const char *folder, uint64_t generation, const struct digest *inputs);

#endif
