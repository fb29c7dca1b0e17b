/*
 * The register of devices that are lent, as a school keeps it in a spreadsheet and saves it as CSV (RFC 4180):
 *
 *     device,pupil,from,to,loaned by
 *     LAP-042,jsmith,2026-09-03 08:30,2027-07-16,Mrs Okafor
 *     3c:22:fb:01:02:03,"Jones, Tom",03/09/2026,,
 *
 * The first record names the columns, in any order and case: device (or asset, mac), pupil (or user, borrower), from (or start),
 * to (or until, end, returned); others are passed over. A device is the address of its card, or the name by which the
 * school knows it. Times are local: 2026-09-03, 2026-09-03 08:30, with a T and seconds, or 03/09/2026 (day first). A day
 * alone begins with it in `from` and ends with it in `to`. Empty: since ever, until it is returned.
 *
 * A loan that begins while another of the same device goes on ends that one: what was given back without a word is the
 * usual case. It is told.
 *
 * Bounds: LOANS_MAX loans, LOANS_BYTES_MAX bytes.
 *
 * Memory:  the caller's text is changed in place; loans_done() gives back the rest. Threads: pure.
 */
#ifndef IDENTITY_LOANS_H
#define IDENTITY_LOANS_H

#include <stddef.h>

#include "base/text.h"
#include "belisha/err.h"
#include "identity/claim.h"

#define LOANS_MAX           100000
#define LOANS_BYTES_MAX     ((size_t)32 << 20)
#define LOANS_COMPLAINT_MAX 20 /* those are told, others counted */

/* A moment by the clock on the wall, and what it is in UTC. */
struct loans_moment {
    int year, month, day, hour, minute, second;
};
typedef int64_t (*loans_to_utc)(void *ctx, const struct loans_moment *moment);

struct loans {
    struct claim *claims; /* CLAIM_LOAN, by their lines */
    size_t count, cap;
    size_t refused;         /* lines that don't count */
    size_t overlaps;        /* loans that began before the one before had ended */
    size_t complained;      /* of both, those told in complaints */
    struct text complaints; /* whole lines: "line 7: ..." */
};

/*
 * text: len bytes, and one more that may be written to. 0: what could be read is in *out. ERR_MALFORMED: the first record does
 * not name the columns; ERR_LIMIT; ERR_NOMEM: out->complaints may say more, nothing else is in it. loans_done() in any case.
 */
ERR_CHECKED int loans_parse(char *text, size_t len, loans_to_utc to_utc, void *ctx, struct loans *out);
void loans_done(struct loans *loans);

#endif
