#include "ledger/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/file.h"
#include "base/outfile.h"
#include "ledger/ledger_files.h"
#include "ledger/head.h"

#define MODE         0640
#define LOOK_STEP_NS 2000000
#define NEWEST       0 /* for ledger_files_path() */

/* The end of the newest file, under its lock. */
struct tail {
    int fd;
    off_t size; /* of whole lines */
    uint64_t number;
    uint8_t hash[ENTRY_HASH_LEN]; /* of the last line; zeros: there is none */
};

/* ---- the lock ---- */

/*
 * A lock of the open file, for which one must be able to write: flock(2) could be taken, and held for ever, by everybody who
 * may read.
 */
static int lock(int fd)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    const struct timespec step = {.tv_nsec = LOOK_STEP_NS};
    for (int64_t waited_ns = 0; waited_ns < LEDGER_WAIT_MS * INT64_C(1000000); waited_ns += LOOK_STEP_NS) {
        if (fcntl(fd, F_OFD_SETLK, &whole) == 0)
            return 0;
        if (errno != EAGAIN && errno != EACCES && errno != EINTR)
            return err_from_errno(errno);
        nanosleep(&step, NULL);
    }
    return ERR_BUSY;
}

/* Whether path still leads to the open file: a full one has got another name meanwhile. */
static bool is_at(int fd, const char *path)
{
    struct stat open_file, named;
    return fstat(fd, &open_file) == 0 && stat(path, &named) == 0 && open_file.st_ino == named.st_ino &&
           open_file.st_dev == named.st_dev;
}

static int open_locked(const char *path, int *out_fd)
{
    for (int tries = 0; tries < 100; tries++) {
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, MODE);
        if (fd < 0)
            return err_from_errno(errno);
        int err = lock(fd);
        if (err == 0 && is_at(fd, path)) {
            *out_fd = fd;
            return 0;
        }
        close(fd);
        if (err < 0)
            return err;
    }
    return ERR_BUSY;
}

/* ---- the end ---- */

/* A line that is no entry counts as one: its number is not given to another. */
static int take_line(struct tail *tail, const char *line, size_t len)
{
    struct entry_read read;
    int err = entry_parse(line, len - 1, &read);
    if (err == ERR_NOMEM)
        return err;
    tail->number = err == 0 && read.entry.number > tail->number ? read.entry.number : tail->number + 1;
    if (err == 0)
        entry_read_done(&read);
    entry_hash(line, len, tail->hash);
    return 0;
}

/* Only the last line is looked into, unless that is none of ours: then all are. */
static int take_lines(struct tail *tail, const char *bytes)
{
    struct entry_read read;
    size_t len = (size_t)tail->size, last = len - 1;
    while (last > 0 && bytes[last - 1] != '\n')
        last--;
    int err = entry_parse(bytes + last, len - last - 1, &read);
    if (err == 0) {
        entry_read_done(&read);
        return take_line(tail, bytes + last, len - last);
    }
    for (size_t at = 0; at < len && err != ERR_NOMEM;) {
        size_t line_len = (size_t)((const char *)memchr(bytes + at, '\n', len - at) - (bytes + at)) + 1;
        err = take_line(tail, bytes + at, line_len);
        at += line_len;
    }
    return err == ERR_NOMEM ? err : 0;
}

/* *out_torn: bytes behind the last whole line. */
static int read_file(struct tail *tail, int fd, off_t *out_torn)
{
    char *bytes = NULL;
    size_t len = 0;
    int err = file_read(fd, SIZE_MAX - 1, &bytes, &len);
    if (err < 0)
        return err;
    const char *end = len == 0 ? NULL : memrchr(bytes, '\n', len);
    tail->size = end == NULL ? 0 : end + 1 - bytes;
    *out_torn = (off_t)len - tail->size;
    if (tail->size > 0)
        err = take_lines(tail, bytes);
    free(bytes);
    return err;
}

