#include "delivery/message.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <sodium.h>

#define VERSION 1

/* ---- its form ---- */

static bool is_id_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
}

bool message_id_is_good(const char *id)
{
    size_t len = 0;
    if (id == NULL || id[0] == '.')
        return false;
    while (id[len] != '\0' && len < MESSAGE_ID_MAX && is_id_byte(id[len]))
        len++;
    return len > 0 && len < MESSAGE_ID_MAX && id[len] == '\0';
}

static bool is_word(const char *word, size_t max)
{
    size_t len = 0;
    if (word == NULL)
        return false;
    while (len < max && word[len] != '.' && is_id_byte(word[len]))
        len++;
    return len > 0 && len < max && word[len] == '\0';
}

static bool is_file_name(const char *name)
{
    if (name == NULL || name[0] == '\0' || name[0] == '.' || strlen(name) >= MESSAGE_FILE_MAX)
        return false;
    for (const char *c = name; *c != '\0'; c++)
        if (*c == '/' || (unsigned char)*c < 0x20 || *c == 0x7f)
            return false;
    return true;
}

/* "text/csv; charset=utf-8": stands in a header as it is. */
static bool is_type(const char *type)
{
    if (type == NULL || strchr(type, '/') == NULL || strlen(type) > 100)
        return false;
    for (const char *c = type; *c != '\0'; c++)
        if (*c < 0x20 || *c > 0x7e)
            return false;
    return true;
}

static int check_files(const struct message *m)
{
    size_t bytes = strlen(m->text) + (m->html == NULL ? 0 : strlen(m->html));
    for (size_t i = 0; i < m->file_count; i++) {
        if (!is_file_name(m->files[i].name) || !is_type(m->files[i].type))
            return ERR_INVAL;
        bytes += m->files[i].len;
        if (bytes > MESSAGE_BYTES_MAX)
            return ERR_LIMIT;
    }
    return bytes > MESSAGE_BYTES_MAX ? ERR_LIMIT : 0;
}

int message_check(const struct message *m)
{
    if (!message_id_is_good(m->id) || !is_word(m->kind, 32) || m->subject == NULL || m->text == NULL ||
        (unsigned)m->severity > 7 || m->time_s < 0 || m->time_s > MESSAGE_TIME_MAX)
        return ERR_INVAL;
    if (m->file_count > MESSAGE_FILES_MAX || m->field_count > MESSAGE_FIELDS_MAX || strlen(m->subject) > 1000)
        return ERR_LIMIT;
    for (size_t i = 0; i < m->field_count; i++)
        if (!is_word(m->fields[i].name, 32) || m->fields[i].value == NULL)
            return ERR_INVAL;
    return check_files(m);
}

/* ---- to JSON ---- */

static void write_file(const struct message_file *file, struct text *out)
{
    size_t size = sodium_base64_ENCODED_LEN(file->len, sodium_base64_VARIANT_ORIGINAL);
    char *packed = malloc(size);
    text_printf(out, "{\"name\":");
    text_add_json(out, file->name);
    text_printf(out, ",\"type\":");
    text_add_json(out, file->type);
    text_printf(out, ",\"bytes\":\"");
    if (packed == NULL) {
        out->failed = true;
        return;
    }
    sodium_bin2base64(packed, size, (const unsigned char *)file->bytes, file->len, sodium_base64_VARIANT_ORIGINAL);
    text_add(out, packed, size - 1);
    text_printf(out, "\"}");
    free(packed);
}

void message_write(const struct message *m, struct text *out)
{
    text_printf(out, "{\"version\":%d,\"time\":%lld,\"severity\":%d", VERSION, (long long)m->time_s, (int)m->severity);
    text_add_json_member(out, "id", m->id);
    text_add_json_member(out, "kind", m->kind);
    text_add_json_member(out, "subject", m->subject);
    text_add_json_member(out, "text", m->text);
    if (m->html != NULL)
        text_add_json_member(out, "html", m->html);
    text_printf(out, ",\"fields\":[");
    for (size_t i = 0; i < m->field_count; i++) {
        text_printf(out, "%s{\"name\":", i == 0 ? "" : ",");
        text_add_json(out, m->fields[i].name);
        text_add_json_member(out, "value", m->fields[i].value);
        text_add(out, "}", 1);
    }
    text_printf(out, "],\"files\":[");
    for (size_t i = 0; i < m->file_count; i++) {
        text_add(out, ",", i > 0);
        write_file(&m->files[i], out);
    }
    text_printf(out, "]}\n");
}

/* ---- and back ---- */

static const char *string_in(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static int parse_file(const json_t *from, size_t i, struct message_read *out)
{
    const json_t *packed = json_object_get(from, "bytes");
    size_t packed_len = json_string_length(packed), len = 0;
    if (!json_is_string(packed))
        return ERR_MALFORMED;
    char *bytes = malloc(packed_len / 4 * 3 + 4);
    if (bytes == NULL)
        return ERR_NOMEM;
    out->file_bytes[i] = bytes;
    if (sodium_base642bin((unsigned char *)bytes, packed_len / 4 * 3 + 4, json_string_value(packed), packed_len, NULL,
                          &len, NULL, sodium_base64_VARIANT_ORIGINAL) < 0)
        return ERR_MALFORMED;
    out->files[i] = (struct message_file){
        .name = string_in(from, "name"), .type = string_in(from, "type"), .bytes = bytes, .len = len};
    return 0;
}

static int parse_lists(const json_t *tree, struct message_read *out)
{
    const json_t *fields = json_object_get(tree, "fields"), *files = json_object_get(tree, "files");
    size_t field_count = json_array_size(fields), file_count = json_array_size(files);
    if (field_count > MESSAGE_FIELDS_MAX || file_count > MESSAGE_FILES_MAX)
        return ERR_LIMIT;
    for (size_t i = 0; i < field_count; i++) {
        const json_t *field = json_array_get(fields, i);
        out->fields[i] = (struct message_field){.name = string_in(field, "name"), .value = string_in(field, "value")};
    }
    out->message.field_count = field_count;
    for (size_t i = 0; i < file_count; i++) {
        int err = parse_file(json_array_get(files, i), i, out);
        if (err < 0)
            return err;
        out->message.file_count = i + 1;
    }
    return 0;
}

static int parse_tree(const json_t *tree, struct message_read *out)
{
    json_int_t version = json_integer_value(json_object_get(tree, "version"));
    out->message =
        (struct message){.id = string_in(tree, "id"),
                         .time_s = json_integer_value(json_object_get(tree, "time")),
                         .kind = string_in(tree, "kind"),
                         .subject = string_in(tree, "subject"),
                         .text = string_in(tree, "text"),
                         .html = string_in(tree, "html"),
                         .severity = (enum message_severity)json_integer_value(json_object_get(tree, "severity")),
                         .files = out->files,
                         .fields = out->fields};
    if (version != VERSION)
        return ERR_MALFORMED;
    int err = parse_lists(tree, out);
    return err < 0 ? err : message_check(&out->message);
}

int message_parse(const char *bytes, size_t len, struct message_read *out)
{
    json_error_t error;
    memset(out, 0, sizeof *out);
    out->tree = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, &error);
    int err = out->tree == NULL ? ERR_MALFORMED : parse_tree(out->tree, out);
    if (err < 0)
        message_read_done(out);
    return err == ERR_INVAL ? ERR_MALFORMED : err;
}

void message_read_done(struct message_read *read)
{
    for (size_t i = 0; i < MESSAGE_FILES_MAX; i++)
        free(read->file_bytes[i]);
    json_decref(read->tree);
    memset(read, 0, sizeof *read);
}
