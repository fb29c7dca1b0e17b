/*
 * The report for governors: a term in numbers. No name of a person, device or website, no hour that could be a class,
 * and no number between 1 and 4: such are shown as "fewer than 5", and sums are rounded to tens, so that none can be
 * worked out from the others. What statutory lists and recorded concerns say is for others to tell, and not in it.
 *
 * Threads: one for each file.
 */
#ifndef SHEET_GOVERNORS_H
#define SHEET_GOVERNORS_H

#include <stdio.h>

#include "sheet/sheet.h"

void governors_write(const struct sheet *sheet, FILE *to);

#endif
