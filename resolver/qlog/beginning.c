/*
 * The log's folder and what an earlier process left in it, at the start or, when it could not be had then, as soon as it can; and when somebody
 * took it away.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "qlog/keeper.h"
#include "qlog/keyring.h"
#include "qlog/link.h"

#define LOCK_FILE "lock"

/* One that is new has its name on disk before anything relies on what is in it. */
static int folder_make(const char *path, mode_t mode)
{
    if (mkdir(path, mode) < 0)
        return errno == EEXIST ? 0 : -errno;
    return file_sync_folder_of(path);
}

static int dir_open(struct qlog *log)
{
    int code = folder_make(log->opts.dir, 0750);
    if (code < 0)
        return code;
    log->dir_fd = open(log->opts.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (log->dir_fd < 0)
        return -errno;
    log->lock_fd = openat(log->dir_fd, LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (log->lock_fd < 0)
        return -errno;
    if (flock(log->lock_fd, LOCK_EX | LOCK_NB) < 0)
        return errno == EWOULDBLOCK ? ERR_BUSY : -errno;
    return 0;
}

/* Makes the folder with the one above it. */
static int keys_open(struct qlog *log)
{
    char above[PATH_MAX];
    const char *path = log->opts.keys_dir;
    if (path == NULL)
        return 0;
    const char *slash = strrchr(path, '/');
    snprintf(above, sizeof above, "%.*s", slash == NULL ? 0 : (int)(slash - path), path);
    int code = above[0] == '\0' ? 0 : folder_make(above, 0700);
    if (code == 0)
        code = folder_make(path, 0700);
    if (code < 0)
        return code;
    log->keys_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return log->keys_fd < 0 ? -errno : link_put(log->dir_fd, KEYRING_LINK, path);
}

/* What an earlier process left: words, the end of the chain, journals. */
static int past_take_over(struct qlog *log)
{
    int code = texts_load(&log->words, log->dir_fd);
    if (code < 0 && code != ERR_NOENT)
        log->damaged++; /* rows of old journals show numbers; no reason not to log */
    code = chain_load(log->dir_fd, &log->chain);
    if (code == 0)
        code = recover_journals(log);
    if (code < 0)
        return code;
    code = absorb_backlog(log) > HURRY_BYTES ? 0 : absorb_finish(log);
    qlog_trouble(log, QLOG_PART_SEGMENTS, code); /* the journals stay and are tried again */
    if (log->journal_count == 0)
        texts_clear(&log->words); /* the segments have those that they need; or the file would grow for ever */
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    keeper_expire(log, now.tv_sec);
    return 0;
}

static int parts_open(struct qlog *log)
{
    int code = dir_open(log);
    if (code < 0)
        return code;
    signer_open(&log->signer, log->opts.key_path, log->dir_fd);
    log->memory_error = memory_open(&log->memory, log->dir_fd, log->opts.memory_dir);
    code = keys_open(log);
    return code < 0 ? code : past_take_over(log);
}

static void descriptor_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* As if it had not been tried. */
static void parts_close(struct qlog *log)
{
    absorb_forget(log);
    pthread_mutex_lock(&log->lock);
    for (size_t i = 0; i < log->journal_count; i++)
        journal_free(log->journals[i]);
    log->journal_count = 0;
    pthread_mutex_unlock(&log->lock);
    texts_clear(&log->words);
    signer_done(&log->signer);
    memory_close(&log->memory);
    descriptor_close(&log->keys_fd);
    descriptor_close(&log->lock_fd);
    descriptor_close(&log->dir_fd);
}

int log_begin(struct qlog *log)
{
    int code = parts_open(log);
    qlog_trouble(log, QLOG_PART_FOLDER, code);
    if (code < 0) {
        parts_close(log);
        log->signer.err = code;
        return code;
    }
    atomic_store_explicit(&log->begun, true, memory_order_release);
    return 0;
}

/* ---- a folder that was taken away ---- */

bool log_is_gone(const struct qlog *log)
{
    struct stat st;
    return fstat(log->dir_fd, &st) == 0 && st.st_nlink == 0;
}

/* The journal's rows are in memory: its file on disk is made anew, and filled by the next sync. */
static void journal_anchor(struct qlog *log, struct journal *journal)
{
    int fd = journal->disk_fd < 0 ? -1 : openat(log->dir_fd, journal->file, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (fd < 0)
        return;
    dup3(fd, journal->disk_fd, O_CLOEXEC);
    close(fd);
    journal->synced = 0;
    journal->is_named = false;
}

static int folder_put(struct qlog *log)
{
    struct qlog fresh = {.opts = log->opts, .dir_fd = -1, .lock_fd = -1};
    int code = dir_open(&fresh);
    /* Other threads use the descriptors meanwhile: from one call to the next they lead to the new folder. */
    if (code == 0 &&
        (dup3(fresh.dir_fd, log->dir_fd, O_CLOEXEC) < 0 || dup3(fresh.lock_fd, log->lock_fd, O_CLOEXEC) < 0))
        code = -errno;
    descriptor_close(&fresh.lock_fd);
    descriptor_close(&fresh.dir_fd);
    return code;
}

int log_renew(struct qlog *log)
{
    int code = folder_put(log);
    if (code == 0 && log->keys_fd >= 0)
        code = link_put(log->dir_fd, KEYRING_LINK, log->opts.keys_dir);
    if (code == 0 && log->memory.in_use)
        code = link_put(log->dir_fd, JOURNAL_MEMORY, log->opts.memory_dir);
    if (code < 0)
        return code;
    pthread_mutex_lock(&log->lock);
    for (size_t i = 0; i < log->journal_count; i++)
        journal_anchor(log, log->journals[i]);
    log->flush_wanted++; /* rows whose journal's file is gone become a segment now */
    pthread_cond_signal(&log->wake);
    pthread_mutex_unlock(&log->lock);
    return 0;
}