/* A newest file without a line goes on from the last full one. */
static int read_full(const struct ledger *ledger, struct tail *tail)
{
    char path[PATH_MAX];
    struct ledger_files files;
    off_t torn;
    int err = ledger_files_list(ledger->folder, &files);
    if (err < 0)
        return err;
    uint64_t first = files.count == 0 ? 0 : files.firsts[files.count - 1];
    ledger_files_done(&files);
    if (first == 0)
        return 0;
    err = ledger_files_path(ledger->folder, first, path);
    int fd = err < 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err < 0 ? err : err_from_errno(errno);
    tail->number = first - 1;
    err = read_file(tail, fd, &torn);
    close(fd);
    tail->size = 0;
    return err;
}

static int open_tail(const struct ledger *ledger, struct tail *out)
{
    char path[PATH_MAX];
    struct tail tail = {.fd = -1};
    off_t torn = 0;
    int err = ledger_files_path(ledger->folder, NEWEST, path);
    if (err == 0)
        err = open_locked(path, &tail.fd);
    if (err < 0)
        return err;
    err = read_file(&tail, tail.fd, &torn);
    if (err == 0 && torn > 0 && ftruncate(tail.fd, tail.size) < 0)
        err = err_from_errno(errno);
    if (err == 0 && tail.size == 0)
        err = read_full(ledger, &tail);
    if (err < 0)
        close(tail.fd);
    else
        *out = tail;
    return err;
}

/* ---- one line ---- */

/* What a write that failed has left is taken away, here or by the next append. */
static int put_line(const struct ledger *ledger, struct tail *tail, const struct text *line)
{
    int err = file_write_at(tail->fd, line->bytes, line->len, tail->size);
    if (err == 0 && fdatasync(tail->fd) < 0)
        err = err_from_errno(errno);
    if (err == 0 && tail->size == 0)
        err = file_sync_folder(ledger->folder);
    if (err < 0) {
        if (ftruncate(tail->fd, tail->size) == 0)
            (void)fdatasync(tail->fd);
        return err;
    }
    tail->size += (off_t)line->len;
    return 0;
}

/* ---- a full file ---- */

/* Number of the first line: that of the file's first entry, or as it can't be told, of the last. */
static uint64_t first_number(int fd, uint64_t last)
{
    char line[ENTRY_LINE_MAX];
    struct entry_read read;
    ssize_t len = pread(fd, line, sizeof line, 0);
    const char *end = len <= 0 ? NULL : memchr(line, '\n', (size_t)len);
    if (end == NULL || entry_parse(line, (size_t)(end - line), &read) < 0)
        return last;
    uint64_t number = read.entry.number;
    entry_read_done(&read);
    return number;
}

/*
 * The full file gets a second name, then the new one takes its place: killed in between, it is the newest under both names,
 * and the next append goes on there.
 */
static int begin_file(const struct ledger *ledger, struct tail *tail)
{
    char path[PATH_MAX], full[PATH_MAX], made[PATH_MAX];
    int err = ledger_files_path(ledger->folder, NEWEST, path);
    if (err == 0)
        err = ledger_files_path(ledger->folder, first_number(tail->fd, tail->number), full);
    if (err == 0 && snprintf(made, sizeof made, "%s/" LEDGER_FILE ".new", ledger->folder) >= (int)sizeof made)
        err = ERR_LIMIT;
    int fd = err < 0 ? -1 : open(made, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, MODE);
    if (fd < 0)
        return err < 0 ? err : err_from_errno(errno);
    err = lock(fd);
    if (err == 0 && link(path, full) < 0 && (errno != EEXIST || !is_at(tail->fd, full)))
        err = err_from_errno(errno);
    if (err == 0 && rename(made, path) < 0)
        err = err_from_errno(errno);
    if (err < 0) {
        close(fd);
        unlink(made);
        return err;
    }
    close(tail->fd);
    tail->fd = fd;
    tail->size = 0;
    return 0;
}

/* ---- appending ---- */

