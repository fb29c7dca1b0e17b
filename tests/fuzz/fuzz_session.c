/* Lines of the journal of sessions: whatever they are, what is read can be written and reads back the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "session/session_book.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_round(const struct session_line *line)
{
    struct text text = {0};
    struct session_line again;
    session_line_write(line, &text);
    if (!text_ok(&text) || session_line_parse(text.bytes, text.len - 1, &again) < 0)
        abort();
    const struct session *a = &line->session, *b = &again.session;
    if (again.op != line->op || again.next != line->next || a->number != b->number || a->end != b->end ||
        a->until_s != b->until_s || a->address_count != b->address_count || strcmp(a->user, b->user) != 0 ||
        strcmp(a->origin, b->origin) != 0 || strcmp(a->id, b->id) != 0)
        abort();
    text_done(&text);
}

/* The book takes it, whatever it says. */
static void check_book(const struct session_line *line)
{
    const struct session_book_opts opts = {.sessions_max = 4, .seed = 1};
    struct session_book *book;
    if (session_book_new(&opts, &book) < 0)
        abort();
    for (int i = 0; i < 2; i++)
        if (session_book_restore(book, line) == ERR_MALFORMED)
            abort();
    while (session_book_work(book, INT64_C(1) << 40, 3))
        ;
    session_book_free(book);
}

/* Once as it is, and once with the right checksum in front, which no fuzzer guesses. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct session_line line;
    struct text text = {0};
    if (session_line_parse((const char *)data, size, &line) == 0)
        check_round(&line);
    if (size > SESSION_LINE_MAX)
        return 0;
    text_printf(&text, "%016llx ", (unsigned long long)XXH3_64bits(data, size));
    text_add(&text, (const char *)data, size);
    if (text_ok(&text) && session_line_parse(text.bytes, text.len, &line) == 0) {
        check_round(&line);
        check_book(&line);
    }
    text_done(&text);
    return 0;
}
