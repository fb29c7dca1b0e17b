/*
 * Who is where, for the notice page, which is a process of its own and talks to browsers: numbers by address, no names, in a
 * file that belishad replaces whenever it knows better (<state_dir>/state/presence.public, mode 0644).
 *
 *      0  magic "BLSHWHO", version 1     8 bytes
 *      8  policy version                 u32: people are numbers in this policy and in no other
 *     12  rows                           u32
 *     16  XXH3-64 of the rows            u64
 *     24  zero                           8 bytes
 *     32  rows of 40 bytes, sorted by address:
 *         address (16) · person u32 · user u32 · device u32 · grade u8, 3 zero · until i64, wall s
 *
 * Numbers are of the machine's own order of bytes: the file is of this machine.
 *
 * Threads: one.
 */
#ifndef IDENTITY_BULLETIN_H
#define IDENTITY_BULLETIN_H

#include "identity/presence.h"

/* Puts it in the place of the one before, without waiting for the disk. ERR_NOMEM, ERR_NOSPACE, ERR_ACCESS, ERR_IO. */
ERR_CHECKED int bulletin_write(const char *path, const struct presence *table, uint32_t policy_version, int64_t now_s);

struct bulletin;

/* ERR_NOENT, ERR_ACCESS, ERR_IO, ERR_NOMEM; ERR_FORMAT_VERSION; ERR_DAMAGED. */
ERR_CHECKED int bulletin_open(const char *path, struct bulletin **out);
/* The same of bytes, which are copied. */
ERR_CHECKED int bulletin_parse(const void *bytes, size_t len, struct bulletin **out);
void bulletin_close(struct bulletin *bulletin);

/* false: nothing is known, and *out is PRESENCE_UNKNOWN. By another policy nobody is a person. */
bool bulletin_find(const struct bulletin *bulletin, const struct ipaddr *address, uint32_t policy_version,
                   int64_t now_s, struct presence_who *out);

#endif
