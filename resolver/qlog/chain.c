#include "qlog/chain.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "base/file.h"
#include "qlog/segment_list.h"

#define TEMPORARY      CHAIN_FILE ".tmp"
#define CHAIN_LINE_MAX (20 + 1 + 2 * QLOG_HASH_LEN + 2)

void chain_noted(int dir_fd, struct chain *out)
{
    char line[CHAIN_LINE_MAX + 1] = "";
    char *end;
    struct chain chain;
    size_t hash_len;
    *out = (struct chain){0};
    int fd = openat(dir_fd, CHAIN_FILE, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? -1 : read(fd, line, CHAIN_LINE_MAX);
    if (fd >= 0)
        close(fd);
    if (len <= 0)
        return;
    chain.sequence = strtoull(line, &end, 10);
    if (*end == ' ' &&
        sodium_hex2bin(chain.hash, sizeof chain.hash, end + 1, strcspn(end + 1, "\n"), NULL, &hash_len, NULL) == 0 &&
        hash_len == sizeof chain.hash)
        *out = chain;
}

int chain_load(int dir_fd, struct chain *out)
{
    struct chain chain;
    struct segment_list list;
    int code = segment_list(dir_fd, &list);
    if (code < 0)
        return code;
    chain_noted(dir_fd, &chain);
    for (size_t i = list.count; i > 0 && list.files[i - 1].sequence > chain.sequence; i--) {
        struct segment *segment;
        if (segment_open(dir_fd, list.files[i - 1].file, &segment) < 0)
            continue;
        struct chain end = {.sequence = segment->header.sequence};
        bool whole = segment_chain_end(segment, end.hash) == 0;
        if (whole)
            chain = end;
        segment_close(segment);
        if (whole)
            break;
    }
    /* A number is never given twice, even when the newest segment could not be read. */
    if (list.count > 0 && list.files[list.count - 1].sequence > chain.sequence)
        chain.sequence = list.files[list.count - 1].sequence;
    segment_list_done(&list);
    *out = chain;
    return 0;
}

int chain_save(int dir_fd, const struct chain *chain)
{
    char hex[2 * QLOG_HASH_LEN + 1];
    char line[CHAIN_LINE_MAX + 1];
    sodium_bin2hex(hex, sizeof hex, chain->hash, sizeof chain->hash);
    int len = snprintf(line, sizeof line, "%" PRIu64 " %s\n", chain->sequence, hex);
    return file_save_at(dir_fd, CHAIN_FILE, TEMPORARY, line, (size_t)len, 0640);
}
