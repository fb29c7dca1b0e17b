#include "blocklist-compiler/reader.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fetch/packed.h"

#define PATH_LEN_MAX 4096

const struct sandbox_limits reader_limits = {
    .memory_bytes = UINT64_C(4) << 30, .output_bytes = UINT64_C(4) << 30, .time_ms = 600000};

struct reader {
    struct reader_opts opts;
    struct sandbox *sandbox;
};

enum order_kind {
    ORDER_READ,   /* the bytes from..from + len of SANDBOX_IN */
    ORDER_FOLDER, /* the folder at path */
    ORDER_UNPACK, /* SANDBOX_IN, to at most bytes_max bytes */
};

/* What a worker is to do, as the argument of its task; of path only what there is. */
struct order {
    enum order_kind kind;
    bool light;
    uint32_t feed;
    uint64_t from, len, bytes_max;
    struct sheaf_id id;
    char path[PATH_LEN_MAX];
};

/* ---- in the worker ---- */

/* The copy is our own, and should somebody cut it after all, only this process falls. */
static int read_bytes(const struct order *order, struct piece *piece)
{
    struct stat st;
    if (fstat(SANDBOX_IN, &st) < 0 || (uint64_t)st.st_size < order->from + order->len)
        return ERR_IO;
    void *bytes = st.st_size == 0 ? NULL : mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, SANDBOX_IN, 0);
    if (bytes == MAP_FAILED)
        return errno == ENOMEM ? ERR_NOMEM : ERR_IO;
    const struct span text = {bytes == NULL ? (const uint8_t *)"" : (const uint8_t *)bytes + order->from, order->len};
    piece->text = &text;
    int err = piece_read(piece, SANDBOX_OUT);
    if (bytes != NULL)
        munmap(bytes, (size_t)st.st_size);
    return err;
}

static int work(void *ctx, const void *arg, size_t arg_len)
{
    const struct reader *reader = ctx;
    struct order order = {.kind = ORDER_READ};
    memcpy(&order, arg, arg_len < sizeof order ? arg_len : sizeof order);
    if (order.kind == ORDER_UNPACK)
        return packed_unpack(SANDBOX_IN, SANDBOX_OUT, order.bytes_max);
    struct piece piece = {.feed = &reader->opts.feeds[order.feed],
                          .guard = reader->opts.guard,
                          .popular = reader->opts.popular,
                          .path = order.path,
                          .whole = true,
                          .light = order.light,
                          .id = order.id};
    return order.kind == ORDER_FOLDER ? piece_read(&piece, SANDBOX_OUT) : read_bytes(&order, &piece);
}

/* ---- in the program ---- */

int reader_new(const struct reader_opts *opts, struct reader **out)
{
    struct reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL)
        return ERR_NOMEM;
    reader->opts = *opts;
    if (opts->limits.time_ms == 0)
        reader->opts.limits = reader_limits;
    int err = sandbox_new(work, reader, &reader->sandbox);
    if (err < 0) {
        free(reader);
        return err;
    }
    *out = reader;
    return 0;
}

void reader_free(struct reader *reader)
{
    if (reader == NULL)
        return;
    sandbox_free(reader->sandbox);
    free(reader);
}

static int run(struct reader *reader, const struct order *order, int in, int out, char why[SANDBOX_WHY_MAX])
{
    struct sandbox_task task = {.arg = order,
                                .arg_len = offsetof(struct order, path) + strlen(order->path) + 1,
                                .in = in,
                                .out = out,
                                .may_read = order->kind == ORDER_FOLDER,
                                .limits = reader->opts.limits};
    task.limits.memory_bytes += 2 * order->len;
    struct sandbox_result result = sandbox_run(reader->sandbox, &task);
    if (result.end != SANDBOX_DONE)
        sandbox_explain(&result, &task.limits, why);
    return sandbox_err(&result);
}

static int read_folder(struct reader *reader, const struct piece *piece, struct order *order, int fd,
                       char why[SANDBOX_WHY_MAX])
{
    order->kind = ORDER_FOLDER;
    if (snprintf(order->path, sizeof order->path, "%s", piece->path) >= (int)sizeof order->path)
        return ERR_LIMIT;
    return run(reader, order, -1, fd, why);
}

/* Text in memory goes through a file without a name. */
static int open_text(const struct span *text)
{
    int fd = memfd_create("text", MFD_CLOEXEC);
    for (size_t done = 0; fd >= 0 && done < text->len;) {
        ssize_t got = write(fd, text->at + done, text->len - done);
        if (got <= 0) {
            close(fd);
            return ERR_IO;
        }
        done += (size_t)got;
    }
    return fd < 0 ? ERR_IO : fd;
}

static int open_copy(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd >= 0 ? fd : errno == ENOENT ? ERR_NOENT : errno == EACCES ? ERR_ACCESS : ERR_IO;
}

int reader_read(struct reader *reader, const struct piece *piece, int fd, char why[SANDBOX_WHY_MAX])
{
    struct stat st;
    why[0] = '\0';
    if (reader == NULL)
        return piece_read(piece, fd);
    struct order order = {.kind = ORDER_READ,
                          .light = piece->light,
                          .feed = (uint32_t)(piece->feed - reader->opts.feeds),
                          .id = piece->id};
    int in = piece->text != NULL ? open_text(piece->text) : open_copy(piece->path);
    if (in < 0)
        return in;
    int err = fstat(in, &st) < 0 ? ERR_IO : 0;
    bool whole = piece->text != NULL || piece->whole;
    order.from = whole ? 0 : piece->from;
    order.len = whole && err == 0 ? (uint64_t)st.st_size : piece->len;
    if (err == 0 && S_ISDIR(st.st_mode))
        err = read_folder(reader, piece, &order, fd, why);
    else if (err == 0 && piece->text == NULL && (uint64_t)st.st_size > (uint64_t)piece->feed->limits.bytes)
        err = ERR_LIMIT;
    else if (err == 0)
        err = run(reader, &order, in, fd, why);
    close(in);
    return err;
}

int reader_unpack(struct reader *reader, int in, int out, uint64_t bytes_max, char why[SANDBOX_WHY_MAX])
{
    const struct order order = {.kind = ORDER_UNPACK, .bytes_max = bytes_max};
    why[0] = '\0';
    return reader == NULL ? packed_unpack(in, out, bytes_max) : run(reader, &order, in, out, why);
}
