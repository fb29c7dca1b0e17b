/* Small things that the programs of this folder share. A failure ends the program. */
#ifndef BENCH_TOOL_H
#define BENCH_TOOL_H

#include <stddef.h>
#include <stdint.h>

struct text {
    const char *at;
    size_t len;
};

void must(int err, const char *what); /* err: negative enum err */
double wall_s(void);
double cpu_s(void);                          /* of this thread alone: a busy machine takes turns, not our figures */
double peak_mb(void);                        /* of memory, of the process so far */
double heap_mb(void);                        /* what malloc has given out */
uint64_t random_next(uint64_t *state);       /* *state must not be 0 */
double median(double *values, size_t count); /* sorts them */
struct text map_file(const char *path);      /* for good */
int line_next(struct text *text, struct text *out_word); /* the first word of the next line; 0 at the end */

/* Makes the kernel forget the file's pages, those that this process has mapped as well. */
void file_evict(const char *path);

#endif
