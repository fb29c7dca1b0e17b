#include "blocklist-compiler/binding.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "blocklist-compiler/digest.h"
#include "blocklist-compiler/piece.h"
#include "blocklist-compiler/revision.h"
#include "feed/format.h"
#include "fetch/store.h"
#include "reading/reading.h"
#include "sheaf/cursor.h"
#include "sheaf/join.h"

#define PIECE_LEN    (32U << 20) /* bytes: of each piece being read, the rules are in memory */
#define THREADS_MAX  16
#define SAMPLES_STEP (1U << 20) /* bytes */
#define CHANGE_PART  12         /* more changed bytes than this part of the copy are read faster from the start */

/* ---- files ---- */

/* A file without a name in the folder, or in memory where that can't be. Returns its descriptor, or ERR_IO. */
static int open_temporary(const char *dir)
{
    int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0)
        fd = memfd_create("sheaf", MFD_CLOEXEC);
    return fd < 0 ? ERR_IO : fd;
}

static int open_new(const struct binding *binding)
{
    char path[STORE_PATH_MAX];
    int fd = -1;
    if (store_path(binding->dir, binding->feed->name, "sheaf-new", path) == 0)
        fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    return fd < 0 ? ERR_IO : fd;
}

/* A reader that somebody has taken over must not lift, or list, what the recipe gave to other feeds. */
static bool is_believed(const struct binding *binding, const struct sheaf *sheaf)
{
    return sheaf_is_within(sheaf, reading_categories(binding->feed));
}

static struct sheaf *open_kept(const struct binding *binding)
{
    char path[STORE_PATH_MAX];
    struct sheaf *sheaf = NULL;
    if (store_path(binding->dir, binding->feed->name, "sheaf", path) < 0 || sheaf_open(path, &sheaf) < 0)
        return NULL;
    if (is_believed(binding, sheaf))
        return sheaf;
    sheaf_close(sheaf);
    return NULL;
}

void binding_keep(const struct binding *binding)
{
    char made[STORE_PATH_MAX], path[STORE_PATH_MAX];
    if (store_path(binding->dir, binding->feed->name, "sheaf-new", made) == 0 &&
        store_path(binding->dir, binding->feed->name, "sheaf", path) == 0)
        (void)!rename(made, path); /* without it the copy is read once more */
}

void binding_discard(const struct binding *binding)
{
    char path[STORE_PATH_MAX];
    if (store_path(binding->dir, binding->feed->name, "sheaf-new", path) == 0)
        unlink(path);
}

/* Our own copy, which nobody cuts while it is read. */
static int map_copy(const char *path, struct span *out)
{
    struct stat st;
    void *bytes = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return ERR_IO;
    int err = fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ? ERR_IO : 0;
    if (err == 0 && st.st_size > 0)
        bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (err < 0 || bytes == MAP_FAILED)
        return ERR_IO;
    *out = (struct span){bytes, bytes == NULL ? 0 : (size_t)st.st_size};
    return 0;
}

static void unmap_copy(struct span copy)
{
    if (copy.at != NULL)
        munmap((void *)(uintptr_t)copy.at, copy.len);
}

/* ---- reading from the start ---- */

/* The pieces of a copy, shared out among threads. */
struct pieces {
    const struct binding *binding;
    size_t count;
    struct piece *rows;
    struct sheaf **sheaves; /* of each */
    atomic_size_t next;
    atomic_int err;            /* the first one */
    char why[SANDBOX_WHY_MAX]; /* its sentence */
};

static struct piece whole_piece(const struct binding *binding)
{
    return (struct piece){.feed = binding->feed,
                          .guard = binding->guard,
                          .popular = binding->popular,
                          .path = binding->path,
                          .whole = true,
                          .id = binding->id};
}

static void tell(const struct binding *binding, const char why[SANDBOX_WHY_MAX])
{
    if (binding->why != NULL)
        memcpy(binding->why, why, SANDBOX_WHY_MAX);
}

/* A piece with its sheaf in a temporary file. */
static int read_piece(const struct binding *binding, const struct piece *piece, struct sheaf **out,
                      char why[SANDBOX_WHY_MAX])
{
    why[0] = '\0';
    int fd = open_temporary(binding->dir);
    if (fd < 0)
        return fd;
    int err = reader_read(binding->reader, piece, fd, why);
    if (err == 0)
        err = sheaf_open_fd(fd, out);
    close(fd);
    return err;
}

