/*
 * Who asked leaves the machine encrypted only, unless somebody says otherwise and why; the ledger keeps that. What is
 * shown at a terminal does not leave.
 *
 *     a file (-o)                    --zip, --without-identities, or --plain with --reason
 *     standard output, a terminal    as it is
 *     standard output, anything else as a file; where no operators are configured yet, as it is
 *
 * Threads: one.
 */
#ifndef OPERATOR_LOG_LEAVING_H
#define OPERATOR_LOG_LEAVING_H

#include <stdio.h>

#include "operator/log_options.h"
#include "parcel/passphrase.h"
#include "roles/roles.h"

/* NULL: it may leave like this; or what would be right, a sentence without a full stop. out: standard output. */
const char *log_leaving_wrong(const struct log_options *options, const struct roles *roles, FILE *out);

/* The zip's password, from where the options say: a file, typed, or made and shown. NULL; or what is wrong. */
const char *log_leaving_password(const struct log_options *options, char out[PASSPHRASE_MAX]);

#endif
