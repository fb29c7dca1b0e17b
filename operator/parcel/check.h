/*
 * Is a parcel as it left? Every file against the manifest, nothing beside them, and the manifest against its signature.
 *
 * Whose key signed, the parcel can't tell: its id is given back, and `keys` are those that are believed.
 *
 * Threads: one.
 */
#ifndef PARCEL_CHECK_H
#define PARCEL_CHECK_H

#include "parcel/parcel.h"

/* Called for each fault: the file, and a phrase. */
typedef void (*check_fault_fn)(void *ctx, const char *file, const char *what);

struct check_opts {
    const char *path;                  /* a zip; or the first of the loose files, or its manifest */
    const char *password;              /* of the zip */
    const struct signing_public *keys; /* those that are believed */
    size_t key_count;                  /* 0: the key in the parcel */
    check_fault_fn fault;
    void *ctx;
};

struct check_result {
    size_t files; /* that are as the manifest says */
    uint64_t bytes;
    size_t faults;
    bool is_signed;              /* and the signature is right */
    uint8_t key[SIGNING_ID_LEN]; /* whose it is */
    uint8_t sha256[IMPRINT_LEN]; /* of the zip; of the first loose file */
};

bool check_is_zip(const char *path);

/* 0 whatever was found; ERR_NOENT, ERR_ACCESS, ERR_IO, ERR_NOMEM when it can't be read; ERR_DAMAGED: no zip, or the password is wrong. */
ERR_CHECKED int parcel_check(const struct check_opts *opts, struct check_result *out);

#endif
