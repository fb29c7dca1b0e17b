/*
 * The key of one day, under which the log says who asked, and the keys of the persons who asked that day.
 *
 *     keys/2026-11-29.key    header | person | person | ...        64 bytes each, mode 0400
 *
 * Whoever destroys the file makes the day anonymous for good; whoever destroys one person's record, that person. Every
 * other byte of the log stays as it is. A record is found by its number, the *slot*, which is all that a segment says of
 * the person.
 *
 * Days are those of UTC, counted from 1970.
 *
 * Memory:  heap, owned by the struct; wiped when it is freed.
 * Threads: one.
 */
#ifndef QLOG_DAY_KEY_H
#define QLOG_DAY_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"

#define DAY_KEY_LEN      32
#define DAY_KEY_SLOT_MAX 1000000u /* persons of a day */
#define DAY_KEY_FILE_MAX 32       /* "2026-11-29.key" and the closing zero */
#define DAY_KEY_NS       INT64_C(86400000000000)

struct day_key;

/* The day of a time; times before 1970 belong to day 0. */
uint32_t day_key_day(int64_t time_ns);
/* "2026-11-29.key". Returns out. */
char *day_key_file(uint32_t day, char out[DAY_KEY_FILE_MAX]);
/* The reverse, also of a file that was set aside. false: another name. */
bool day_key_file_parse(const char *file, uint32_t *out_day);

enum day_key_use { DAY_KEY_READ, DAY_KEY_CHANGE, DAY_KEY_WRITE };

/*
 * Opens the day's file in the folder. DAY_KEY_CHANGE can change it; DAY_KEY_WRITE makes it when there is none: it is on disk then. ERR_NOENT: there is
 * none, or it was destroyed; ERR_ACCESS, ERR_DAMAGED, ERR_NOSPACE, ERR_IO, ERR_NOMEM.
 */
ERR_CHECKED int day_key_open(int dir_fd, uint32_t day, enum day_key_use use, struct day_key **out);
void day_key_close(struct day_key *key);

uint32_t day_key_of(const struct day_key *key);
const uint8_t *day_key_bytes(const struct day_key *key);

/* The person's slot, from 1; drawn and written when it is a new one. user is not 0. ERR_LIMIT, ERR_NOSPACE, ERR_IO,
 * ERR_NOMEM. */
ERR_CHECKED int day_key_slot(struct day_key *key, uint32_t user, uint32_t *out_slot);
/* Who has the slot, and the key of that person. false: the person was forgotten, or there is no such slot. */
bool day_key_person(const struct day_key *key, uint32_t slot, uint32_t *out_user, const uint8_t **out_key);
/* Whether the day's file has nothing that this does not know, and is still there. */
bool day_key_is_whole(const struct day_key *key, int dir_fd);
/* What was written is on disk. */
ERR_CHECKED int day_key_sync(struct day_key *key);

/* Destroys the person's record in the day's file. 1: there was one; 0: none. ERR_NOENT: no file; the other errors. */
ERR_CHECKED int day_key_forget(int dir_fd, uint32_t day, uint32_t user);
/* A file that can't be read gets another name, damaged-<file>: whoever can mend it, may. It goes when the day's key goes. */
ERR_CHECKED int day_key_set_aside(int dir_fd, uint32_t day);
/* Destroys the file, and one that was set aside. ERR_NOENT and the others. */
ERR_CHECKED int day_key_destroy(int dir_fd, uint32_t day);

#endif
