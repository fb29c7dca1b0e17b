/* Figures as people read them. Threads: any. */
#ifndef OPERATOR_FIGURES_H
#define OPERATOR_FIGURES_H

#include <stdint.h>
#include <stdio.h>

/* "3 d 4 h", "12 min", "8 s" */
void figures_duration(FILE *to, int64_t s);

/* "1,500,000" */
void figures_count(FILE *to, int64_t n);

/* "1.4 MiB" */
void figures_bytes(FILE *to, int64_t n);

#endif
