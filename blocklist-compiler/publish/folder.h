/*
 * The folder of generations: its lock, its numbers, the `current` link, what is old. Threads: one at a time.
 */
#ifndef PUBLISH_FOLDER_H
#define PUBLISH_FOLDER_H

#include <limits.h>

#include "publish/publish.h"

#define FOLDER_NAME_MAX 64 /* of a file in it */

struct folder {
    int fd;
    int lock_fd;
    uint64_t newest;  /* highest generation number; 0: none yet */
    uint64_t current; /* that `current` points to; 0: none */
};

/* Opens, locks, removes left-over temporary files, reads the numbers. ERR_BUSY and errno kinds. */
ERR_CHECKED int folder_open(const char *path, struct folder *out);
/* Unlocks. */
void folder_close(struct folder *folder);

void folder_name(uint64_t generation, char out[FOLDER_NAME_MAX]);
/* The number in a generation's file name, 0 when it is another name. */
uint64_t folder_number(const char *name);
void folder_tmp_name(uint64_t generation, char out[FOLDER_NAME_MAX]);

/* Syncs generation's temporary file, gives it its name and makes it the current one; all of it is on disk afterwards. */
ERR_CHECKED int folder_publish(struct folder *folder, uint64_t generation);

/* Removes all but the newest `keep` generations; never the current one. Returns how many went; errors are of no matter. */
unsigned folder_prune(struct folder *folder, unsigned keep);

#endif
