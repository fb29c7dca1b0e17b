/*
 * The fixed list of blocklist categories.
 *
 * A category is a bit (1 << id) in the 64-bit masks of the generation file, of the policy and of the query log.
 * An id never changes its meaning and is never reused; new ones are added at the end. Plain descriptions, the
 * four C's, default levels and help services of each are in data/categories.yaml, which a test compares with this
 * list.
 */
#ifndef BELISHA_CATEGORY_H
#define BELISHA_CATEGORY_H

#include <stdint.h>

/* X(id, enum suffix, name in configuration and exports) */
#define CATEGORY_LIST(X)                                                                           \
    X(0, LOCAL, "local")                                                                           \
    X(1, ILLEGAL, "illegal")                                                                       \
    X(2, PORNOGRAPHY, "pornography")                                                               \
    X(3, DISCRIMINATION, "discrimination")                                                         \
    X(4, DRUGS, "drugs")                                                                           \
    X(5, EXTREMISM, "extremism")                                                                   \
    X(6, GAMBLING, "gambling")                                                                     \
    X(7, MALWARE, "malware")                                                                       \
    X(8, PIRACY, "piracy")                                                                         \
    X(9, SELF_HARM, "self-harm")                                                                   \
    X(10, VIOLENCE, "violence")                                                                    \
    X(11, RACIAL_HATRED, "racial-hatred")                                                          \
    X(12, GAMING, "gaming")                                                                        \
    X(13, SOCIAL_MEDIA, "social-media")                                                            \
    X(14, NEWSGROUPS, "newsgroups")                                                                \
    X(15, WEBMAIL, "webmail")                                                                      \
    X(16, CHAT, "chat")                                                                            \
    X(17, GENERATIVE_AI, "generative-ai")                                                          \
    X(18, VIDEO, "video")                                                                          \
    X(19, VIDEO_CALLS, "video-calls")                                                              \
    X(20, STREAMING, "streaming")                                                                  \
    X(21, DATING, "dating")                                                                        \
    X(22, ANONYMOUS_MESSAGING, "anonymous-messaging")                                              \
    X(23, CIRCUMVENTION, "circumvention")                                                          \
    X(24, REMOTE_CONTROL, "remote-control")                                                        \
    X(25, DOWNLOADS, "downloads")                                                                  \
    X(26, WEAPONS, "weapons")                                                                      \
    X(27, ALCOHOL_TOBACCO, "alcohol-tobacco")                                                      \
    X(28, SHOPPING, "shopping")                                                                    \
    X(29, ADVERTISING, "advertising")                                                              \
    X(30, NEW_DOMAINS, "new-domains")                                                              \
    X(31, PARKED, "parked")                                                                        \
    X(32, DYNAMIC_DNS, "dynamic-dns")                                                              \
    X(33, CRYPTO_MINING, "crypto-mining")                                                          \
    X(34, URL_SHORTENERS, "url-shorteners")                                                        \
    X(35, PHISHING, "phishing")                                                                    \
    X(36, HACKING, "hacking")                                                                      \
    X(37, ADULT_MIXED, "adult-mixed")                                                              \
    X(38, SECTS, "sects")                                                                          \
    X(39, MISINFORMATION, "misinformation")                                                        \
    X(40, FILE_SHARING, "file-sharing")                                                            \
    X(41, NEWS, "news")                                                                            \
    X(42, SPORTS, "sports")                                                                        \
    X(43, FINANCE, "finance")                                                                      \
    X(44, UNSAFE_SEARCH, "unsafe-search")

enum category {
#define X(id, suffix, name) CATEGORY_##suffix = (id),
    CATEGORY_LIST(X)
#undef X
};

#define CATEGORY_MAX 64   /* ids are below this */
#define CATEGORY_NONE 255 /* "no category" wherever an id is stored in a byte */

#define CATEGORY_BIT(id) (UINT64_C(1) << (id))

#endif
