/*
 * Record data from the text of a zone file (RFC 1035, 5.1) to wire form, for the types that a school writes by hand.
 *
 * Memory: writes to the caller's buffer. Threads: pure.
 */
#ifndef CONFIG_RDATA_H
#define CONFIG_RDATA_H

#include <stdint.h>

#include "belisha/err.h"

#define RDATA_MAX 4096

/*
 * Returns the length. ERR_MALFORMED: text is no data of this type, *out_expect then says what would be right;
 * ERR_LIMIT: too long.
 */
ERR_CHECKED int rdata_from_text(uint16_t type, const char *text, uint8_t out[RDATA_MAX], const char **out_expect);

#endif
