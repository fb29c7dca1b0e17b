/*
 * Messages that a sheet tells of, from the inbox of the notice page.
 *
 * Memory: what it fills belongs to the arena. Threads: one; a process opens an inbox at most once.
 */
#ifndef SHEET_FROM_INBOX_H
#define SHEET_FROM_INBOX_H

#include "base/arena.h"
#include "sheet/requests.h"
#include "sheet/sheet.h"

/* Fills requests, newest first. No inbox is no error. ERR_ACCESS, ERR_NOMEM, ERR_IO, ERR_DAMAGED,
 * ERR_FORMAT_VERSION. */
ERR_CHECKED int from_inbox(struct arena *arena, const char *dir, const struct answers *answers, struct sheet *sheet);

/* For tests and from_inbox(): one entry of it as it is kept. false: it is none. */
bool from_inbox_parse(struct arena *arena, uint64_t id, const char *json, size_t json_len, struct sheet_request *out);

#endif
