#include "qlog/texts.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "base/file.h"

#define TEMPORARY TEXTS_FILE ".tmp"
#define FILE_MAX  ((size_t)16 << 20) /* bytes of words.json */

/* What a key is stored as: one byte, eight, two. */
#define KEY_LEN 11u

static void key_pack(const struct texts_key *key, uint8_t out[KEY_LEN])
{
    out[0] = (uint8_t)key->kind;
    memcpy(out + 1, &key->version, 8);
    memcpy(out + 9, &key->number, 2);
}

static struct texts_key key_unpack(const uint8_t in[KEY_LEN])
{
    struct texts_key key = {.kind = in[0]};
    memcpy(&key.version, in + 1, 8);
    memcpy(&key.number, in + 9, 2);
    return key;
}

static const char *word_at(const struct texts *texts, uint32_t key_number)
{
    size_t len;
    return (const char *)dict_at(&texts->words, texts->word_of[key_number], &len);
}

const char *texts_find(const struct texts *texts, const struct texts_key *key)
{
    uint8_t packed[KEY_LEN];
    key_pack(key, packed);
    int64_t number = dict_find(&texts->keys, packed, KEY_LEN);
    return number < 0 ? NULL : word_at(texts, (uint32_t)number);
}

static int word_room(struct texts *texts)
{
    if (texts->keys.count < texts->word_of_cap)
        return 0;
    size_t cap = texts->word_of_cap * 2 + 32;
    uint32_t *word_of = realloc(texts->word_of, cap * sizeof *word_of);
    if (word_of == NULL)
        return ERR_NOMEM;
    texts->word_of = word_of;
    texts->word_of_cap = cap;
    return 0;
}

static int packed_put(struct texts *texts, const uint8_t packed[KEY_LEN], const char *word, size_t len)
{
    char copy[TEXTS_LEN_MAX + 1];
    if (dict_find(&texts->keys, packed, KEY_LEN) >= 0)
        return 0;
    if (word_room(texts) < 0)
        return ERR_NOMEM;
    len = strnlen(word, len);
    memcpy(copy, word, len);
    copy[len] = '\0';
    int64_t word_number = dict_put(&texts->words, copy, len + 1);
    int64_t key_number = word_number < 0 ? word_number : dict_put(&texts->keys, packed, KEY_LEN);
    if (key_number < 0)
        return ERR_NOMEM;
    texts->word_of[key_number] = (uint32_t)word_number;
    return 0;
}

int texts_put(struct texts *texts, const struct texts_key *key, const char *word)
{
    uint8_t packed[KEY_LEN];
    key_pack(key, packed);
    return packed_put(texts, packed, word, TEXTS_LEN_MAX);
}

const char *texts_want(struct texts *texts, const struct texts_key *key)
{
    char digits[8];
    const char *word = texts_find(texts, key);
    if (word != NULL)
        return word;
    snprintf(digits, sizeof digits, "%u", key->number);
    return texts_put(texts, key, digits) < 0 ? NULL : texts_find(texts, key);
}

int texts_set(struct texts *texts, const struct texts_key *key, const char *word)
{
    uint8_t packed[KEY_LEN];
    char copy[TEXTS_LEN_MAX + 1];
    key_pack(key, packed);
    int64_t number = dict_find(&texts->keys, packed, KEY_LEN);
    if (number < 0)
        return packed_put(texts, packed, word, TEXTS_LEN_MAX);
    int len = snprintf(copy, sizeof copy, "%s", word);
    int64_t word_number = dict_put(&texts->words, copy, (len < TEXTS_LEN_MAX ? (size_t)len : TEXTS_LEN_MAX) + 1);
    if (word_number < 0)
        return ERR_NOMEM;
    texts->word_of[number] = (uint32_t)word_number;
    return 0;
}

bool texts_agree(const struct texts *a, const struct texts *b)
{
    for (uint32_t i = 0; i < b->keys.count; i++) {
        int64_t number = dict_find(&a->keys, b->keys.bytes + i * KEY_LEN, KEY_LEN);
        if (number >= 0 && strcmp(word_at(a, (uint32_t)number), word_at(b, i)) != 0)
            return false;
    }
    return true;
}

void texts_clear(struct texts *texts)
{
    dict_clear(&texts->keys);
    dict_clear(&texts->words);
}

void texts_done(struct texts *texts)
{
    dict_done(&texts->keys);
    dict_done(&texts->words);
    free(texts->word_of);
    *texts = (struct texts){0};
}

/* ---- in a block: key, one byte of length, the word; again and again ---- */

void texts_write(const struct texts *texts, struct text *out)
{
    for (uint32_t i = 0; i < texts->keys.count; i++) {
        const char *word = word_at(texts, i);
        uint8_t len = (uint8_t)strlen(word);
        text_add(out, (const char *)texts->keys.bytes + i * KEY_LEN, KEY_LEN);
        text_add(out, (const char *)&len, 1);
        text_add(out, word, len);
    }
}

int texts_parse(struct texts *texts, const uint8_t *bytes, size_t len)
{
    while (len > 0) {
        if (len < KEY_LEN + 1 || len - KEY_LEN - 1 < bytes[KEY_LEN])
            return ERR_DAMAGED;
        size_t word_len = bytes[KEY_LEN];
        int code = packed_put(texts, bytes, (const char *)bytes + KEY_LEN + 1, word_len);
        if (code < 0)
            return code;
        bytes += KEY_LEN + 1 + word_len;
        len -= KEY_LEN + 1 + word_len;
    }
    return 0;
}

/* ---- words.json: [{"kind":1,"version":7,"number":3,"word":"pupils"}, ...] ---- */

static void json_write(const struct texts *texts, struct text *out)
{
    text_add(out, "[", 1);
    for (uint32_t i = 0; i < texts->keys.count; i++) {
        struct texts_key key = key_unpack(texts->keys.bytes + i * KEY_LEN);
        text_printf(out, "%s\n{\"kind\":%d,\"version\":%llu,\"number\":%u,\"word\":", i == 0 ? "" : ",", (int)key.kind,
                    (unsigned long long)key.version, key.number);
        text_add_json(out, word_at(texts, i));
        text_add(out, "}", 1);
    }
    text_add(out, "\n]\n", 3);
}

int texts_save(const struct texts *texts, int dir_fd)
{
    struct text json = {.max = FILE_MAX};
    json_write(texts, &json);
    int code = text_ok(&json) ? file_save_at(dir_fd, TEXTS_FILE, TEMPORARY, json.bytes, json.len, 0640) : ERR_NOMEM;
    text_done(&json);
    return code;
}

static int json_put(struct texts *texts, json_t *entry)
{
    int kind;
    int number;
    json_int_t version;
    const char *word;
    if (json_unpack(entry, "{s:i, s:I, s:i, s:s}", "kind", &kind, "version", &version, "number", &number, "word",
                    &word) < 0)
        return ERR_DAMAGED;
    struct texts_key key = {.kind = (enum texts_kind)kind, .version = (uint64_t)version, .number = (uint16_t)number};
    return texts_put(texts, &key, word);
}

int texts_load(struct texts *texts, int dir_fd)
{
    json_error_t error;
    size_t i;
    json_t *entry;
    int code = 0;
    int fd = openat(dir_fd, TEXTS_FILE, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    json_t *root = json_loadfd(fd, 0, &error);
    close(fd);
    json_array_foreach(root, i, entry)
    {
        code = json_put(texts, entry);
        if (code < 0)
            break;
    }
    if (!json_is_array(root))
        code = ERR_DAMAGED;
    json_decref(root);
    return code;
}
