/* Lines of the docket, and requests for one: whatever they are, what is read can be written and reads back the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "decision/decision.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_round(const struct decision_line *line)
{
    struct text text = {0};
    struct decision_line again;
    decision_line_write(line, &text);
    if (!text_ok(&text) || decision_line_parse(text.bytes, text.len - 1, &again) < 0)
        abort();
    if (again.op != line->op || again.next != line->next || again.decision.id != line->decision.id ||
        !name_equal(again.decision.name, line->decision.name) || again.decision.until_s != line->decision.until_s)
        abort();
    text_done(&text);
}

static void check_request(const struct decision_request *request)
{
    struct text text = {0};
    struct decision_request again;
    decision_request_write(request, &text);
    if (!text_ok(&text) || decision_request_parse(text.bytes, text.len, &again) < 0 || again.op != request->op ||
        again.for_s != request->for_s || !name_equal(again.decision.name, request->decision.name))
        abort();
    text_done(&text);
}

/* Once as it is, and once with the right checksum in front, which no fuzzer guesses. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct decision_line line;
    struct decision_request request;
    struct text text = {0};
    if (decision_line_parse((const char *)data, size, &line) == 0)
        check_round(&line);
    if (decision_request_parse((const char *)data, size, &request) == 0)
        check_request(&request);
    if (size > DECISION_LINE_MAX)
        return 0;
    text_printf(&text, "%016llx ", (unsigned long long)XXH3_64bits(data, size));
    text_add(&text, (const char *)data, size);
    if (text_ok(&text) && decision_line_parse(text.bytes, text.len, &line) == 0)
        check_round(&line);
    text_done(&text);
    return 0;
}
