/*
 * Random numbers that nobody can predict: getrandom(2), fetched by the block so that a number costs no system call.
 *
 * Memory:  the caller's struct; begins as {0}. Bytes are wiped as they are given out.
 * Threads: one pool belongs to one thread.
 */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

struct random_pool {
    uint8_t bytes[512];
    size_t left; /* the last `left` bytes are unused */
};

/* Ends the process when the kernel has no random numbers to give: going on would mean predictable ids and ports. */
void random_bytes(struct random_pool *pool, void *out, size_t len);
uint32_t random_u32(struct random_pool *pool);

/* 0..bound-1, each equally likely; bound > 0. */
uint32_t random_below(struct random_pool *pool, uint32_t bound);

#endif
