/* Lines of the policy's chronicle: whatever they are, what is read can be written and reads back the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "change/change_line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_round(const struct change_line *line)
{
    static struct change_line again;
    struct text text = {0};
    change_line_write(line, &text);
    if (text_ok(&text) && text.len <= CHANGE_LINE_MAX &&
        (change_line_parse(text.bytes, text.len - 1, &again) < 0 || again.op != line->op ||
         again.number != line->number || again.opens != line->opens || again.role_count != line->role_count ||
         strcmp(again.reason, line->reason) != 0))
        abort();
    text_done(&text);
}

/* Once as it is, and once with the right checksum in front, which no fuzzer guesses. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct change_line line;
    struct text text = {0};
    if (change_line_parse((const char *)data, size, &line) == 0)
        check_round(&line);
    if (size > CHANGE_LINE_MAX)
        return 0;
    text_printf(&text, "%016llx ", (unsigned long long)XXH3_64bits(data, size));
    text_add(&text, (const char *)data, size);
    if (text_ok(&text) && change_line_parse(text.bytes, text.len, &line) == 0)
        check_round(&line);
    text_done(&text);
    return 0;
}
