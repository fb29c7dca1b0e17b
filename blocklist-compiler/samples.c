#include "blocklist-compiler/samples.h"

#include <stdlib.h>
#include <string.h>

#include "dns/name.h"

static int add_protected(struct samples *samples, const char *text)
{
    uint8_t *name = malloc(NAME_MAX_LEN);
    if (name == NULL)
        return ERR_NOMEM;
    if (name_from_text(text, strlen(text), name) < 0) {
        free(name);
        return 0;
    }
    samples->protected_names[samples->protected_count++] = name;
    return 0;
}

int samples_init(struct samples *samples, const struct guard *guard)
{
    size_t count = guard_name_count(guard);
    int err = 0;
    memset(samples, 0, sizeof *samples);
    samples->protected_names = calloc(count + 1, sizeof *samples->protected_names);
    if (samples->protected_names == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < count && err == 0; i++)
        err = add_protected(samples, guard_name(guard, i, NULL));
    return err;
}

static void free_names(const uint8_t *name)
{
    free((void *)(uintptr_t)name);
}

void samples_done(struct samples *samples)
{
    for (size_t i = 0; i < samples->count; i++)
        free_names(samples->rows[i].name);
    for (size_t i = 0; i < samples->protected_count; i++)
        free_names(samples->protected_names[i]);
    free(samples->rows);
    free(samples->protected_names);
    memset(samples, 0, sizeof *samples);
}

static int grow(struct samples *samples)
{
    size_t cap = samples->cap == 0 ? SAMPLES_PER_FEED : samples->cap * 2;
    if (samples->count < samples->cap)
        return 0;
    struct publish_sample *rows = reallocarray(samples->rows, cap, sizeof *rows);
    if (rows == NULL)
        return ERR_NOMEM;
    samples->rows = rows;
    samples->cap = cap;
    return 0;
}

int samples_add(struct samples *samples, const struct name_key *key, bool below, uint64_t categories)
{
    static const uint8_t label[] = {1, 'x'};
    uint8_t name[NAME_MAX_LEN + sizeof label];
    size_t label_len = below ? sizeof label : 0;
    int len = name_key_to_name(key->bytes, key->len, name + label_len);
    if (len < 0 || label_len + (size_t)len > NAME_MAX_LEN)
        return 0; /* nothing below fits: no sample */
    memcpy(name, label, label_len);
    int err = grow(samples);
    uint8_t *copy = err < 0 ? NULL : malloc(label_len + (size_t)len);
    if (copy == NULL)
        return ERR_NOMEM;
    memcpy(copy, name, label_len + (size_t)len);
    samples->rows[samples->count++] = (struct publish_sample){copy, categories};
    return 0;
}
