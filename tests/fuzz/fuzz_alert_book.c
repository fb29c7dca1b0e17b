/* The watcher's book as it is read back. What can be read can be written and read again, and batches planned of it. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "alert/dispatch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const roles[] = {"safeguarding"};
    static const struct config_alert_rule rules[] = {{.name = "self-harm",
                                                      .roles = roles,
                                                      .role_count = 1,
                                                      .questions = 3,
                                                      .names = 2,
                                                      .within_s = 600,
                                                      .again_s = 3600}};
    const struct dispatch_opts opts = {.gather_s = 0, .max_per_hour = 12};
    struct book book, again;
    struct text text = {0};
    if (book_init(&book) < 0 || book_init(&again) < 0)
        abort();
    if (book_parse((const char *)data, size, rules, 1, &book) == 0) {
        spells_prune(&book.spells, rules, book.position_ns);
        while (dispatch_plan(&opts, &book, 1796000000) == 1)
            ;
        book_write(&book, rules, &text);
        if (!text_ok(&text) || book_parse(text.bytes, text.len, rules, 1, &again) < 0)
            abort();
    }
    while (book.batch_count > 0)
        book_drop_batch(&book, 0);
    text_done(&text);
    book_done(&book);
    book_done(&again);
    return 0;
}
