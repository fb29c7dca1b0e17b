#include "tier/confined.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MEMORY_BYTES (UINT64_C(256) << 20) /* beside some copies of the list */
#define OUTPUT_BYTES (UINT64_C(1) << 20)   /* likewise */
#define COPIES       8
#define TIME_MS      300000

struct confined {
    const struct recipe_feed *feeds;
    size_t feed_count;
    const struct guard *guard;
    struct sandbox *sandbox;
};

/* What a worker writes in front of the lines. */
struct outcome {
    uint64_t refused, widened;
    struct feed_stats stats; /* its pointers mean nothing outside of the worker */
};

/* ---- in the worker ---- */

static int write_all(int fd, const void *bytes, size_t len)
{
    for (const char *at = bytes; len > 0;) {
        ssize_t wrote = write(fd, at, len);
        if (wrote <= 0)
            return ERR_IO;
        at += wrote;
        len -= (size_t)wrote;
    }
    return 0;
}

static int read_list(const struct confined *confined, const struct recipe_feed *feed, struct span text)
{
    struct holding holding;
    struct outcome outcome = {0};
    holding_init(&holding);
    feed_stats_init(&outcome.stats);
    int err = holding_read(&holding, feed, confined->guard, text, &outcome.stats);
    outcome.refused = holding.record.refused;
    outcome.widened = holding.record.widened;
    if (err == 0)
        err = write_all(SANDBOX_OUT, &outcome, sizeof outcome);
    if (err == 0)
        err = write_all(SANDBOX_OUT, holding.lines.data, holding.lines.len);
    feed_stats_done(&outcome.stats);
    holding_done(&holding);
    return err;
}

static int work(void *ctx, const void *arg, size_t arg_len)
{
    const struct confined *confined = ctx;
    uint32_t feed;
    struct stat st;
    if (arg_len != sizeof feed || fstat(SANDBOX_IN, &st) < 0)
        return ERR_INVAL;
    memcpy(&feed, arg, sizeof feed);
    size_t len = (size_t)st.st_size;
    void *bytes = len == 0 ? NULL : mmap(NULL, len, PROT_READ, MAP_PRIVATE, SANDBOX_IN, 0);
    if (bytes == MAP_FAILED)
        return ERR_NOMEM;
    return read_list(confined, &confined->feeds[feed], (struct span){bytes == NULL ? (const uint8_t *)"" : bytes, len});
}

/* ---- in the program ---- */

int confined_new(const struct recipe_feed *feeds, size_t feed_count, const struct guard *guard, struct confined **out)
{
    struct confined *confined = calloc(1, sizeof *confined);
    if (confined == NULL)
        return ERR_NOMEM;
    *confined = (struct confined){.feeds = feeds, .feed_count = feed_count, .guard = guard};
    int err = sandbox_new(work, confined, &confined->sandbox);
    if (err < 0)
        free(confined);
    else
        *out = confined;
    return err;
}

void confined_free(struct confined *confined)
{
    if (confined == NULL)
        return;
    sandbox_free(confined->sandbox);
    free(confined);
}

/* What came out is read like any bytes from outside: counts of hosts and pages are taken from the lines themselves. */
static int take_outcome(int fd, struct holding *holding, struct feed_stats *stats)
{
    struct outcome outcome;
    struct stat st;
    if (fstat(fd, &st) < 0 || (size_t)st.st_size < sizeof outcome)
        return ERR_MALFORMED;
    size_t len = (size_t)st.st_size - sizeof outcome;
    uint8_t *lines = malloc(len + 1);
    if (lines == NULL)
        return ERR_NOMEM;
    int err = pread(fd, &outcome, sizeof outcome, 0) == (ssize_t)sizeof outcome &&
                      pread(fd, lines, len, sizeof outcome) == (ssize_t)len
                  ? 0
                  : ERR_IO;
    if (err == 0)
        err = holding_take_lines(holding, (struct span){lines, len});
    free(lines);
    if (err < 0)
        return err;
    holding->record.refused = outcome.refused;
    holding->record.widened = outcome.widened;
    *stats = outcome.stats;
    feed_stats_forget_samples(stats);
    return 0;
}

int confined_read(struct confined *confined, const struct recipe_feed *feed, int fd, struct holding *holding,
                  struct feed_stats *stats, char why[SANDBOX_WHY_MAX])
{
    uint32_t index = (uint32_t)(feed - confined->feeds);
    struct stat st;
    why[0] = '\0';
    if (fstat(fd, &st) < 0)
        return ERR_IO;
    int out = memfd_create("reading", MFD_CLOEXEC);
    if (out < 0)
        return ERR_IO;
    const struct sandbox_task task = {.arg = &index,
                                      .arg_len = sizeof index,
                                      .in = fd,
                                      .out = out,
                                      .limits = {.memory_bytes = MEMORY_BYTES + COPIES * (uint64_t)st.st_size,
                                                 .output_bytes = OUTPUT_BYTES + COPIES * (uint64_t)st.st_size,
                                                 .time_ms = TIME_MS}};
    struct sandbox_result result = sandbox_run(confined->sandbox, &task);
    if (result.end != SANDBOX_DONE)
        sandbox_explain(&result, &task.limits, why);
    int err = sandbox_err(&result);
    if (err == 0)
        err = take_outcome(out, holding, stats);
    close(out);
    return err;
}
