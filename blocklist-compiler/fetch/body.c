#include "fetch/body.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define HEAD_MAX 4096 /* bytes of blanks and comments before which a page must say what it is */

static bool begins_with(const char *text, const char *word)
{
    return strncasecmp(text, word, strlen(word)) == 0;
}

/* Past a byte order mark and blanks. */
static const char *first_word(const char *text)
{
    if (strncmp(text, "\xef\xbb\xbf", 3) == 0)
        text += 3;
    while (isspace((unsigned char)*text))
        text++;
    return text;
}

static bool is_page(const char *text)
{
    static const char *const words[] = {"<!doctype html", "<html", "<head", "<body", "<?xml"};
    text = first_word(text);
    /* Comments may stand before the first tag. */
    while (begins_with(text, "<!--")) {
        const char *end = strstr(text, "-->");
        if (end == NULL)
            return true;
        text = first_word(end + 3);
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (begins_with(text, words[i]))
            return true;
    }
    return false;
}

static bool is_page_type(const char *content_type)
{
    return begins_with(content_type, "text/html") || begins_with(content_type, "application/xhtml");
}

static int fail(const char *sentence, char why[BODY_WHY_MAX])
{
    snprintf(why, BODY_WHY_MAX, "%s", sentence);
    return ERR_MALFORMED;
}

int body_check(const char *path, const char *content_type, char why[BODY_WHY_MAX])
{
    char head[HEAD_MAX + 1];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, head, HEAD_MAX);
    if (got < 0) {
        int err = errno == ENOENT ? ERR_NOENT : errno == EACCES ? ERR_ACCESS : ERR_IO;
        snprintf(why, BODY_WHY_MAX, "could not be read: %s", strerror(errno));
        if (fd >= 0)
            close(fd);
        return err;
    }
    close(fd);
    head[got] = '\0';
    if (got == 0 && content_type == NULL)
        return 0;
    if (got == 0)
        return fail("empty: not a single byte", why);
    if (is_page(head) || (content_type != NULL && is_page_type(content_type)))
        return fail("a web page instead of a list", why);
    return 0;
}
