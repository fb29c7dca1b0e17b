/*
 * The head of the ledger: number and hash of its last line, in a file of its own beside it. So it is noticed when lines are
 * taken from the end.
 *
 *     belisha ledger head 17 <SHA-256 of line 17 with its end> <signature, or ->
 *
 * Signed (Ed25519, RFC 8032) is what stands before the blank before the signature; the public half of the key is beside the
 * ledger. So it is noticed too when all is written anew by somebody who may write to the folder but has not the key.
 *
 * A head is written after its line is on disk, so after a crash it may be some lines behind, and never ahead.
 *
 * Threads: one at a time, under the ledger's lock.
 */
#ifndef LEDGER_HEAD_H
#define LEDGER_HEAD_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/entry.h"
#include "signing/signing_key.h"

#define HEAD_LINE_MAX 320

struct head {
    uint64_t number;
    uint8_t hash[ENTRY_HASH_LEN];
    bool is_signed; /* it has a signature; whose, head_is_by() says */
    uint8_t signature[SIGNING_SIGNATURE_LEN];
};

bool head_is_by(const struct head *head, const struct signing_public *public);

/* A file's bytes. ERR_DAMAGED. */
ERR_CHECKED int head_parse(const char *bytes, size_t len, struct head *out);

/* ERR_NOENT; ERR_DAMAGED: it is no head; ERR_ACCESS, ERR_IO. */
ERR_CHECKED int head_read(const char *path, struct head *out);

/* key NULL: without a signature. ERR_ACCESS, ERR_NOSPACE, ERR_IO, ERR_LIMIT. */
ERR_CHECKED int head_write(const char *path, const struct head *head, const struct signing_key *key);

#endif
