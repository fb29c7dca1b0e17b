/*
 * PDF of a page, made by a browser without a window. The page is our own: it has no script, and the browser finds no
 * host.
 *
 * Threads: one; waits for the browser, for at most two minutes.
 */
#ifndef OPERATOR_REPORT_PDF_H
#define OPERATOR_REPORT_PDF_H

#include <stdbool.h>
#include <stdio.h>

/* browser: path of chromium. false: not made, and that was said. Paths are made absolute. */
bool report_pdf_write(const char *browser, const char *page, const char *pdf, FILE *err);

#endif
