/*
 * Kinds of single values that only the options of belisha.yaml have; the common ones are in schema.h.
 *
 * Threads: pure data.
 */
#ifndef CONFIG_KINDS_H
#define CONFIG_KINDS_H

#include "config/schema.h"

extern const struct schema_type kind_server_address;  /* struct options_server_address */
extern const struct schema_type kind_address;         /* struct ipaddr, of either family */
extern const struct schema_type kind_pin;             /* uint8_t[TLS_PIN_LEN] */
extern const struct schema_type kind_category_or_all; /* int: enum category or OPTIONS_CATEGORY_ALL */
extern const struct schema_type kind_contact;         /* const char *: a URI */
extern const struct schema_type kind_date;            /* struct options_date */
extern const struct schema_type kind_language;        /* const char *: a language tag (BCP 47) */

#endif
