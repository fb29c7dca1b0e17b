#include "parcel/manifest.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <sodium.h>

static bool hash_from_text(const json_t *text, uint8_t out[IMPRINT_LEN])
{
    const char *hex = json_string_value(text);
    size_t len = 0;
    return hex != NULL && strlen(hex) == 2 * IMPRINT_LEN &&
           sodium_hex2bin(out, IMPRINT_LEN, hex, 2 * IMPRINT_LEN, NULL, &len, NULL) == 0 && len == IMPRINT_LEN;
}

/* A name that leads nowhere else. */
static bool name_is_plain(const char *name)
{
    return name != NULL && name[0] != '\0' && strlen(name) < PARCEL_NAME_MAX && strchr(name, '/') == NULL &&
           strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

static int file_parse(const json_t *object, struct manifest_file *out)
{
    const char *name = json_string_value(json_object_get(object, "name"));
    const json_t *bytes = json_object_get(object, "bytes");
    if (!name_is_plain(name) || !json_is_integer(bytes) || json_integer_value(bytes) < 0 ||
        !hash_from_text(json_object_get(object, "blake2b_256"), out->blake2b) ||
        !hash_from_text(json_object_get(object, "sha256"), out->sha256))
        return ERR_MALFORMED;
    strcpy(out->name, name);
    out->bytes = (uint64_t)json_integer_value(bytes);
    return 0;
}

static int files_parse(const json_t *list, struct manifest *out)
{
    size_t count = json_array_size(list);
    if (count == 0)
        return ERR_MALFORMED;
    if (count > PARCEL_FILES_MAX)
        return ERR_LIMIT;
    out->files = calloc(count, sizeof *out->files);
    if (out->files == NULL)
        return ERR_NOMEM;
    for (; out->file_count < count; out->file_count++) {
        struct manifest_file *file = &out->files[out->file_count];
        int code = file_parse(json_array_get(list, out->file_count), file);
        if (code == 0 && manifest_find(out, file->name) != NULL)
            code = ERR_MALFORMED;
        if (code < 0)
            return code;
    }
    return 0;
}

int manifest_parse(const char *json, size_t len, struct manifest *out)
{
    struct manifest manifest = {.files = NULL};
    json_t *root = len > MANIFEST_MAX ? NULL : json_loadb(json, len, JSON_REJECT_DUPLICATES, NULL);
    int code = files_parse(json_object_get(json_object_get(root, "manifest"), "files"), &manifest);
    json_decref(root);
    if (code < 0)
        manifest_done(&manifest);
    else
        *out = manifest;
    return code;
}

void manifest_done(struct manifest *manifest)
{
    free(manifest->files);
    *manifest = (struct manifest){.files = NULL};
}

const struct manifest_file *manifest_find(const struct manifest *manifest, const char *name)
{
    for (size_t i = 0; i < manifest->file_count; i++)
        if (strcmp(manifest->files[i].name, name) == 0)
            return &manifest->files[i];
    return NULL;
}