static void *read_pieces(void *ctx)
{
    struct pieces *pieces = ctx;
    for (size_t i = atomic_fetch_add(&pieces->next, 1); i < pieces->count; i = atomic_fetch_add(&pieces->next, 1)) {
        char why[SANDBOX_WHY_MAX];
        int none = 0, err = read_piece(pieces->binding, &pieces->rows[i], &pieces->sheaves[i], why);
        if (err < 0 && atomic_compare_exchange_strong(&pieces->err, &none, err))
            memcpy(pieces->why, why, sizeof pieces->why);
    }
    return NULL;
}

static void read_all(struct pieces *pieces)
{
    pthread_t threads[THREADS_MAX];
    unsigned started = 0, wanted = pieces->binding->threads > THREADS_MAX ? THREADS_MAX : pieces->binding->threads;
    while (started + 1 < wanted && pthread_create(&threads[started], NULL, read_pieces, pieces) == 0)
        started++;
    (void)read_pieces(pieces);
    while (started > 0)
        (void)pthread_join(threads[--started], NULL);
}

/* Cuts the copy into pieces of about the same length, at ends of lines. */
static int cut(const struct binding *binding, struct span copy, struct pieces *out)
{
    size_t wanted = copy.len / PIECE_LEN + 1, at = 0;
    wanted = (wanted + binding->threads - 1) / binding->threads * binding->threads;
    out->rows = calloc(wanted, sizeof *out->rows);
    out->sheaves = calloc(wanted, sizeof(struct sheaf *));
    if (out->rows == NULL || out->sheaves == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < wanted && at < copy.len; i++) {
        size_t end = copy.len / wanted * (i + 1);
        end = i + 1 == wanted || end < at ? copy.len : end;
        if (end < copy.len)
            end += span_find(span_skip(copy, end), '\n');
        end += end < copy.len;
        struct piece *piece = &out->rows[out->count++];
        *piece = whole_piece(binding);
        piece->whole = false;
        piece->from = at;
        piece->len = end - at;
        at = end;
    }
    return 0;
}

static void pieces_done(struct pieces *pieces)
{
    for (size_t i = 0; pieces->sheaves != NULL && i < pieces->count; i++)
        sheaf_close(pieces->sheaves[i]);
    free(pieces->sheaves);
    free(pieces->rows);
}

static int join_pieces(const struct pieces *pieces, int fd)
{
    struct feed_stats stats;
    struct join_opts opts = {.id = pieces->binding->id, .stats = &stats, .threads = pieces->binding->threads};
    struct join_source *sources = calloc(pieces->count + 1, sizeof *sources);
    uint64_t lines_max = (uint64_t)pieces->binding->feed->limits.lines;
    if (sources == NULL)
        return ERR_NOMEM;
    feed_stats_init(&stats);
    for (size_t i = 0; i < pieces->count; i++) {
        sources[i].sheaf = pieces->sheaves[i];
        feed_stats_append(&stats, &pieces->sheaves[i]->stats, stats.lines);
    }
    int err = lines_max > 0 && stats.lines > lines_max ? ERR_LIMIT : join_write(sources, pieces->count, &opts, fd);
    feed_stats_done(&stats);
    free(sources);
    return err;
}

static int read_in_pieces(const struct binding *binding, int fd)
{
    struct pieces pieces = {.binding = binding};
    struct span copy;
    int err = map_copy(binding->path, &copy);
    if (err < 0)
        return err;
    err = cut(binding, copy, &pieces);
    unmap_copy(copy);
    if (err == 0) {
        read_all(&pieces);
        err = atomic_load(&pieces.err);
        tell(binding, pieces.why);
    }
    if (err == 0)
        err = join_pieces(&pieces, fd);
    pieces_done(&pieces);
    return err;
}

/* What a reader of strangers' bytes wrote, looked through; sheaves that are joined are looked through by that. */
static int check(int fd)
{
    struct sheaf *sheaf;
    int err = sheaf_open_fd(fd, &sheaf);
    if (err < 0)
        return err;
    err = sheaf_check(sheaf);
    sheaf_close(sheaf);
    return err;
}

