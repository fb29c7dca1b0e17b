/*
 * How the calling thread shares a processor with others. Where the kernel knows nothing of it, or a sandbox forbids it,
 * nothing happens: no answer is lost, some take longer.
 *
 * Threads: each for itself.
 */
#ifndef BASE_SCHEDULING_H
#define BASE_SCHEDULING_H

/*
 * When it wakes it takes the place of threads that don't, however short their turn has been: its time slices are short, so
 * they are due soon (EEVDF, Linux 6.12).
 */
void scheduling_set_prompt(void);

/* It steps behind the others, with as small a share as this nice value gives. */
void scheduling_set_background(int nice);

#endif
