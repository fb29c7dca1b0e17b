#include "sheet/topics.h"

#include <stddef.h>

#include "belisha/category.h"

static const char *const words[CATEGORY_MAX] = {
    [CATEGORY_LOCAL] = "closed by the school",
    [CATEGORY_ILLEGAL] = "on a statutory list",
    [CATEGORY_PORNOGRAPHY] = "pornography",
    [CATEGORY_DISCRIMINATION] = "attacks on people for who they are",
    [CATEGORY_DRUGS] = "drugs",
    [CATEGORY_EXTREMISM] = "extremism",
    [CATEGORY_GAMBLING] = "gambling",
    [CATEGORY_MALWARE] = "harmful software",
    [CATEGORY_PIRACY] = "copied films, music or games",
    [CATEGORY_SELF_HARM] = "self-harm or suicide",
    [CATEGORY_VIOLENCE] = "violence",
    [CATEGORY_RACIAL_HATRED] = "racial hatred",
    [CATEGORY_GAMING] = "games",
    [CATEGORY_SOCIAL_MEDIA] = "social media",
    [CATEGORY_NEWSGROUPS] = "forums",
    [CATEGORY_WEBMAIL] = "webmail",
    [CATEGORY_CHAT] = "chat",
    [CATEGORY_GENERATIVE_AI] = "AI tools",
    [CATEGORY_VIDEO] = "video websites",
    [CATEGORY_VIDEO_CALLS] = "video calls",
    [CATEGORY_STREAMING] = "streaming",
    [CATEGORY_DATING] = "dating",
    [CATEGORY_ANONYMOUS_MESSAGING] = "messages without a name",
    [CATEGORY_CIRCUMVENTION] = "ways around the filter",
    [CATEGORY_REMOTE_CONTROL] = "remote control of computers",
    [CATEGORY_DOWNLOADS] = "program downloads",
    [CATEGORY_WEAPONS] = "weapons",
    [CATEGORY_ALCOHOL_TOBACCO] = "alcohol, smoking or vaping",
    [CATEGORY_SHOPPING] = "shopping",
    [CATEGORY_ADVERTISING] = "adverts and tracking",
    [CATEGORY_NEW_DOMAINS] = "very new websites",
    [CATEGORY_PARKED] = "empty websites",
    [CATEGORY_DYNAMIC_DNS] = "websites on home computers",
    [CATEGORY_CRYPTO_MINING] = "mining of cryptocurrency",
    [CATEGORY_URL_SHORTENERS] = "short links",
    [CATEGORY_PHISHING] = "websites that steal passwords",
    [CATEGORY_HACKING] = "hacking",
    [CATEGORY_ADULT_MIXED] = "mixed with adult content",
    [CATEGORY_SECTS] = "sects",
    [CATEGORY_MISINFORMATION] = "misinformation",
    [CATEGORY_FILE_SHARING] = "file sharing",
    [CATEGORY_NEWS] = "news",
    [CATEGORY_SPORTS] = "sports",
    [CATEGORY_FINANCE] = "money",
    [CATEGORY_UNSAFE_SEARCH] = "search without SafeSearch",
};

const char *topic_words(unsigned category)
{
    return category < CATEGORY_MAX && words[category] != NULL ? words[category] : "no category";
}
