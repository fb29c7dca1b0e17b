#include "config/written.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

char written_message[4096];

struct config *written_load(const char *text)
{
    char path[] = "/tmp/belisha-config-XXXXXX";
    struct config_errors errors = {0};
    struct config *config = NULL;
    const char *const files[] = {path};
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    int rc = config_load(files, 1, &config, &errors);
    unlink(path);
    written_message[0] = '\0';
    for (size_t i = 0; i < errors.count; i++)
        strncat(written_message, errors.text[i], sizeof written_message - strlen(written_message) - 1);
    config_errors_done(&errors);
    return rc == 0 ? config : NULL;
}
