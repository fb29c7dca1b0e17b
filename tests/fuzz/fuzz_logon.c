/* Bodies of the local API: whatever is said gets an answer in JSON, and changes nothing unless that says so. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "session/logon.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(struct session_book *book, enum logon_op op, const uint8_t *data, size_t size)
{
    static const struct logon_limits limits = {.ttl_s = 60, .ttl_max_s = 600};
    static const struct speaker speaker = {.origin = "token/x"};
    struct ipaddr peer = ipaddr_from_v4((const uint8_t[]){10, 0, 0, 1});
    struct logon_answer answer = {0};
    const struct logon_call call = {.op = op,
                                    .speaker = &speaker,
                                    .peer = &peer,
                                    .body = (const char *)data,
                                    .body_len = size,
                                    .now_s = 1795913000};
    size_t before = session_book_lasting(book, SESSION_LOGON);
    logon_take(book, &limits, &call, &answer);
    json_t *said = text_ok(&answer.body) ? json_loadb(answer.body.bytes, answer.body.len, 0, NULL) : NULL;
    if (!json_is_object(said) || answer.status < 200 ||
        (answer.status >= 300 && session_book_lasting(book, SESSION_LOGON) != before))
        abort();
    json_decref(said);
    text_done(&answer.body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct session_book_opts opts = {.sessions_max = 4, .seed = 1};
    struct session_book *book;
    if (session_book_new(&opts, &book) < 0)
        abort();
    ask(book, LOGON_ON, data, size);
    ask(book, LOGON_LIST, data, size);
    ask(book, LOGON_OFF, data, size);
    session_book_free(book);
    return 0;
}
