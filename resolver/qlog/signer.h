/*
 * Who signs the segments of a log: its private key, and the public half that stands beside the segments, so that a copy of
 * the folder has what it is checked by. Whether that is the school's key, its id tells: it is in the ledger and on paper.
 *
 * Threads: made and ended by one; read by any.
 */
#ifndef QLOG_SIGNER_H
#define QLOG_SIGNER_H

#include <stdbool.h>

#include "belisha/err.h"
#include "signing/signing_key.h"

#define SIGNER_FILE_MAX 64

struct signer {
    struct signing_key key;
    bool ready; /* the key is there */
    bool made;  /* ... for the first time */
    int err;    /* why it is not; 0: nobody wanted one */
};

/* Without a key the log is written all the same: nothing is returned. path NULL: none is wanted. */
void signer_open(struct signer *signer, const char *path, int dir_fd);
/* Puts the public half beside the segments, where it is not yet: the disk may have been full, the folder may be a new one. */
void signer_show(struct signer *signer, int dir_fd);
void signer_done(struct signer *signer);

/* NULL: there is none. */
const struct signing_key *signer_key(const struct signer *signer);

/* "key-<id>.pem". Returns out. */
char *signer_file(const uint8_t id[SIGNING_ID_LEN], char out[SIGNER_FILE_MAX]);

#endif
