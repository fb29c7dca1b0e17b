/* words.json as found on disk, and the same words in a block: what is read can be written and is read again the same. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "qlog/texts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int dir_fd = -1;
static char dir[] = "/tmp/belisha-words-XXXXXX";

static void dir_remove(void)
{
    unlinkat(dir_fd, TEXTS_FILE, 0);
    (void)rmdir(dir);
}

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void file_write(const uint8_t *data, size_t size)
{
    int fd = openat(dir_fd, TEXTS_FILE, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    must(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    close(fd);
}

static void check_words(const struct texts *texts)
{
    for (uint32_t i = 0; i < texts->keys.count; i++) {
        size_t len;
        const void *word = dict_at(&texts->words, texts->word_of[i], &len);
        must(len >= 1 && len <= TEXTS_LEN_MAX + 1 && strlen(word) == len - 1);
    }
}

/* Both forms hold all that is known, with the same words. */
static void check_again(const struct texts *texts)
{
    struct texts again = {0};
    struct text bytes = {.max = 1u << 24};
    texts_write(texts, &bytes);
    must(text_ok(&bytes) && texts_parse(&again, (const uint8_t *)bytes.bytes, bytes.len) == 0);
    must(again.keys.count == texts->keys.count);
    texts_done(&again);
    if (texts_save(texts, dir_fd) == 0)
        must(texts_load(&again, dir_fd) == 0 && again.keys.count == texts->keys.count);
    check_words(&again);
    texts_done(&again);
    text_done(&bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct texts texts = {0};
    if (dir_fd < 0) {
        must(mkdtemp(dir) != NULL);
        dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        (void)atexit(dir_remove);
    }
    file_write(data, size);
    if (texts_load(&texts, dir_fd) == 0)
        check_again(&texts);
    check_words(&texts);
    texts_clear(&texts);
    if (texts_parse(&texts, data, size) == 0)
        check_words(&texts);
    texts_done(&texts);
    return 0;
}
