/* A ledger in a folder of its own. */
#ifndef LEDGER_FIXTURE_H
#define LEDGER_FIXTURE_H

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "ledger/verify.h"

#define NOW INT64_C(1764403200)

static char folder[64];
static struct ledger ledger = {.folder = folder, .file_bytes = 4 << 20, .file_max = 10};

/* The last fault that was told. */
static char fault_file[64], fault_why[VERIFY_WHY_MAX];
static unsigned fault_line;

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/belisha-ledger-XXXXXX");
    ledger.file_bytes = 4 << 20;
    ledger.file_max = 10;
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int remove_folder(void **state)
{
    char line[128];
    (void)state;
    snprintf(line, sizeof line, "rm -r %s", folder);
    return system(line);
}

static inline int append_as(const char *object, const char *by)
{
    uint64_t number;
    const struct entry entry = {.time_s = NOW, .kind = "test", .object = object, .by = by, .uid = 1001};
    return ledger_append(&ledger, &entry, &number);
}

static inline uint64_t append(const char *object)
{
    uint64_t number = 0;
    const struct entry entry = {.time_s = NOW, .kind = "test", .object = object, .by = "anna", .uid = 1001};
    assert_int_equal(ledger_append(&ledger, &entry, &number), 0);
    return number;
}

static inline char *path_of(const char *name)
{
    static char path[160];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static inline void note_fault(void *ctx, const char *file, unsigned line, const char *why)
{
    (void)ctx;
    snprintf(fault_file, sizeof fault_file, "%s", file);
    snprintf(fault_why, sizeof fault_why, "%s", why);
    fault_line = line;
}

static inline struct verify_report verify(void)
{
    struct verify_report report;
    const struct verify_opts opts = {.folder = folder, .fault = note_fault};
    assert_int_equal(ledger_verify(&opts, &report), 0);
    return report;
}

/* The verifier that shares no line with ours must say the same. */
static inline void verify_elsewhere(bool fine)
{
    char line[256];
    snprintf(line, sizeof line, "python3 -B verify_ledger.py %s >/dev/null", folder);
    if (system("command -v python3 >/dev/null") == 0)
        assert_int_equal(system(line) == 0, fine);
}

#endif
