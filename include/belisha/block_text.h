/*
 * What the extended error of a blocked answer says (RFC 8914, EXTRA-TEXT), whatever list or rule blocks.
 *
 * An upstream's own filter may have its code passed on; by this text a block is known to be ours.
 */
#ifndef BELISHA_BLOCK_TEXT_H
#define BELISHA_BLOCK_TEXT_H

#define BLOCK_TEXT "Blocked by the school's policy"

#endif
