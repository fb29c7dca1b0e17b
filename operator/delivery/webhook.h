/*
 * A message as JSON to an HTTPS address, signed so that the receiver knows whose it is:
 *
 *     POST /hook
 *     Content-Type: application/json
 *     Idempotency-Key: <id of the message>
 *     Belisha-Timestamp: <seconds since 1970 of this try>
 *     Belisha-Signature: v1=<hexadecimal HMAC-SHA256, under the secret, of the timestamp, a dot and the body>
 *
 *     {"version":1,"id":...,"kind":...,"time":"2026-11-29T04:10:00Z","subject":...,"text":...,"fields":{...}}
 *
 * Any 2xx is a yes. 400, 410, 413, 415 and 422 are a no for ever; everything else is tried again. Redirects are not followed.
 *
 * Threads: any; waits.
 */
#ifndef DELIVERY_WEBHOOK_H
#define DELIVERY_WEBHOOK_H

#include "delivery/deliver.h"

#define WEBHOOK_SIGNATURE_MAX 72 /* "v1=" and 64 digits, with the closing zero */

enum outcome webhook_send(const struct webhook_opts *webhook, const struct message *message, int64_t now_s,
                          char why[DELIVER_WHY_MAX]);

/* Adds the body. Pure, as the next. */
void webhook_write(const struct message *message, struct text *out);
/* Returns out. */
char *webhook_sign(const char *secret, int64_t time_s, const char *body, size_t len, char out[WEBHOOK_SIGNATURE_MAX]);

#endif
