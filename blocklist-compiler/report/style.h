/* The style sheet of the page, built in from data/report/style.css. Threads: constant. */
#ifndef REPORT_STYLE_H
#define REPORT_STYLE_H

extern const char report_style[];

#endif
