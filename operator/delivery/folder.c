#include "delivery/folder.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/outfile.h"

static int put_file(const char *folder, const char *name, const char *bytes, size_t len)
{
    char path[OUTFILE_PATH_MAX];
    if ((size_t)snprintf(path, sizeof path, "%s/%s", folder, name) >= sizeof path)
        return ERR_LIMIT;
    return outfile_save(path, bytes, len, 0640);
}

static int put_all(const char *folder, const struct message *m)
{
    char name[MESSAGE_ID_MAX + 8];
    const char *said = m->html == NULL ? m->text : m->html;
    int err = 0;
    for (size_t i = 0; i < m->file_count && err == 0; i++)
        err = put_file(folder, m->files[i].name, m->files[i].bytes, m->files[i].len);
    if (m->file_count > 0)
        return err;
    snprintf(name, sizeof name, "%s.%s", m->id, m->html == NULL ? "txt" : "html");
    return put_file(folder, name, said, strlen(said));
}

enum outcome folder_put(const char *folder, const struct message *message, char why[DELIVER_WHY_MAX])
{
    int err = put_all(folder, message);
    if (err == 0)
        return OUTCOME_SENT;
    snprintf(why, DELIVER_WHY_MAX, "%.200s: %s", folder, err_str(err));
    return OUTCOME_DOWN; /* a disk is mended, a folder is made */
}
