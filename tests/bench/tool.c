#include "tool.h"

#include <fcntl.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"

void must(int err, const char *what)
{
    if (err >= 0)
        return;
    (void)fprintf(stderr, "bench: %s: %s\n", what, err_str(err));
    exit(1);
}

static double clock_s(clockid_t clock)
{
    struct timespec now;
    (void)clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

double wall_s(void)
{
    return clock_s(CLOCK_MONOTONIC);
}

double cpu_s(void)
{
    return clock_s(CLOCK_THREAD_CPUTIME_ID);
}

double peak_mb(void)
{
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss / 1024;
}

double heap_mb(void)
{
    struct mallinfo2 info = mallinfo2();
    return (double)(info.uordblks + info.hblkhd) / 1e6;
}

uint64_t random_next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static int compare(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

double median(double *values, size_t count)
{
    qsort(values, count, sizeof(values[0]), compare);
    return values[count / 2];
}

struct text map_file(const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    must(fd < 0 || fstat(fd, &st) < 0 ? ERR_IO : 0, path);
    void *at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    must(at == MAP_FAILED ? ERR_IO : 0, path);
    close(fd);
    return (struct text){at, (size_t)st.st_size};
}

int line_next(struct text *text, struct text *out_word)
{
    if (text->len == 0)
        return 0;
    const char *end = memchr(text->at, '\n', text->len);
    size_t line_len = end ? (size_t)(end - text->at) : text->len;
    size_t word_len = 0;
    while (word_len < line_len && text->at[word_len] != ' ' && text->at[word_len] != '\t')
        word_len++;
    *out_word = (struct text){text->at, word_len};
    text->at += line_len + (end ? 1 : 0);
    text->len -= line_len + (end ? 1 : 0);
    return 1;
}

/* The kernel keeps pages that are mapped, so our own mappings of the file let go of them first. */
static void maps_forget(const char *path)
{
    char line[4096];
    FILE *maps = fopen("/proc/self/maps", "re");
    must(maps ? 0 : ERR_IO, "/proc/self/maps");
    while (fgets(line, sizeof(line), maps)) {
        uintptr_t from, to;
        if (strstr(line, path) && sscanf(line, "%" SCNxPTR "-%" SCNxPTR, &from, &to) == 2)
            (void)madvise((void *)from, to - from, MADV_DONTNEED); /* NOLINT(performance-no-int-to-ptr) */
    }
    (void)fclose(maps);
}

void file_evict(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    must(fd < 0 ? ERR_IO : 0, path);
    maps_forget(path);
    must(fdatasync(fd) < 0 || posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) != 0 ? ERR_IO : 0, path);
    close(fd);
}
