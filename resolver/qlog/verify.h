/*
 * Is the log as it was written? Checks every block, the chain of hashes from the oldest segment kept to the newest, and
 * the signature of each segment.
 *
 * That the first segment kept follows nothing is no fault: retention removes the oldest. A missing number after it is
 * one, up to the last one that chain.txt has. Who can write the files could also compute a new chain: it is the signatures that rule this out, as far as their key
 * is known from somewhere else than the folder. A segment without one behind a segment with one is a fault, and so is a key
 * that was given up and comes back: the log goes on with the school's key behind what somebody else has signed.
 *
 * Who cuts the newest segments off and sets chain.txt back leaves no trace in the folder: for that, the chain's end is told, to be
 * compared with one that was noted elsewhere.
 *
 * Threads: any.
 */
#ifndef QLOG_VERIFY_H
#define QLOG_VERIFY_H

#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"
#include "qlog/format.h"
#include "signing/signing_key.h"

#define VERIFY_SIGNERS_MAX 8

/* A key, and the number of the first segment that is signed with it. */
struct verify_signer {
    uint8_t id[SIGNING_ID_LEN];
    uint64_t from;
};

struct verify_result {
    uint64_t segments;
    uint64_t merged;  /* that these were merged from */
    uint64_t removed; /* from between those that are kept: by retention, or by who can write qlog/removed.h */
    uint64_t removed_rows;
    int64_t removed_from_ns, removed_to_ns; /* times of the first and the last row of these */
    uint64_t blocks;
    uint64_t rows;
    uint64_t lost;           /* records in gaps */
    uint64_t first_sequence; /* of the segments found; 0: none */
    uint64_t last_sequence;
    uint64_t signed_segments; /* whose signature is right, with those that were merged */
    uint64_t journal_rows;    /* that no segment holds yet */
    uint64_t who_unknown;     /* merged ones of which can't be told whether who asked is as it was: keys are gone */
    uint64_t faults;
    uint64_t noted_sequence;      /* of the last segment that there was, as chain.txt says; 0: it says nothing */
    uint8_t chain[QLOG_HASH_LEN]; /* the chain's value behind last_sequence; zero: not known */
    uint64_t key_changes;         /* from one segment to the next */
    struct verify_signer signers[VERIFY_SIGNERS_MAX]; /* in turn; the first ones */
    uint8_t last_key[SIGNING_ID_LEN];                 /* of the last of them; zero: none */
};

/* Called for each fault: the file, and a phrase. */
typedef void (*verify_fault_fn)(void *ctx, const char *file, const char *what);

struct verify_opts {
    const struct signing_public *keys; /* those that are trusted: every segment must be signed with one of them */
    size_t key_count;                  /* 0: whatever key stands beside the segments (key-<id>.pem) */
    verify_fault_fn fault;             /* NULL: nobody wants to know which */
    void *ctx;
};

/* Begins once more, faults and all, when segments were merged or removed while it looked. 0 whatever was found; ERR_NOMEM, ERR_ACCESS, ERR_IO when the folder could not be read. */
ERR_CHECKED int verify_log(int dir_fd, const struct verify_opts *opts, struct verify_result *out);

#endif
