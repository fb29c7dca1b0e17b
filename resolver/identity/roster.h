/*
 * The roster: a number for every user and device that was ever seen, so that a row of the query log says who it was in four
 * bytes, and for ever the same.
 *
 * The file is text, one fact a line (docs/formats/roster.md), appended, and on disk before the number is used:
 *
 *     <checksum: 16 hex digits> user 17 jones
 *     <checksum> device 4 3c:22:fb:01:02:03
 *     <checksum> called 4 toms-ipad              what device 4, which has no other name, calls itself
 *     <checksum> forgotten user 17               the name is gone, the number is never given again
 *     <checksum> roster 1 users 18 devices 5     the first line: version, the next numbers
 *
 * Numbers are given in two steps: roster_number() gives one, roster_sync() makes it last. Until then nobody may log it.
 * Forgetting a name writes the file anew, without it.
 *
 * Names are cleaned (clean.h); users are told apart as they come, devices without case (ASCII).
 *
 * Bounds: ROSTER_MAX of each kind; who comes later has no number. About 100 bytes of memory for each.
 *
 * Threads: one at a time. roster_sync() and roster_forget() wait for the disk.
 */
#ifndef IDENTITY_ROSTER_H
#define IDENTITY_ROSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"

#define ROSTER_MAX      1000000
#define ROSTER_NAME_MAX 191 /* bytes */

enum roster_kind { ROSTER_USER, ROSTER_DEVICE };
#define ROSTER_KINDS 2

struct roster;

/* Told every line that does not count: its number from 1, and why. */
typedef void (*roster_complaint)(void *ctx, unsigned line, int err);

/*
 * For writing; makes the file (mode 0640) when there is none. complaint may be NULL. ERR_BUSY: another program has it open
 * for writing; ERR_FORMAT_VERSION: a later program's; ERR_ACCESS, ERR_NOSPACE, ERR_IO, ERR_NOMEM.
 */
ERR_CHECKED int roster_open(const char *path, roster_complaint complaint, void *ctx, struct roster **out);
/* Only to look. ERR_NOENT and the same. */
ERR_CHECKED int roster_read(const char *path, roster_complaint complaint, void *ctx, struct roster **out);
/* One without a file, for tests and for when there is no disk: nothing lasts. ERR_NOMEM. */
ERR_CHECKED int roster_new(struct roster **out);
void roster_close(struct roster *roster);

/* The name's number, a new one if it had none. 0: no more numbers, no memory, or an empty name. */
uint32_t roster_number(struct roster *roster, enum roster_kind kind, const char *name);
/* 0: it has none. */
uint32_t roster_find(const struct roster *roster, enum roster_kind kind, const char *name);
/* What a device calls itself now. Lasts as the numbers do. */
void roster_call(struct roster *roster, uint32_t device, const char *host);

/* NULL: no such number. "" when it was forgotten. Good until the next change. */
const char *roster_name(const struct roster *roster, enum roster_kind kind, uint32_t number);
/* "" when it is not known. */
const char *roster_called(const struct roster *roster, uint32_t device);

/* Numbers given so far: from 1 to this. */
uint32_t roster_count(const struct roster *roster, enum roster_kind kind);
/* Names that were forgotten since it was opened: numbers kept elsewhere may be outdated when this has changed. */
uint32_t roster_forgotten(const struct roster *roster);
unsigned roster_damaged(const struct roster *roster); /* lines that do not count */

/*
 * Brings to disk what was given since the last time. On failure those numbers are taken back, and may be given to others
 * later. ERR_NOSPACE, ERR_IO, ERR_ACCESS, ERR_NOMEM.
 */
ERR_CHECKED int roster_sync(struct roster *roster);

/*
 * The name is gone, from memory and file, when it returns 0; whoever has it next gets another number. ERR_NOENT: no such
 * number, or forgotten before. ERR_ACCESS, ERR_NOSPACE, ERR_IO, ERR_NOMEM: it is still there.
 */
ERR_CHECKED int roster_forget(struct roster *roster, enum roster_kind kind, uint32_t number);

#endif