static int read_copy(const struct binding *binding, int fd)
{
    struct stat st;
    const struct feed_format *format = feed_format_at(binding->feed->format);
    uint64_t bytes_max = (uint64_t)binding->feed->limits.bytes;
    bool large = format->by_line && binding->threads > 1 && stat(binding->path, &st) == 0 &&
                 (uint64_t)st.st_size > PIECE_LEN / 8 && (uint64_t)st.st_size <= bytes_max;
    struct piece whole = whole_piece(binding);
    char why[SANDBOX_WHY_MAX];
    if (large)
        return read_in_pieces(binding, fd);
    int err = reader_read(binding->reader, &whole, fd, why);
    tell(binding, why);
    return err < 0 ? err : check(fd);
}

/* ---- reading what has changed ---- */

/* The lines that went, or came, one behind the other. */
static int collect(const struct lines *lines, bool came, struct bytes *out)
{
    for (size_t i = 0; i < lines_change_count(lines); i++) {
        const struct lines_change *change = lines_change_at(lines, i);
        struct span text = came ? change->came : change->went;
        bytes_add(out, text.at, text.len);
    }
    return bytes_ok(out) ? 0 : ERR_NOMEM;
}

/* The sheaf of lines that went or came. ERR_UNSUPPORTED: they have conditions or addresses, which are not taken out. */
static int read_changed(const struct binding *binding, const struct lines *lines, bool came, struct sheaf **out)
{
    char why[SANDBOX_WHY_MAX]; /* of no interest: after any error the copy is read from the start */
    struct bytes bytes = {0};
    struct piece piece = whole_piece(binding);
    int err = collect(lines, came, &bytes);
    struct span text = {bytes.data, bytes.len};
    piece.text = &text;
    if (err == 0)
        err = read_piece(binding, &piece, out, why);
    bytes_done(&bytes);
    return err == 0 && (*out)->clauses.count > 0 ? ERR_UNSUPPORTED : err;
}

/* Only for what reading the lines comes to. */
static int read_lightly(const struct binding *binding, struct span text, struct feed_stats *stats)
{
    char why[SANDBOX_WHY_MAX];
    struct sheaf *sheaf = NULL;
    struct piece piece = whole_piece(binding);
    piece.text = &text;
    piece.light = true;
    int err = read_piece(binding, &piece, &sheaf, why);
    if (err < 0)
        return err;
    *stats = sheaf->stats;
    feed_stats_forget_samples(&sheaf->stats);
    sheaf_close(sheaf);
    return 0;
}

/* What the new copy says about its number of entries: the last line that says it counts. */
static int find_declared(const struct binding *binding, struct span copy, uint64_t *out)
{
    struct feed_stats stats;
    int err = 0;
    *out = 0;
    for (size_t at = 0; err == 0;) {
        const uint8_t *found = memmem(copy.at + at, copy.len - at, FEED_DECLARED_MARK, strlen(FEED_DECLARED_MARK));
        if (found == NULL)
            break;
        const uint8_t *start = memrchr(copy.at, '\n', (size_t)(found - copy.at));
        size_t from = start == NULL ? 0 : (size_t)(start - copy.at) + 1;
        struct span line = span_skip(copy, from);
        line.len = span_find(line, '\n');
        feed_stats_init(&stats);
        err = read_lightly(binding, line, &stats);
        *out = stats.declared != 0 ? stats.declared : *out;
        feed_stats_done(&stats);
        at = from + line.len;
    }
    return err;
}

/* Reads the new copy from its start until there are samples of everything again. */
static int find_samples(const struct binding *binding, struct span copy, struct feed_stats *stats)
{
    uint64_t lines = 0;
    int err = 0;
    for (struct span rest = copy, text; err == 0 && rest.len > 0 && !revision_has_samples(stats);
         lines += lines_count(text)) {
        struct feed_stats piece;
        text = rest;
        if (text.len > SAMPLES_STEP) {
            text.len = SAMPLES_STEP + span_find(span_skip(rest, SAMPLES_STEP), '\n');
            text.len += text.len < rest.len;
        }
        rest = span_skip(rest, text.len);
        feed_stats_init(&piece);
        err = read_lightly(binding, text, &piece);
        revision_add_samples(stats, &piece, lines);
        feed_stats_done(&piece);
    }
    return err;
}

static bool has_mark(const struct lines *lines)
{
    for (size_t i = 0; i < lines_change_count(lines); i++) {
        const struct lines_change *change = lines_change_at(lines, i);
        if (span_has(change->went, FEED_DECLARED_MARK) || span_has(change->came, FEED_DECLARED_MARK))
            return true;
    }
    return false;
}

