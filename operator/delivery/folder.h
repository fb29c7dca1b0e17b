/*
 * A message as files in a folder: its attachments under their own names, or, where it has none, <id>.html (or <id>.txt).
 *
 * Each is there whole or not at all, with mode 0640; one of the same name is replaced. Threads: any; waits for the disk.
 */
#ifndef DELIVERY_FOLDER_H
#define DELIVERY_FOLDER_H

#include "delivery/deliver.h"

enum outcome folder_put(const char *folder, const struct message *message, char why[DELIVER_WHY_MAX]);

#endif
