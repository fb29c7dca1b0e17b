/* One mail to one recipient by the school's mail server (RFC 5321), over libcurl. Threads: any; waits. */
#ifndef DELIVERY_SMTP_H
#define DELIVERY_SMTP_H

#include "delivery/deliver.h"

enum outcome smtp_send(const struct mail_opts *mail, const char *to, const struct message *message,
                       char why[DELIVER_WHY_MAX]);

#endif
