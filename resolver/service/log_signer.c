#include "service/log_signer.h"

#include "base/err.h"
#include "base/log.h"

void log_signer_tell(const struct qlog *log, const char *path)
{
    char id[SIGNING_ID_TEXT_MAX];
    bool made;
    int err;
    const struct signing_public *signer = qlog_signer(log, &made, &err);
    if (signer == NULL)
        log_error("the query log is not signed key=%s: %s", path, err_str(err));
    else if (err < 0)
        log_warning("the public half of the key that signs the query log can't be put beside it key=%s: %s", path,
                    err_str(err));
    else if (made)
        log_info("a new key signs the query log, keep a copy of its id elsewhere key=%s id=%s", path,
                 signing_id_to_text(signer->id, id));
}
