/* Categories in plain words, for adults: "self-harm or suicide". Threads: pure; any thread. */
#ifndef SHEET_TOPICS_H
#define SHEET_TOPICS_H

/* Never NULL; of CATEGORY_NONE and categories of a later version "no category". */
const char *topic_words(unsigned category);

#endif