static int add(const struct ledger *ledger, struct tail *tail, const struct entry *entry)
{
    struct text line = {.max = ENTRY_LINE_MAX + 1};
    struct entry numbered = *entry;
    numbered.number = tail->number + 1;
    memcpy(numbered.before, tail->hash, sizeof numbered.before);
    int err = entry_write(&numbered, &line);
    if (err == 0 && tail->size > 0 && (uint64_t)tail->size + line.len > ledger->file_bytes)
        (void)begin_file(ledger, tail); /* a file that is too long is better than an entry that is not there */
    if (err == 0)
        err = put_line(ledger, tail, &line);
    if (err == 0) {
        tail->number = numbered.number;
        entry_hash(line.bytes, line.len, tail->hash);
    }
    text_done(&line);
    return err;
}

static int put_broken(const struct ledger *ledger, struct tail *tail, const char *reason, const char *detail,
                      int64_t now_s)
{
    return add(ledger, tail,
               &(struct entry){.time_s = now_s,
                               .kind = "ledger.broken",
                               .object = "ledger",
                               .by = "belisha",
                               .uid = (uint32_t)getuid(),
                               .reason = reason,
                               .detail = detail});
}

/* NULL, or why the head is not one of ours. It may be missing after the first line: then there was no time for it. */
static const char *suspect_head(const struct ledger *ledger, const struct tail *tail, int err, const struct head *head)
{
    struct signing_public public;
    char path[PATH_MAX];
    if (err == ERR_NOENT)
        return tail->number > 1 ? "the head was gone" : NULL;
    if (err == ERR_DAMAGED)
        return "the head was damaged";
    if (err < 0 || snprintf(path, sizeof path, "%s/" LEDGER_PUBLIC, ledger->folder) >= (int)sizeof path ||
        signing_public_load(AT_FDCWD, path, &public) < 0)
        return NULL;
    return head_is_by(head, &public) ? NULL : "the head was not signed by the key of this ledger";
}

/* When the head says that lines are gone or were others, that is written down before anything else. */
static int heed_head(const struct ledger *ledger, struct tail *tail, const char *head_path, int64_t now_s)
{
    char detail[256], hex[ENTRY_HEX_LEN];
    struct head head = {0};
    int err = head_read(head_path, &head);
    const char *suspicion = suspect_head(ledger, tail, err, &head);
    if (suspicion != NULL)
        return put_broken(ledger, tail, suspicion, NULL, now_s);
    if (err < 0 || head.number < tail->number ||
        (head.number == tail->number && memcmp(head.hash, tail->hash, sizeof head.hash) == 0))
        return 0;
    entry_hash_to_hex(head.hash, hex);
    snprintf(detail, sizeof detail, "{\"head\":%" PRIu64 ",\"hash\":\"%s\",\"found\":%" PRIu64 "}", head.number, hex,
             tail->number);
    tail->number = head.number;
    return put_broken(ledger, tail, "the last line is not the one that the head tells of", detail, now_s);
}

/*
 * The line counts without it, and a head that is behind is no fault: so who has not the key leaves it as it is.
 */
static void put_head(const struct ledger *ledger, const struct tail *tail, const char *path)
{
    struct signing_key key;
    bool made, has_key = ledger->key != NULL && access(ledger->key, F_OK) == 0;
    struct head head = {.number = tail->number};
    memcpy(head.hash, tail->hash, sizeof head.hash);
    if (ledger->key != NULL && !has_key && errno != ENOENT)
        return; /* it may be there, where we may not look */
    if (has_key && (access(ledger->key, R_OK) < 0 || signing_key_open(ledger->key, &key, &made) < 0))
        return;
    (void)!head_write(path, &head, has_key ? &key : NULL);
    if (has_key)
        signing_key_done(&key);
}

/* The head from before there was a key. */
static void sign_head(const struct ledger *ledger, const struct signing_key *key)
{
    char path[PATH_MAX];
    struct head head;
    if (snprintf(path, sizeof path, "%s/" LEDGER_HEAD, ledger->folder) < (int)sizeof path &&
        head_read(path, &head) == 0 && !head.is_signed)
        (void)!head_write(path, &head, key);
}

