/*
 * A lease file that its server goes on writing: reads what is new of it into a book.
 *
 *     append-only (Kea, ISC)   what was added behind the last whole record. Another file in its place, a shorter one, or one
 *                              whose last bytes are not those we had read is read anew from its beginning
 *     written anew (dnsmasq)   the whole file, once it has been the same for two looks and ends with a whole line
 *
 * Kea cleans its file up now and then (LFC): it goes on with a new one, and what held until then is meanwhile in others
 * beside it, which its own start reads in this order too:
 *
 *     kea-leases4.csv.completed, or if there is none kea-leases4.csv.2 and kea-leases4.csv.1; then kea-leases4.csv
 *
 * They may change their names while we read, so that is noticed, and they are read again.
 *
 * A file that can't be read takes nothing away: its leases hold until their ends.
 *
 * Bounds: TAIL_FILE_MAX bytes a file. Memory: the book, TAIL_BUFFER bytes while it reads.
 * Threads: one at a time; tail_look() waits for the disk.
 */
#ifndef LEASE_TAIL_H
#define LEASE_TAIL_H

#include <sys/types.h>
#include <time.h>

#include "lease/book.h"
#include "lease/reading.h"

#define TAIL_FILE_MAX ((int64_t)1 << 30)
#define TAIL_BUFFER   ((size_t)256 << 10)
#define TAIL_END_MAX  64 /* bytes before where we stopped, kept to know the file again */

/* What tells one state of a file from another. */
struct tail_stamp {
    dev_t dev;
    ino_t ino;
    off_t size;
    struct timespec mtime;
};

struct tail {
    const char *path;
    const char *ending; /* of the file that an error is about, behind path */
    struct book *book;
    struct reading reading;
    bool has_read;           /* what it says is in the book */
    int err;                 /* of the last reading */
    struct tail_stamp stamp; /* as of the last reading */
    struct tail_stamp seen;  /* as of the last look, for a file that is written anew */
    unsigned restless;       /* looks in a row at which it was being written */
    off_t at;                /* where the next reading goes on */
    char end[TAIL_END_MAX];  /* the bytes before that */
    size_t end_len;
    uint64_t readings, whole_readings;
};

enum tail_news {
    TAIL_SAME, /* nothing new */
    TAIL_READ, /* book_change() has what is new */
    TAIL_SOON, /* it is being written: look again in TAIL_SOON_MS; book_change() may have news nevertheless */
};
#define TAIL_SOON_MS 60

/* path and book must stay. */
void tail_init(struct tail *tail, enum reading_format format, const char *path, struct book *book);

/*
 * enum tail_news, or: ERR_NOENT, ERR_ACCESS, ERR_IO and others of the file system; ERR_INVAL: no ordinary file; ERR_LIMIT:
 * over TAIL_FILE_MAX; ERR_MALFORMED: no file of this format, tail->reading says why. at_once: there is no time to look
 * again, what is there counts.
 */
ERR_CHECKED int tail_look(struct tail *tail, bool at_once, int64_t now_s);

#endif
