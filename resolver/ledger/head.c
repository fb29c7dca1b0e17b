#include "ledger/head.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "base/outfile.h"

#define MODE       0640
#define WORD_COUNT 6

static int signature_from_hex(const char *text, uint8_t out[SIGNING_SIGNATURE_LEN])
{
    size_t len = 0;
    bool fine = sodium_hex2bin(out, SIGNING_SIGNATURE_LEN, text, strlen(text), NULL, &len, NULL) == 0 &&
                len == SIGNING_SIGNATURE_LEN;
    return fine ? 0 : ERR_DAMAGED;
}

/* What is signed, and what stands before the signature in the file. Returns its length. */
static int words_of(const struct head *head, char out[HEAD_LINE_MAX])
{
    char hex[ENTRY_HEX_LEN];
    entry_hash_to_hex(head->hash, hex);
    return snprintf(out, HEAD_LINE_MAX, "belisha ledger head %" PRIu64 " %s", head->number, hex);
}

bool head_is_by(const struct head *head, const struct signing_public *public)
{
    char words[HEAD_LINE_MAX];
    int len = words_of(head, words);
    return head->is_signed && signing_public_verify(public, words, (size_t)len, head->signature);
}

static int parse_line(char *line, struct head *out)
{
    static const char *const words[] = {"belisha", "ledger", "head"};
    const char *word[WORD_COUNT];
    char *rest = line, *end;
    for (size_t i = 0; i < WORD_COUNT; i++)
        if ((word[i] = strsep(&rest, " ")) == NULL || (i < 3 && strcmp(word[i], words[i]) != 0))
            return ERR_DAMAGED;
    if (rest != NULL || word[3][0] < '0' || word[3][0] > '9')
        return ERR_DAMAGED;
    errno = 0;
    out->number = strtoull(word[3], &end, 10);
    if (*end != '\0' || errno != 0 || out->number > INT64_MAX)
        return ERR_DAMAGED;
    out->is_signed = strcmp(word[5], "-") != 0;
    if (out->is_signed && signature_from_hex(word[5], out->signature) < 0)
        return ERR_DAMAGED;
    return entry_hash_from_hex(word[4], out->hash) < 0 ? ERR_DAMAGED : 0;
}

int head_parse(const char *bytes, size_t len, struct head *out)
{
    char line[HEAD_LINE_MAX];
    struct head head;
    if (len == 0 || len > sizeof line || bytes[len - 1] != '\n' || memchr(bytes, '\0', len) != NULL)
        return ERR_DAMAGED;
    memcpy(line, bytes, len);
    line[len - 1] = '\0';
    int err = parse_line(line, &head);
    if (err == 0)
        *out = head;
    return err;
}

int head_read(const char *path, struct head *out)
{
    char bytes[HEAD_LINE_MAX + 1];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT || errno == EACCES ? -errno : ERR_IO;
    ssize_t len = read(fd, bytes, sizeof bytes);
    close(fd);
    return len < 0 ? ERR_IO : head_parse(bytes, (size_t)len, out);
}

int head_write(const char *path, const struct head *head, const struct signing_key *key)
{
    char words[HEAD_LINE_MAX], hex[2 * SIGNING_SIGNATURE_LEN + 1] = "-";
    uint8_t signature[SIGNING_SIGNATURE_LEN];
    struct outfile file;
    int len = words_of(head, words);
    if (key != NULL) {
        signing_key_sign(key, words, (size_t)len, signature);
        sodium_bin2hex(hex, sizeof hex, signature, sizeof signature);
    }
    int err = outfile_open(&file, path, MODE);
    if (err < 0)
        return err;
    if (fprintf(file.file, "%s %s\n", words, hex) < 0) {
        outfile_abort(&file);
        return ERR_NOSPACE;
    }
    return outfile_commit(&file);
}
