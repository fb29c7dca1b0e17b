#include "operator/log_cover.h"

#include <inttypes.h>

#include "base/markup.h"
#include "qlog/hold.h"

static const char style[] =
    "body{font:1.05rem/1.5 sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#1d1d1d;background:#fff}"
    "h1{font-size:1.6rem;line-height:1.2}h2{font-size:1.2rem;margin-top:2rem}"
    "table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.35rem .6rem;"
    "border-bottom:1px solid #767676}caption{text-align:left;font-weight:bold;padding:.3rem 0}"
    "table{table-layout:fixed}th:first-child{width:32%}td:first-child{font-family:monospace;overflow-wrap:anywhere}"
    "dt{font-weight:bold;margin-top:.7rem}@media "
    "print{body{margin:0;max-width:none;font-size:11pt}h2{break-after:avoid}tr{break-inside:avoid}}";

static void said(const char *before, const char *text, const char *behind, FILE *to)
{
    fputs(before, to);
    markup_text(text, to);
    fputs(behind, to);
}

static void head_write(const struct log_cover *c, FILE *to)
{
    const char *school = c->config->notice.school;
    fprintf(to,
            "<!DOCTYPE html>\n<html lang=\"en-GB\"><head><meta charset=\"utf-8\">\n"
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
            "<title>What the web filter's log has about you</title>\n<style>%s</style></head>\n<body><main>\n"
            "<h1>What the web filter's log has about you</h1>\n",
            style);
    said("<p>For: <strong>", c->user, "</strong>", to);
    if (school != NULL)
        said("<br>From: ", school, "", to);
    fputs("<br>Made: ", to);
    markup_time(c->made_ns / 1000000000, to);
    fputs("</p>\n", to);
}

static void what_write(const struct log_cover *c, FILE *to)
{
    fputs("<h2>What this is</h2>\n"
          "<p>When a computer, tablet or phone at school opens a website or an app, it first asks for the address "
          "that belongs to a name such as <code>www.bbc.co.uk</code>. The school's web filter answers these "
          "questions, blocks some, and notes each of them. You asked what is noted about you. Here are all the "
          "questions of which the log says that they were yours: <strong>",
          to);
    markup_count(c->sum->rows, to);
    fputs("</strong> of them", to);
    if (c->sum->rows > 0) {
        fputs(", from ", to);
        markup_time(c->sum->first_ns / 1000000000, to);
        fputs(" to ", to);
        markup_time(c->sum->last_ns / 1000000000, to);
    }
    fputs(".</p>\n", to);
    if (c->from_ns != 0 || c->to_ns != 0)
        fputs("<p>Only a part of the time was asked for, so what is older or newer is not in it.</p>\n", to);
    fprintf(to,
            "<p>The questions are in the file <code>queries.%s</code>, one in each line, the oldest first; a "
            "spreadsheet opens it. A name that is asked for is not a page that was read: pages load parts from many "
            "places by themselves, and apps ask in the background while nobody looks. The log does not have what was "
            "searched for, written or read.</p>\n",
            c->format);
}

static void columns_write(FILE *to)
{
    static const struct {
        const char *name, *meaning;
    } columns[] = {
        {"time", "when it was asked; UTC, which is an hour behind the clocks in British summer"},
        {"name", "the name that was asked for. One that ends in statutory.invalid stands for a name on a list that may "
                 "not be shown; it is the same each time"},
        {"type, class", "what kind of address was wanted"},
        {"verdict, reason",
         "what the filter did: allowed it, blocked it, or changed it (for safer search results); and why"},
        {"category, categories", "the kind of site that the name is listed as"},
        {"match, matched_name, match_labels, feed, rule", "which list or rule that was by"},
        {"device, device_number", "the device that asked. Its name is left out where others used the device too"},
        {"user, user_number", "you, and the number that stands for you"},
        {"group", "the group whose rules applied to you"},
        {"grade, grade_letter", "how sure the school is that it was you: A, signed in on the network; B, signed in on "
                                "a managed device; C, the device was on loan to you"},
        {"client, client_port", "the device's address in the school's network"},
        {"transport, rcode, answer, answer_count, upstream, cache, rtt_us",
         "how it was asked, what was answered, from where, and how long it took"},
        {"generation, policy_version, node", "which version of the lists and rules was in force, on which machine"},
        {"lost", "so many questions of anybody could not be noted from this moment on; nothing else is known of them"},
    };
    fputs("<h2>What the columns mean</h2>\n<table>"
          "<thead><tr><th scope=\"col\">Column</th><th scope=\"col\">What it says</th></tr></thead>\n<tbody>\n",
          to);
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
        fprintf(to, "<tr><td>%s</td><td>%s</td></tr>\n", columns[i].name, columns[i].meaning);
    fputs("</tbody></table>\n", to);
}

