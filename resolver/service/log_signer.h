/* What whoever looks after this machine is told of the key that signs the query log. Threads: the manager's. */
#ifndef SERVICE_LOG_SIGNER_H
#define SERVICE_LOG_SIGNER_H

#include "qlog/writer.h"

/* path: of the private key. */
void log_signer_tell(const struct qlog *log, const char *path);

#endif
