/* Lines of the ledger and its head: whatever they are, what is read can be written and reads back the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/entry.h"
#include "ledger/head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_same(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct entry_read read, again;
    struct head head;
    struct text text = {0};
    (void)!head_parse((const char *)data, size, &head);
    if (entry_parse((const char *)data, size, &read) < 0)
        return 0;
    /* A kind that we would not write, or one that grew by escapes, is no fault. */
    if (entry_write(&read.entry, &text) == 0) {
        if (entry_parse(text.bytes, text.len - 1, &again) < 0 || again.entry.number != read.entry.number ||
            again.entry.time_s != read.entry.time_s || !is_same(again.entry.object, read.entry.object) ||
            !is_same(again.entry.reason, read.entry.reason) || !is_same(again.entry.detail, read.entry.detail))
            abort();
        entry_read_done(&again);
    }
    entry_read_done(&read);
    text_done(&text);
    return 0;
}
