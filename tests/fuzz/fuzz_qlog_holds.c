/* The file of holds as found on disk: read, or it holds everything. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "qlog/hold.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int dir_fd = -1;
static char dir[] = "/tmp/belisha-holds-XXXXXX";

static void dir_remove(void)
{
    unlinkat(dir_fd, HOLD_FILE, 0);
    (void)rmdir(dir);
}

static void must(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hold_list list;
    if (dir_fd < 0) {
        must(mkdtemp(dir) != NULL);
        dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        (void)atexit(dir_remove);
    }
    int fd = openat(dir_fd, HOLD_FILE, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    must(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    close(fd);
    if (hold_list_load(dir_fd, &list) < 0)
        return 0;
    for (size_t i = 0; i < list.count; i++)
        must(list.holds[i].id > 0 && list.holds[i].from_day <= list.holds[i].to_day);
    must(!list.unreadable || hold_list_covers(&list, 7, 7));
    hold_list_done(&list);
    return 0;
}
