#include "trie/sort.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#define HEAD_LEN       8
#define INSERTION_MAX  16
#define TASK_MIN       16384 /* smaller ranges are not worth a turn of the queue */
#define TASKS_MAX      256   /* when the queue is full, a thread does the range itself */
#define THREADS_MAX    16
#define PREFETCH_AHEAD 24

/* Records that share the first `depth` bytes of their keys, and whose heads hold the next eight. */
struct range {
    struct record *records;
    size_t count;
    uint32_t depth;
};

struct sorter {
    const uint8_t *keys;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct range tasks[TASKS_MAX];
    size_t task_count;
    size_t busy; /* threads at work; the sort is over when none is and no task waits */
};

/*
 * The eight key bytes at depth as a number that sorts like them; 0 when the key ends before. A key that goes on has a
 * larger head than one that ends, because two zero bytes never follow each other.
 */
static uint64_t head_at(const uint8_t *keys, uint32_t key, uint32_t depth)
{
    uint64_t head;
    uint32_t len = keys[key];
    if (depth >= len)
        return 0;
    memcpy(&head, keys + key + 1 + depth, sizeof(head));
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    head = __builtin_bswap64(head);
#endif
    uint32_t left = len - depth;
    return left >= HEAD_LEN ? head : head & ~(UINT64_MAX >> (left * 8));
}

static void heads_load(const struct sorter *s, const struct range *r)
{
    for (size_t i = 0; i < r->count; i++) {
        if (i + PREFETCH_AHEAD < r->count)
            __builtin_prefetch(s->keys + r->records[i + PREFETCH_AHEAD].key);
        r->records[i].head = head_at(s->keys, r->records[i].key, r->depth);
    }
}

static bool sorts_before(const struct sorter *s, const struct record *a, const struct record *b, uint32_t depth)
{
    uint64_t a_head = a->head;
    uint64_t b_head = b->head;
    while (a_head == b_head && a_head != 0) {
        depth += HEAD_LEN;
        a_head = head_at(s->keys, a->key, depth);
        b_head = head_at(s->keys, b->key, depth);
    }
    return a_head < b_head;
}

static void insertion_sort(const struct sorter *s, const struct range *r)
{
    for (size_t i = 1; i < r->count; i++) {
        struct record moved = r->records[i];
        size_t at = i;
        for (; at > 0 && sorts_before(s, &moved, &r->records[at - 1], r->depth); at--)
            r->records[at] = r->records[at - 1];
        r->records[at] = moved;
    }
}

static uint64_t median(uint64_t a, uint64_t b, uint64_t c)
{
    if (a > b) {
        uint64_t swap = a;
        a = b;
        b = swap;
    }
    return c < a ? a : c > b ? b : c;
}

/* Middle of nine heads spread over the range by a multiplicative step, which sorted and repeating input can't lead astray. */
static uint64_t pivot_pick(const struct range *r)
{
    uint64_t heads[9];
    uint64_t at = r->count;
    for (size_t i = 0; i < 9; i++) {
        at = at * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        heads[i] = r->records[(at >> 32) % r->count].head;
    }
    return median(median(heads[0], heads[1], heads[2]), median(heads[3], heads[4], heads[5]),
                  median(heads[6], heads[7], heads[8]));
}

static void swap_records(struct record *a, struct record *b)
{
    struct record moved = *a;
    *a = *b;
    *b = moved;
}

/* Three parts: heads below the pivot, equal to it, above it. */
static void partition(const struct range *r, uint64_t pivot, size_t *out_below, size_t *out_above)
{
    size_t below = 0, at = 0, above = r->count;
    while (at < above) {
        uint64_t head = r->records[at].head;
        if (head < pivot)
            swap_records(&r->records[below++], &r->records[at++]);
        else if (head > pivot)
            swap_records(&r->records[at], &r->records[--above]);
        else
            at++;
    }
    *out_below = below;
    *out_above = above;
}

static bool task_offer(struct sorter *s, const struct range *r)
{
    bool taken = false;
    if (r->count < TASK_MIN)
        return false;
    (void)pthread_mutex_lock(&s->mutex);
    if (s->task_count < TASKS_MAX) {
        s->tasks[s->task_count++] = *r;
        taken = true;
        (void)pthread_cond_signal(&s->changed);
    }
    (void)pthread_mutex_unlock(&s->mutex);
    return taken;
}

static void range_sort(struct sorter *s, struct range r);

static void range_part(struct sorter *s, struct range r)
{
    if (r.count > 1 && !task_offer(s, &r))
        range_sort(s, r);
}

/* Goes on with the largest part itself, so that the stack stays small. */
static void range_sort(struct sorter *s, struct range r)
{
    while (r.count > INSERTION_MAX) {
        size_t below, above;
        uint64_t pivot = pivot_pick(&r);
        partition(&r, pivot, &below, &above);

        struct range parts[3] = {{r.records, below, r.depth},
                                 {r.records + above, r.count - above, r.depth},
                                 {r.records + below, above - below, r.depth + HEAD_LEN}};
        if (pivot == 0)
            parts[2].count = 0; /* keys that all end here are equal */
        heads_load(s, &parts[2]);
        size_t largest = 0;
        for (size_t i = 1; i < 3; i++)
            if (parts[i].count > parts[largest].count)
                largest = i;
        for (size_t i = 0; i < 3; i++)
            if (i != largest)
                range_part(s, parts[i]);
        r = parts[largest];
    }
    insertion_sort(s, &r);
}

static void *work(void *arg)
{
    struct sorter *s = arg;
    (void)pthread_mutex_lock(&s->mutex);
    while (s->task_count > 0 || s->busy > 0) {
        if (s->task_count == 0) {
            (void)pthread_cond_wait(&s->changed, &s->mutex);
            continue;
        }
        struct range r = s->tasks[--s->task_count];
        s->busy++;
        (void)pthread_mutex_unlock(&s->mutex);
        range_sort(s, r);
        (void)pthread_mutex_lock(&s->mutex);
        s->busy--;
        (void)pthread_cond_broadcast(&s->changed);
    }
    (void)pthread_mutex_unlock(&s->mutex);
    return NULL;
}

void sort_records(struct record *records, size_t count, const uint8_t *keys, unsigned thread_count)
{
    struct sorter s = {.keys = keys, .mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    pthread_t threads[THREADS_MAX];
    unsigned started = 0;
    struct range all = {records, count, 0};

    heads_load(&s, &all);
    s.tasks[s.task_count++] = all;
    while (count >= TASK_MIN && started + 1 < thread_count && started < THREADS_MAX &&
           pthread_create(&threads[started], NULL, work, &s) == 0)
        started++;
    work(&s);
    for (unsigned i = 0; i < started; i++)
        (void)pthread_join(threads[i], NULL);
    (void)pthread_cond_destroy(&s.changed);
    (void)pthread_mutex_destroy(&s.mutex);
}
