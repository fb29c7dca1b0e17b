/* A sheet's files in one ZIP file with AES-256, for mail (parcel/parcel.h). Threads: one. */
#ifndef OPERATOR_REPORT_ZIP_H
#define OPERATOR_REPORT_ZIP_H

#include "operator/report_files.h"

/*
 * Writes it beside the page; its path to out, which begins as "". What is wrong with the passphrase is said.
 * ERR_CONFIG, errors of parcel_open().
 */
ERR_CHECKED int report_zip_write(const struct operator_env *env, const struct report_files *files, int64_t now_s,
                                 char out[REPORT_PATH_MAX]);
void report_zip_remove(const char *path);

#endif
