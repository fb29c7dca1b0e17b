/* Bodies of forms: whatever is read is valid text within its bounds. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "notice/posting.h"
#include "notice/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const char *text, size_t cap)
{
    size_t len = strnlen(text, cap);
    if (len == cap || !utf8_is_valid(text, len))
        abort();
    for (size_t i = 0; i < len; i++)
        if ((uint8_t)text[i] < ' ' && text[i] != '\n')
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct posting posting;
    enum posting_fault fault = posting_parse((const char *)data, size, &posting);
    if (fault == POSTING_MALFORMED || fault == POSTING_TOO_LONG)
        return 0;
    check(posting.token, sizeof posting.token);
    check(posting.report.url, sizeof posting.report.url);
    check(posting.report.name, sizeof posting.report.name);
    check(posting.report.words, sizeof posting.report.words);
    if ((posting.report.words[0] == '\0') != (fault == POSTING_EMPTY))
        abort();
    return 0;
}
