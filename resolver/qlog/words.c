/*
 * The words behind the numbers of rows (qlog/texts.h): asked for while they are known, which is when the numbers are given
 * (qlog_know()), or soon after the row was written; kept in a file for rows that are still in a journal.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "qlog/keeper.h"

#define KNOW_WAIT_MS 500 /* the keeper may be writing a block; who tells it has something else to do */
#define KNOWN_MAX    65536u

static const char *word_ask(const struct qlog_opts *o, const struct texts_key *key)
{
    uint16_t number = key->number;
    switch (key->kind) {
    case TEXTS_GROUP:
        return o->group_name ? o->group_name(o->ctx, (uint32_t)key->version, number) : NULL;
    case TEXTS_FEED:
        return o->feed_name ? o->feed_name(o->ctx, key->version, number) : NULL;
    case TEXTS_UPSTREAM:
        return o->upstream_name ? o->upstream_name(o->ctx, number) : NULL;
    }
    return NULL;
}

const char *words_find(void *ctx, const struct texts_key *key)
{
    struct qlog *log = ctx;
    char digits[8];
    const char *word = texts_find(&log->words, key);
    if (word != NULL)
        return word;
    word = word_ask(&log->opts, key);
    if (word == NULL) {
        snprintf(digits, sizeof digits, "%u", key->number);
        word = digits;
    }
    if (texts_put(&log->words, key, word) == 0)
        log->words_changed = true;
    return texts_find(&log->words, key);
}

void words_keep(struct qlog *log)
{
    if (!log->words_changed)
        return;
    int code = texts_save(&log->words, log->dir_fd);
    qlog_trouble(log, QLOG_PART_WORDS, code);
    log->words_changed = code < 0;
}

/* ---- told beforehand ---- */

/* An upstream server of this number may be another one now; rows that were answered by the old one keep its name. */
static void word_learn(struct qlog *log, const struct texts_key *key)
{
    const char *word = word_ask(&log->opts, key);
    const char *before = texts_find(&log->words, key);
    if (word == NULL || (before != NULL && (key->kind != TEXTS_UPSTREAM || strcmp(before, word) == 0)))
        return;
    if (before != NULL)
        qlog_trouble(log, QLOG_PART_SEGMENTS, absorb_finish(log));
    if (texts_set(&log->words, key, word) == 0)
        log->words_changed = true;
}

void words_learn(struct qlog *log)
{
    pthread_mutex_lock(&log->lock);
    struct texts_key *keys = log->known;
    size_t count = log->known_count;
    log->known = NULL;
    log->known_count = 0;
    pthread_mutex_unlock(&log->lock);
    if (count == 0)
        return;
    for (size_t i = 0; i < count; i++)
        word_learn(log, &keys[i]);
    free(keys);
    words_keep(log);
    pthread_mutex_lock(&log->lock);
    log->known_done = log->known_wanted;
    pthread_cond_broadcast(&log->flushed);
    pthread_mutex_unlock(&log->lock);
}

/* With the lock held. Without memory the words are asked for when a row has the number. */
static bool known_add(struct qlog *log, const struct texts_key *keys, size_t count)
{
    size_t before = log->known_count;
    struct texts_key *known =
        count == 0 || before + count > KNOWN_MAX ? NULL : realloc(log->known, (before + count) * sizeof *known);
    if (known == NULL)
        return false;
    memcpy(known + before, keys, count * sizeof *known);
    log->known = known;
    log->known_count = before + count;
    return true;
}

void qlog_know(struct qlog *log, const struct texts_key *keys, size_t count)
{
    struct timespec until;
    int code = 0;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += KNOW_WAIT_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&log->lock);
    if (known_add(log, keys, count)) {
        uint64_t wanted = ++log->known_wanted;
        pthread_cond_signal(&log->wake);
        while (log->known_done < wanted && code == 0)
            code = pthread_cond_timedwait(&log->flushed, &log->lock, &until);
    }
    pthread_mutex_unlock(&log->lock);
}
