/* What the outbox reads back: a message, and the state of one. Whatever is read can be written, and a mail made of it. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "delivery/mime.h"
#include "delivery/outbox_item.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct message_read read;
    struct outbox_item item = {.created_s = 0};
    struct text text = {0};
    const struct mime_envelope envelope = {.from = "a@b", .from_name = "\xff", .to = "c@d"};
    if (message_parse((const char *)data, size, &read) == 0) {
        message_write(&read.message, &text);
        mime_write(&read.message, &envelope, &text);
        message_read_done(&read);
    }
    if (outbox_item_parse((const char *)data, size, &item) == 0) {
        outbox_item_write(&item, &text);
        outbox_item_done(&item);
    }
    text_done(&text);
    return 0;
}
