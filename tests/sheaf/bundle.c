#include "bundle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "dns/name.h"
#include "feed/format.h"
#include "sheaf/cursor.h"
#include "sheaf/run.h"

int bundle_file(void)
{
    int fd = memfd_create("bundle", MFD_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

struct sheaf *bundle_of(const char *rules, int *out_fd)
{
    struct run run;
    struct intake in;
    struct feed_stats stats;
    struct sheaf *sheaf = NULL;
    const struct sheaf_id id = {.copy = "copy", .options = "options"};
    const struct intake_opts opts = {.categories = 4};
    *out_fd = bundle_file();
    run_init(&run);
    feed_stats_init(&stats);
    intake_init(&in, &opts, NULL, "test", &stats, run_add, &run);
    assert_int_equal(adblock_parse(&in, span_of(rules)), 0);
    assert_int_equal(run_write(&run, &id, &stats, *out_fd), 0);
    assert_int_equal(sheaf_open_fd(*out_fd, &sheaf), 0);
    feed_stats_done(&stats);
    run_done(&run);
    return sheaf;
}

void bundle_text(const struct sheaf *sheaf, char *out, size_t cap)
{
    struct sheaf_cursor cursor;
    size_t len = 0;
    int got;
    out[0] = '\0';
    sheaf_cursor_init(&cursor, sheaf, NULL, NULL);
    while ((got = sheaf_cursor_next(&cursor)) > 0) {
        uint8_t name[NAME_MAX_LEN];
        char text[NAME_TEXT_MAX] = "-";
        if (cursor.key_len > 0) {
            assert_true(name_key_to_name(cursor.key, cursor.key_len, name) > 0);
            (void)name_to_text(name, text);
        }
        len += (size_t)snprintf(out + len, cap - len, "%s %u", text, sheaf->kinds[cursor.kind].what);
        if (cursor.repeat > 1)
            len += (size_t)snprintf(out + len, cap - len, "*%u", (unsigned)cursor.repeat);
        len += (size_t)snprintf(out + len, cap - len, " ");
        assert_true(len < cap);
    }
    assert_int_equal(got, 0);
}
