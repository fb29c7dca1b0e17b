/*
 * The form of a risk assessment (data/risk-assessment.yaml), filled in.
 *
 * Threads: one.
 */
#ifndef CONFIG_ASSESSMENT_FILE_H
#define CONFIG_ASSESSMENT_FILE_H

#include "change/assessment.h"
#include "config/errors.h"

/* ERR_CONFIG: errors says what is wrong, with its line; ERR_NOMEM. What is left empty is empty: assessment_missing() tells. */
ERR_CHECKED int assessment_file_read(const char *path, struct assessment *out, struct config_errors *errors);

#endif
