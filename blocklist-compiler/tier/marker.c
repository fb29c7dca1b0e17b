#include "tier/marker.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "belisha/statutory_format.h"
#include "tier/files.h"

#define MARKER_MAX     (1u << 20)
#define MARKER_VERSION 1

static int load_one(const char *folder, const char *name, struct json_t **out)
{
    uint8_t *bytes;
    size_t len;
    int err = files_read(folder, name, MARKER_MAX, &bytes, &len);
    if (err < 0)
        return err;
    json_t *root = json_loadb((const char *)bytes, len, 0, NULL);
    free(bytes);
    if (json_integer_value(json_object_get(root, "version")) != MARKER_VERSION ||
        !json_is_array(json_object_get(root, "feeds"))) {
        json_decref(root);
        return ERR_DAMAGED;
    }
    *out = root;
    return 0;
}

/* Either copy is enough: one that was lost or damaged is written anew from the other. */
int marker_load(struct marker *marker, const char *folder, const char *tier_folder)
{
    *marker = (struct marker){NULL};
    int err = load_one(tier_folder, STATUTORY_MARKER_FILE, &marker->root);
    if (err == 0)
        return 0;
    int other = load_one(folder, STATUTORY_MARKER_COPY, &marker->root);
    if (other == 0)
        return 0;
    return err != ERR_NOENT ? err : other == ERR_NOENT ? 0 : other;
}

void marker_done(struct marker *marker)
{
    json_decref(marker->root);
    marker->root = NULL;
}

static json_t *feeds_of(const struct marker *marker)
{
    return json_object_get(marker->root, "feeds");
}

size_t marker_count(const struct marker *marker)
{
    return json_array_size(feeds_of(marker));
}

const char *marker_feed(const struct marker *marker, size_t index)
{
    const char *name = json_string_value(json_object_get(json_array_get(feeds_of(marker), index), "name"));
    return name == NULL ? "" : name;
}

static json_t *find(const struct marker *marker, const char *feed)
{
    for (size_t i = 0; i < marker_count(marker); i++)
        if (strcmp(marker_feed(marker, i), feed) == 0)
            return json_array_get(feeds_of(marker), i);
    return NULL;
}

bool marker_has(const struct marker *marker, const char *feed)
{
    return find(marker, feed) != NULL;
}

static json_t *test_hosts(const struct recipe_feed *feed)
{
    json_t *hosts = json_array();
    for (size_t i = 0; i < feed->test_host_count; i++)
        json_array_append_new(hosts, json_string(feed->test_hosts[i]));
    return hosts;
}

int marker_set(struct marker *marker, const struct recipe_feed *feed, int64_t now_s)
{
    if (marker->root == NULL)
        marker->root = json_pack("{si s[]}", "version", MARKER_VERSION, "feeds");
    json_t *row = find(marker, feed->name);
    if (row == NULL) {
        row = json_pack("{ss sI}", "name", feed->name, "since_s", (json_int_t)now_s);
        if (json_array_append_new(feeds_of(marker), row) < 0)
            return ERR_NOMEM;
    }
    json_t *said = json_pack("{ss ss ss sI so}", "body", recipe_body_names[feed->statutory->body], "membership",
                             feed->statutory->membership, "licence", feed->licence, "max_age_s",
                             (json_int_t)feed->statutory->max_age_s, "test_hosts", test_hosts(feed));
    int code = said == NULL ? -1 : json_object_update(row, said);
    json_decref(said);
    return code < 0 ? ERR_NOMEM : 0;
}

int marker_save(const struct marker *marker, const char *folder, const char *tier_folder)
{
    char *text = json_dumps(marker->root, JSON_INDENT(2));
    if (text == NULL)
        return ERR_NOMEM;
    int err = files_replace(tier_folder, STATUTORY_MARKER_FILE, 0640, text, strlen(text));
    if (err == 0)
        err = files_replace(folder, STATUTORY_MARKER_COPY, 0644, text, strlen(text));
    free(text);
    return err;
}