static void days_write(const struct company *company, FILE *to)
{
    char from[HOLD_DAY_MAX];
    char till[HOLD_DAY_MAX];
    if (company->day_count == 0)
        return;
    fprintf(to,
            "<li>%zu %s (%s to %s) of which the log does not know any more who asked: the key was destroyed, "
            "as the school has decided for old days. It can't be brought back.</li>\n",
            company->day_count, company->day_count == 1 ? "day" : "days", hold_day_to_text(company->days[0], from),
            hold_day_to_text(company->days[company->day_count - 1], till));
}

static void missing_write(const struct log_cover *c, FILE *to)
{
    fputs("<h2>What is not in it</h2>\n<ul>\n"
          "<li>Other people. No line is about anybody else.</li>\n"
          "<li>Names of services that help, such as Childline. The log counts that they were asked for, and never "
          "notes by whom.</li>\n"
          "<li>Questions of which the log only knows the device or its address, and not that it was you. On a shared "
          "device they may be somebody else's.</li>\n",
          to);
    days_write(c->company, to);
    if (c->sum->lost > 0) {
        fputs("<li>", to);
        markup_count(c->sum->lost, to);
        fputs(" questions of anybody, which the log could not note at the time.</li>\n", to);
    }
    fputs("<li>Anything that the school has about you elsewhere: this is the web filter's log alone.</li>\n</ul>\n",
          to);
}

static void period_write(const struct config *config, FILE *to)
{
    int64_t days = config->log.retention_s / 86400;
    int64_t identity = config->log.identity_s / 86400;
    fputs("<dt>How long it is kept</dt><dd>", to);
    if (days > 0)
        fprintf(to, "For %" PRId64 " days, then it is removed by itself", days);
    else
        fputs("Until it is removed by hand, or there is no room for it", to);
    if (identity > 0)
        fprintf(to, "; who asked is made unreadable for good after %" PRId64 " days", identity);
    fputs(". Days that are needed for an investigation may be held for longer.</dd>\n", to);
}

static void rights_write(const struct log_cover *c, FILE *to)
{
    fputs(
        "<h2>What you have a right to know</h2>\n<dl>\n"
        "<dt>What it is for</dt><dd>To keep pupils safe online, as schools in England must (Keeping children safe in "
        "education; Prevent duty), to keep the network working, and to answer questions like yours.</dd>\n"
        "<dt>What kinds of data</dt><dd>The columns above. Names of websites can say something about health, belief "
        "or private life; they are kept under lock for that reason.</dd>\n"
        "<dt>Where it comes from</dt><dd>From the devices themselves, and from what tells the school who uses a "
        "device: signing in, and the loan register.</dd>\n"
        "<dt>Who can see it</dt><dd>Those in the school who look after safeguarding and the network. Every look at it "
        "is written down. It leaves the school only where the law asks for it, or where the school has told you so "
        "in its privacy notice.</dd>\n",
        to);
    period_write(c->config, to);
    fputs("<dt>Decisions by machine</dt><dd>Whether a name is blocked is decided by lists and rules, without a person. "
          "Ask the school if you think that one is wrong.</dd>\n"
          "<dt>What you can ask for</dt><dd>To have what is wrong put right, to have it erased or used less, or to "
          "object. "
          "Not all of it can always be done: data that keep children safe, or that are held for an investigation, may "
          "have to stay.</dd>\n"
          "<dt>Whom to ask</dt><dd>",
          to);
    if (c->config->notice.contact != NULL)
        said("", c->config->notice.contact, ", or the school's data protection officer", to);
    else
        fputs("The school's data protection officer; the school's office knows who that is", to);
    fputs(". If you are not content with the answer, you can complain to the Information Commissioner's Office "
          "(ico.org.uk).</dd>\n</dl>\n",
          to);
}

void log_cover_write(const struct log_cover *c, FILE *to)
{
    head_write(c, to);
    what_write(c, to);
    columns_write(to);
    missing_write(c, to);
    rights_write(c, to);
    fputs("<p>The file <code>manifest.json</code> says for programs what was asked for and how many lines there are, "
          "and is "
          "signed, so that it can be shown that nothing was changed.</p>\n</main></body></html>\n",
          to);
}
