#include "blocklist-compiler/piece.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "reading/reading.h"
#include "sheaf/run.h"

/* The bytes of the piece in memory of our own, so that there are few copies in memory at a time. */
static int load(const struct piece *piece, uint8_t **out)
{
    int err = 0;
    uint8_t *bytes = malloc(piece->len + 1);
    int fd = open(piece->path, O_RDONLY | O_CLOEXEC);
    if (bytes == NULL || fd < 0)
        err = bytes == NULL ? ERR_NOMEM : ERR_IO;
    for (uint64_t done = 0; err == 0 && done < piece->len;) {
        ssize_t got = pread(fd, bytes + done, piece->len - done, (off_t)(piece->from + done));
        if (got <= 0)
            err = ERR_IO;
        else
            done += (uint64_t)got;
    }
    if (fd >= 0)
        close(fd);
    if (err < 0)
        free(bytes);
    else
        *out = bytes;
    return err;
}

static int ignore(void *ctx, const struct feed_rule *rule)
{
    (void)ctx;
    (void)rule;
    return 0;
}

static int read_text(const struct piece *piece, const struct span *text, int fd)
{
    struct run run;
    struct feed_stats stats;
    const struct reading reading = {.feed = piece->feed,
                                    .guard = piece->guard,
                                    .popular = piece->popular,
                                    .path = piece->path,
                                    .text = text,
                                    .sink = piece->light ? ignore : run_add,
                                    .ctx = &run};
    run_init(&run);
    feed_stats_init(&stats);
    int err = reading_run(&reading, &stats);
    if (err == 0)
        err = run_write(&run, &piece->id, &stats, fd);
    feed_stats_done(&stats);
    run_done(&run);
    return err;
}

int piece_read(const struct piece *piece, int fd)
{
    uint8_t *bytes;
    if (piece->whole || piece->text != NULL)
        return read_text(piece, piece->text, fd);
    int err = load(piece, &bytes);
    if (err < 0)
        return err;
    err = read_text(piece, &(struct span){bytes, piece->len}, fd);
    free(bytes);
    return err;
}
