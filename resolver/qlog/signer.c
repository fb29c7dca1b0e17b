#include "qlog/signer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

#define TEMPORARY "key.tmp"

char *signer_file(const uint8_t id[SIGNING_ID_LEN], char out[SIGNER_FILE_MAX])
{
    char text[SIGNING_ID_TEXT_MAX];
    snprintf(out, SIGNER_FILE_MAX, "key-%s.pem", signing_id_to_text(id, text));
    return out;
}

static bool public_is_there(const struct signing_public *public, int dir_fd)
{
    char file[SIGNER_FILE_MAX];
    struct signing_public there;
    return signing_public_load(dir_fd, signer_file(public->id, file), &there) == 0 &&
           memcmp(there.id, public->id, sizeof there.id) == 0;
}

/* A file of that name has that key in it, or a reader says that it has not. */
static int public_put(const struct signing_public *public, int dir_fd)
{
    char file[SIGNER_FILE_MAX];
    struct text pem = {0};
    signing_public_write(public, &pem);
    signer_file(public->id, file);
    int err = text_ok(&pem) ? file_save_at(dir_fd, file, TEMPORARY, pem.bytes, pem.len, 0640) : ERR_NOMEM;
    text_done(&pem);
    return err;
}

void signer_open(struct signer *signer, const char *path, int dir_fd)
{
    *signer = (struct signer){0};
    if (path == NULL)
        return;
    signer->err = signing_key_open(path, &signer->key, &signer->made);
    signer->ready = signer->err == 0;
    signer_show(signer, dir_fd);
}

void signer_show(struct signer *signer, int dir_fd)
{
    if (!signer->ready)
        return;
    signer->err = public_is_there(&signer->key.public, dir_fd) ? 0 : public_put(&signer->key.public, dir_fd);
}

void signer_done(struct signer *signer)
{
    signing_key_done(&signer->key);
    signer->ready = false;
}

const struct signing_key *signer_key(const struct signer *signer)
{
    return signer->ready ? &signer->key : NULL;
}