int ledger_make_key(const struct ledger *ledger, struct signing_public *out, bool *out_made)
{
    char path[PATH_MAX];
    struct signing_key key;
    struct text pem = {0};
    int err = signing_key_open(ledger->key, &key, out_made);
    if (err < 0)
        return err;
    *out = key.public;
    if (*out_made)
        sign_head(ledger, &key);
    signing_key_done(&key);
    if (snprintf(path, sizeof path, "%s/" LEDGER_PUBLIC, ledger->folder) >= (int)sizeof path)
        return ERR_LIMIT;
    if (access(path, F_OK) == 0)
        return 0;
    signing_public_write(out, &pem);
    err = text_ok(&pem) ? outfile_save(path, pem.bytes, pem.len, 0644) : ERR_NOMEM;
    text_done(&pem);
    return err;
}

/* Number and hash of the last line of a full file. */
static int end_of(const struct ledger *ledger, uint64_t first, struct tail *out)
{
    char path[PATH_MAX];
    off_t torn;
    int err = ledger_files_path(ledger->folder, first, path);
    int fd = err < 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err < 0 ? err : err_from_errno(errno);
    *out = (struct tail){.fd = -1, .number = first - 1};
    err = read_file(out, fd, &torn);
    close(fd);
    return err;
}

/* The entry that allows it comes first: killed in between, the file is there for nothing, and goes next time. */
static int remove_oldest(const struct ledger *ledger, struct tail *tail, uint64_t first, int64_t now_s)
{
    char detail[256], hex[ENTRY_HEX_LEN], path[PATH_MAX];
    struct tail gone = {0};
    int err = end_of(ledger, first, &gone);
    if (err < 0)
        return err;
    entry_hash_to_hex(gone.hash, hex);
    snprintf(detail, sizeof detail, "{\"last\":%" PRIu64 ",\"hash\":\"%s\"}", gone.number, hex);
    err = add(ledger, tail,
              &(struct entry){.time_s = now_s,
                              .kind = "ledger.removed",
                              .object = "ledger",
                              .by = "belisha",
                              .uid = (uint32_t)getuid(),
                              .reason = "more files than are kept",
                              .detail = detail});
    if (err == 0)
        err = ledger_files_path(ledger->folder, first, path);
    if (err == 0 && unlink(path) < 0)
        err = err_from_errno(errno);
    return err;
}

/* Too many full files are no reason to refuse an entry: what fails here is tried again at the next one. */
static void remove_old(const struct ledger *ledger, struct tail *tail, int64_t now_s)
{
    struct ledger_files files;
    if (ledger_files_list(ledger->folder, &files) < 0)
        return;
    for (size_t i = 0; files.count - i > ledger->file_max; i++)
        if (remove_oldest(ledger, tail, files.firsts[i], now_s) < 0)
            break;
    ledger_files_done(&files);
}

int ledger_append(const struct ledger *ledger, const struct entry *entry, uint64_t *out_number)
{
    char head_path[PATH_MAX];
    struct tail tail;
    if (snprintf(head_path, sizeof head_path, "%s/" LEDGER_HEAD, ledger->folder) >= (int)sizeof head_path)
        return ERR_LIMIT;
    int err = open_tail(ledger, &tail);
    if (err < 0)
        return err;
    err = heed_head(ledger, &tail, head_path, entry->time_s);
    if (err == 0)
        err = add(ledger, &tail, entry);
    if (err == 0) {
        *out_number = tail.number;
        remove_old(ledger, &tail, entry->time_s);
    }
    if (tail.number > 0)
        put_head(ledger, &tail, head_path);
    close(tail.fd);
    return err;
}

int ledger_access(const struct ledger *ledger)
{
    char path[PATH_MAX];
    int err = ledger_files_path(ledger->folder, NEWEST, path);
    if (err < 0)
        return err;
    if (access(path, F_OK) == 0)
        return access(path, R_OK | W_OK) == 0 ? 0 : err_from_errno(errno);
    return access(ledger->folder, W_OK | X_OK) == 0 ? 0 : err_from_errno(errno);
}