static int join_changes(const struct binding *binding, const struct sheaf *kept, const struct lines *lines,
                        struct span copy, struct sheaf *const changed[2], int fd)
{
    struct feed_stats stats;
    const struct join_source sources[] = {{kept, JOIN_ADD}, {changed[0], JOIN_TAKE}, {changed[1], JOIN_ADD}};
    struct join_opts opts = {.id = binding->id, .stats = &stats, .threads = binding->threads};
    uint64_t lines_max = (uint64_t)binding->feed->limits.lines;
    feed_stats_init(&stats);
    int err = revision_stats(&kept->stats, &changed[0]->stats, &changed[1]->stats, lines, &stats);
    stats.declared = kept->stats.declared;
    if (err == 0 && has_mark(lines))
        err = find_declared(binding, copy, &stats.declared);
    if (err == 0)
        err = find_samples(binding, copy, &stats);
    if (err == 0 && lines_max > 0 && stats.lines > lines_max)
        err = ERR_LIMIT;
    if (err == 0)
        err = join_write(sources, 3, &opts, fd);
    feed_stats_done(&stats);
    return err;
}

static int revise_lines(const struct binding *binding, const struct sheaf *kept, struct span old_copy, struct span copy,
                        int fd)
{
    struct lines lines;
    struct sheaf *changed[2] = {NULL, NULL};
    int err = lines_compare(old_copy, copy, copy.len / CHANGE_PART, &lines);
    for (int came = 0; came < 2 && err == 0; came++)
        err = read_changed(binding, &lines, came == 1, &changed[came]);
    if (err == 0)
        err = join_changes(binding, kept, &lines, copy, changed, fd);
    sheaf_close(changed[0]);
    sheaf_close(changed[1]);
    lines_done(&lines);
    return err;
}

/* The sheaf of the copy from that of the one before. Any error: it has to be read from the start. */
static int revise(const struct binding *binding, const struct sheaf *kept, int fd)
{
    struct span old_copy, copy;
    struct digest old_digest;
    int err = map_copy(binding->path_old, &old_copy);
    if (err < 0)
        return err;
    err = map_copy(binding->path, &copy);
    if (err == 0) {
        err = digest_bytes(old_copy.at, old_copy.len, &old_digest);
        if (err == 0 && memcmp(old_digest.bytes, kept->id.copy, sizeof kept->id.copy) != 0)
            err = ERR_UNSUPPORTED;
        if (err == 0)
            err = revise_lines(binding, kept, old_copy, copy, fd);
        unmap_copy(copy);
    }
    unmap_copy(old_copy);
    return err;
}

/* ---- both ---- */

static int make(const struct binding *binding, const struct sheaf *kept, int fd)
{
    const struct feed_format *format = feed_format_at(binding->feed->format);
    bool may_revise = kept != NULL && format->by_line && binding->path_old != NULL &&
                      memcmp(kept->id.options, binding->id.options, sizeof kept->id.options) == 0;
    if (may_revise && revise(binding, kept, fd) == 0)
        return 0;
    return ftruncate(fd, 0) < 0 ? ERR_IO : read_copy(binding, fd);
}

static int make_in(const struct binding *binding, const struct sheaf *kept, int fd, struct sheaf **out)
{
    if (fd < 0)
        return fd;
    int err = make(binding, kept, fd);
    struct sheaf *sheaf = NULL;
    if (err == 0)
        err = sheaf_open_fd(fd, &sheaf);
    close(fd);
    if (err == 0 && !is_believed(binding, sheaf)) {
        sheaf_close(sheaf);
        err = ERR_DAMAGED;
    }
    if (err == 0)
        *out = sheaf;
    return err;
}

int binding_run(const struct binding *binding, struct sheaf **out, bool *out_new)
{
    struct sheaf *kept = open_kept(binding);
    if (kept != NULL && memcmp(&kept->id, &binding->id, sizeof kept->id) == 0) {
        *out = kept;
        *out_new = false;
        return 0;
    }
    *out_new = true;
    int err = make_in(binding, kept, open_new(binding), out);
    /* What can't be kept is made all the same: the list of tonight matters more than the time of tomorrow. */
    if (err == ERR_NOSPACE || err == ERR_IO) {
        binding_discard(binding);
        *out_new = false;
        err = make_in(binding, kept, memfd_create("sheaf", MFD_CLOEXEC), out);
    } else if (err < 0) {
        binding_discard(binding);
    }
    sheaf_close(kept);
    return err;
}
