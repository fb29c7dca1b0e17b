#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "qlog/blocks_walk.h"

/*
 * A thread takes a free slot, then a block; whoever finishes the block that is next in order takes all that are ready from
 * there on. Blocks are handed out in order, so the one that all wait for is always in somebody's hands.
 */
enum slot_state { SLOT_FREE, SLOT_BUSY, SLOT_MADE, SLOT_EMPTY };

struct slot {
    enum slot_state state;
    uint64_t number;
};

struct run {
    struct blocks *blocks;
    const struct blocks_work *work;
    pthread_mutex_t lock;
    pthread_cond_t freed;
    struct slot slots[BLOCKS_SLOTS];
    unsigned slot_count;
    uint64_t next; /* number to be taken */
    bool taking;
    int code; /* not 0: stop */
};

static int slot_find(const struct run *run, enum slot_state state, uint64_t number)
{
    for (unsigned i = 0; i < run->slot_count; i++)
        if (run->slots[i].state == state && (state == SLOT_FREE || run->slots[i].number == number))
            return (int)i;
    return -1;
}

/* A slot for the next block, or -1 when all is to stop. */
static int slot_want(struct run *run)
{
    int slot = -1;
    pthread_mutex_lock(&run->lock);
    while (run->code == 0 && (slot = slot_find(run, SLOT_FREE, 0)) < 0)
        pthread_cond_wait(&run->freed, &run->lock);
    if (run->code != 0)
        slot = -1;
    if (slot >= 0)
        run->slots[slot] = (struct slot){SLOT_BUSY, UINT64_MAX};
    pthread_mutex_unlock(&run->lock);
    return slot;
}

static void stop(struct run *run, int code)
{
    if (run->code == 0)
        run->code = code;
    pthread_cond_broadcast(&run->freed);
}

static void slot_free(struct run *run, int slot)
{
    run->slots[slot].state = SLOT_FREE;
    run->next++;
    pthread_cond_broadcast(&run->freed);
}

/* With the lock held, but not while work is done. */
static void slots_take(struct run *run)
{
    int slot;
    if (run->taking)
        return;
    run->taking = true;
    while (run->code == 0) {
        if ((slot = slot_find(run, SLOT_EMPTY, run->next)) >= 0) {
            slot_free(run, slot);
            continue;
        }
        if ((slot = slot_find(run, SLOT_MADE, run->next)) < 0)
            break;
        pthread_mutex_unlock(&run->lock);
        int code = run->work->take == NULL ? 0 : run->work->take(run->work->ctx, (unsigned)slot);
        pthread_mutex_lock(&run->lock);
        if (code != 0)
            stop(run, code);
        slot_free(run, slot);
    }
    run->taking = false;
}

static void slot_put(struct run *run, int slot, enum slot_state state, uint64_t number)
{
    pthread_mutex_lock(&run->lock);
    run->slots[slot] = (struct slot){state, number};
    slots_take(run);
    pthread_mutex_unlock(&run->lock);
}

static void fail(struct run *run, int code)
{
    pthread_mutex_lock(&run->lock);
    stop(run, code);
    pthread_mutex_unlock(&run->lock);
}

static void *thread_run(void *arg)
{
    struct run *run = arg;
    const struct blocks_work *work = run->work;
    const struct block_view *view;
    struct blocks_reader *reader = NULL;
    uint64_t number;
    int slot = -1;
    int code = blocks_reader_new(run->blocks, &reader);
    while (code >= 0 && (slot = slot_want(run)) >= 0) {
        code = blocks_step(reader, &view, &number);
        if (code <= 0)
            break;
        bool made = code == 1;
        code = made ? work->make(work->ctx, (unsigned)slot, view) : 0;
        if (code >= 0)
            slot_put(run, slot, made ? SLOT_MADE : SLOT_EMPTY, number);
    }
    if (code < 0)
        fail(run, code);
    blocks_reader_free(reader);
    return NULL;
}

static unsigned threads_wanted(const struct blocks_work *work)
{
    long count = work->threads == 0 ? sysconf(_SC_NPROCESSORS_ONLN) : (long)work->threads;
    return count < 1 ? 1 : count > (long)BLOCKS_SLOTS / 2 ? BLOCKS_SLOTS / 2 : (unsigned)count;
}

int blocks_run(struct blocks *blocks, const struct blocks_work *work)
{
    pthread_t threads[BLOCKS_SLOTS];
    unsigned wanted = threads_wanted(work);
    unsigned started = 0;
    struct run run = {.blocks = blocks, .work = work, .slot_count = wanted * 2};
    pthread_mutex_lock(&blocks->lock);
    run.next = blocks->next_number;
    pthread_mutex_unlock(&blocks->lock);
    pthread_mutex_init(&run.lock, NULL);
    pthread_cond_init(&run.freed, NULL);
    while (started + 1 < wanted && pthread_create(&threads[started], NULL, thread_run, &run) == 0)
        started++;
    thread_run(&run);
    for (unsigned i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    pthread_cond_destroy(&run.freed);
    pthread_mutex_destroy(&run.lock);
    return run.code < 0 ? run.code : 0;
}
