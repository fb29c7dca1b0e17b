/* The key of a day as found on disk: whatever is in it, slots are looked up in bounds, and a new person finds a place. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "qlog/day_key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define DAY 20421u

static int dir_fd = -1;
static char dir[] = "/tmp/belisha-days-XXXXXX";
static char file[DAY_KEY_FILE_MAX];

static void dir_remove(void)
{
    unlinkat(dir_fd, file, 0);
    (void)rmdir(dir);
}

static void must(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct day_key *key;
    const uint8_t *person;
    uint32_t user;
    uint32_t slot;
    if (dir_fd < 0) {
        must(mkdtemp(dir) != NULL);
        dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        (void)atexit(dir_remove);
    }
    int fd = openat(dir_fd, day_key_file(DAY, file), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    must(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    close(fd);
    if (day_key_open(dir_fd, DAY, DAY_KEY_WRITE, &key) < 0)
        return 0;
    for (uint32_t i = 0; i < 20; i++)
        must(!day_key_person(key, i, &user, &person) || user != 0);
    must(day_key_slot(key, 4000000000u, &slot) == 0 && day_key_person(key, slot, &user, &person) &&
         user == 4000000000u);
    day_key_close(key);
    return 0;
}
