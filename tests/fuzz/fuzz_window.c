/* Any text as times of the week: windows that open on some day, or a word that is pointed at. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "policy/window.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct window nine = {9 * 3600, 10 * 3600, 0x1f};
    static const struct window_lesson lesson = {"p1", &nine, 1};
    struct window windows[WINDOWS_MAX];
    struct window_fault fault;
    char text[256];
    if (size >= sizeof text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    int count = window_parse(text, &lesson, 1, windows, &fault);
    if (count == ERR_MALFORMED && (fault.want == NULL || fault.at + fault.len > strlen(text)))
        abort();
    if (count == 0)
        abort();
    for (int i = 0; i < count; i++)
        if (windows[i].days == 0 || windows[i].from_s >= 86400 || windows[i].to_s > 86400)
            abort();
    return 0;
}
