/*
 * The risk assessment of a change: what the school looked at before it opened or blocked something, who did, and when it
 * looks again. data/risk-assessment.yaml is the form for it; kept and sent as one JSON object:
 *
 *     {"purpose": "...", "benefit": "...", "risks": "...", "measures": "...", "age_minimum": 13, "terms_checked": true,
 *      "data_protection": "...", "educational_assessor": "...", "technical_assessor": "...", "review": "2027-06-01"}
 *
 * Memory: texts are the struct's own. Threads: pure.
 */
#ifndef CHANGE_ASSESSMENT_H
#define CHANGE_ASSESSMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "belisha/err.h"

#define ASSESSMENT_TEXT_MAX 2000 /* bytes of one text */
#define ASSESSMENT_NAME_MAX 120
#define ASSESSMENT_AGE_NONE (-1) /* the sites set no minimum age, or it is not about sites */

struct assessment {
    char purpose[ASSESSMENT_TEXT_MAX + 1];         /* what is to change, and what for */
    char benefit[ASSESSMENT_TEXT_MAX + 1];         /* for teaching */
    char risks[ASSESSMENT_TEXT_MAX + 1];           /* what could go wrong */
    char measures[ASSESSMENT_TEXT_MAX + 1];        /* what is done about that */
    char data_protection[ASSESSMENT_TEXT_MAX + 1]; /* what becomes of personal data at those sites */
    char educational_assessor[ASSESSMENT_NAME_MAX + 1];
    char technical_assessor[ASSESSMENT_NAME_MAX + 1];
    int age_minimum;    /* of the sites, in years; ASSESSMENT_AGE_NONE */
    bool terms_checked; /* the sites' terms and conditions were read */
    int64_t review_s;   /* the beginning of that day, UTC; 0: not given */
};

/* ERR_MALFORMED: not of this form; *out_wrong names the member. Members that it does not know are refused too. ERR_NOMEM. */
ERR_CHECKED int assessment_parse(const char *json, size_t len, struct assessment *out, const char **out_wrong);
/* Adds the object. */
void assessment_write(const struct assessment *assessment, struct text *out);

/*
 * Whether it is filled in as far as a change needs: NULL, or a sentence that says what is missing. review_max_s: how far
 * away the day of review may be.
 */
const char *assessment_missing(const struct assessment *assessment, int64_t now_s, int64_t review_max_s);

/* "2027-06-01". ERR_MALFORMED. */
ERR_CHECKED int assessment_day_from_text(const char *text, int64_t *out_s);
#define ASSESSMENT_DAY_MAX 16
char *assessment_day_to_text(int64_t day_s, char out[ASSESSMENT_DAY_MAX]);

#endif
