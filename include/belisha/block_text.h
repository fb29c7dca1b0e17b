/*
 * What the extended error of a blocked answer says (RFC 8914, EXTRA-TEXT), whatever list or rule blocks.
 *
 * An upstream's own filter may have its code passed on; by this text a block is known to be ours.
 */
#ifndef BELISHA_BLOCK_TEXT_H
#define BELISHA_BLOCK_TEXT_H

#define BLOCK_TEXT "Blocked by the school's policy"

/* Where a level holds a category back, or opens approved sites of it only: it is known how a site comes to open. */
#define BLOCK_TEXT_HOLD            BLOCK_TEXT " until it was assessed"
#define BLOCK_TEXT_UNLESS_APPROVED BLOCK_TEXT " unless the site is approved"

#endif
