#include "support/statutory_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "publish/statutory_file.h"

#define PATH_LEN 300

static const uint8_t key[STATUTORY_KEY_LEN];

static void must(int err, const char *what)
{
    if (err >= 0)
        return;
    fprintf(stderr, "statutory list: %s (%d)\n", what, err);
    exit(2);
}

static void add(struct statutory_file *file, const char *host)
{
    uint8_t name[NAME_MAX_LEN];
    struct name_key host_key;
    unsigned scope = host[0] == '='   ? STATUTORY_SELF
                     : host[0] == '*' ? STATUTORY_BELOW
                                      : STATUTORY_SELF | STATUTORY_BELOW;
    host += scope != (STATUTORY_SELF | STATUTORY_BELOW);
    must(name_from_text(host, strlen(host), name), host);
    name_key_make(name, &host_key);
    statutory_file_add(file, &host_key, scope);
}

void statutory_list_write(const char *folder, const char *name, const char *const hosts[], size_t count,
                          uint64_t generation)
{
    char path[PATH_LEN], why[256] = "";
    struct statutory_file file;
    struct statutory_feed_record feed = {
        .name = "test", .body = "other", .max_age_s = 172800, .fetched_s = 1790000000, .hosts = count};
    (void)snprintf(path, sizeof path, "%s/%s", folder, STATUTORY_KEY_FILE);
    FILE *to = fopen(path, "we");
    must(to == NULL || fwrite(key, 1, sizeof key, to) != sizeof key || fclose(to) != 0 ? -1 : 0, "key");
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    statutory_file_init(&file, key);
    statutory_file_add_feed(&file, &feed);
    for (size_t i = 0; i < count; i++)
        add(&file, hosts[i]);
    must(statutory_file_write(&file, path, generation, 1790000000, why, sizeof why), why);
    statutory_file_done(&file);
}

struct statutory *statutory_list(const char *const hosts[], size_t count, uint64_t generation)
{
    char folder[] = "/tmp/belisha-statutory-XXXXXX", path[PATH_LEN], why[256] = "";
    struct statutory *list = NULL;
    must(mkdtemp(folder) == NULL ? -1 : 0, "folder");
    statutory_list_write(folder, "list.mdb", hosts, count, generation);
    (void)snprintf(path, sizeof path, "%s/list.mdb", folder);
    must(statutory_open(path, &list, why, sizeof why), why);
    (void)unlink(path);
    (void)snprintf(path, sizeof path, "%s/%s", folder, STATUTORY_KEY_FILE);
    (void)unlink(path);
    (void)rmdir(folder);
    return list;
}
