#include "qlog/keeper.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "qlog/folder.h"
#include "qlog/segment_list.h"

int qlog_journal_add(struct qlog *log, struct journal *journal)
{
    int code = 0;
    pthread_mutex_lock(&log->lock);
    if (log->journal_count == log->journal_cap) {
        size_t cap = log->journal_cap * 2 + 16;
        struct journal **journals = realloc(log->journals, cap * sizeof(struct journal *));
        code = journals == NULL ? ERR_NOMEM : 0;
        if (journals != NULL) {
            log->journals = journals;
            log->journal_cap = cap;
        }
    }
    if (code == 0)
        log->journals[log->journal_count++] = journal;
    pthread_mutex_unlock(&log->lock);
    return code;
}

void qlog_journal_drop(struct qlog *log, struct journal *journal)
{
    pthread_mutex_lock(&log->lock);
    for (size_t i = 0; i < log->journal_count; i++) {
        if (log->journals[i] != journal)
            continue;
        log->journals[i] = log->journals[--log->journal_count];
        break;
    }
    bool in_use = journal->syncing;
    journal->dropped = in_use;
    pthread_mutex_unlock(&log->lock);
    if (!in_use)
        journal_remove(journal, log->dir_fd);
}

static bool ends_in(const char *name, const char *end)
{
    size_t len = strlen(name);
    size_t end_len = strlen(end);
    return len >= end_len && strcmp(name + len - end_len, end) == 0;
}

/* A journal that can't be read is set aside: someone may want to look at it, and it must not come back. */
static void journal_set_aside(struct qlog *log, const char *file)
{
    char aside[QLOG_NAME_MAX + 8];
    snprintf(aside, sizeof aside, "damaged-%.*s", QLOG_NAME_MAX - 1, file);
    renameat(log->dir_fd, file, log->dir_fd, aside);
}

static bool journal_is_known(const struct qlog *log, const char *file)
{
    for (size_t i = 0; i < log->journal_count; i++)
        if (strcmp(log->journals[i]->file, file) == 0)
            return true;
    return false;
}

/* One file that can't be read is no reason to answer nobody. */
static void journal_give_up(struct qlog *log, const char *file, int code)
{
    if (code == ERR_END || code == ERR_NOENT) { /* made, and never written */
        journal_remove_files(log->dir_fd, file);
        return;
    }
    log->damaged++;
    if (code == ERR_DAMAGED || code == ERR_FORMAT_VERSION)
        journal_set_aside(log, file);
}

static int journal_recover(struct qlog *log, const char *file)
{
    struct journal *journal;
    if (journal_is_known(log, file))
        return 0;
    int code = journal_open(log->dir_fd, file, true, &journal);
    if (code == ERR_NOMEM)
        return code;
    if (code < 0) {
        journal_give_up(log, file, code);
        return 0;
    }
    log->damaged += journal->is_damaged;
    code = qlog_journal_add(log, journal);
    if (code < 0)
        journal_free(journal);
    return code;
}

static int file_recover(struct qlog *log, const char *file)
{
    if (ends_in(file, ".tmp") &&
        strncmp(file, "merged-", 7) != 0) { /* one that never became whole; compact.c has its own */
        unlinkat(log->dir_fd, file, 0);
        return 0;
    }
    return journal_file_is(file) ? journal_recover(log, file) : 0;
}

/* A process killed between finishing a segment and noting so in its journals: the segment knows. */
static void positions_apply(struct qlog *log, const struct segment *segment)
{
    for (size_t i = 0; i < log->journal_count; i++) {
        struct journal *journal = log->journals[i];
        for (uint32_t k = 0; k < segment->footer.journal_count; k++) {
            uint64_t pos = segment->journals[k].absorbed;
            if (segment->journals[k].id == journal->id && pos > journal->absorbed && pos <= journal->bytes)
                journal->absorbed = journal->seen = (size_t)pos;
        }
    }
}

static int positions_recover(struct qlog *log)
{
    struct segment_list list;
    struct segment *segment;
    int code = segment_list(log->dir_fd, &list);
    if (code < 0)
        return code;
    if (list.count > 0 && segment_open(log->dir_fd, list.files[list.count - 1].file, &segment) == 0) {
        positions_apply(log, segment);
        segment_close(segment);
    }
    segment_list_done(&list);
    return 0;
}

static int folder_recover(struct qlog *log, const char *path)
{
    DIR *dir;
    const struct dirent *entry;
    int code = folder_opendir(log->dir_fd, path, &dir);
    if (code < 0)
        return code;
    while (code == 0 && (entry = readdir(dir)) != NULL)
        code = file_recover(log, entry->d_name);
    closedir(dir);
    return code;
}

int recover_journals(struct qlog *log)
{
    int code = folder_recover(log, ".");
    if (code == 0 && log->memory.fd >= 0) /* those that are not on disk any more, or not yet */
        code = folder_recover(log, JOURNAL_MEMORY);
    return code < 0 ? code : positions_recover(log);
}
