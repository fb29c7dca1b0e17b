#include "operator/pack_text.h"

#include <inttypes.h>

#include "operator/log_fields.h"

static void what_it_is(const struct pack_text *p, struct text *out)
{
    char from[LOG_TIME_MAX], to[LOG_TIME_MAX], made[LOG_TIME_MAX];
    text_printf(out,
                "A RECORD OF WHAT WAS ASKED FOR IN A SCHOOL'S NETWORK\n"
                "====================================================\n\n"
                "Made for:     %s\n"
                "Why:          %s\n"
                "Reference:    %s\n"
                "Made:         %s by %s\n"
                "Approved by:  %s\n"
                "Asked for:    %s to %s (UTC)\n"
                "              and one hour before and after, for what it hangs together with\n"
                "Rows:         %" PRIu64 "; %" PRIu64 " records are missing, because they could not be written\n\n",
                p->options->pack_for == LOG_PACK_POLICE ? "the police" : "the designated safeguarding lead",
                p->options->reason, p->options->reference == NULL ? "none" : p->options->reference,
                log_time_to_text(p->made_ns, made), p->asked_by->name,
                p->approved_by == NULL ? "nobody else: this school has not asked for a second person"
                                       : p->approved_by->name,
                log_time_to_text(p->from_ns, from), log_time_to_text(p->to_ns, to), p->sum->rows, p->sum->lost);
}

static void what_not_to_do(struct text *out)
{
    text_printf(
        out,
        "BEFORE ANYTHING ELSE\n\n"
        "* If a child is in danger now, call the police: 999.\n"
        "* Don't open the websites that are named here, not even to see whether it is true. To look at some of them is "
        "a\n"
        "  crime, whoever looks. Don't ask a colleague or a technician to do it.\n"
        "* Don't print this, don't forward it, don't copy rows into mails. Give the whole file to who must have it, "
        "and\n"
        "  its password by another way.\n"
        "* Don't question the child about details, and don't search their device: leave both to the police and to\n"
        "  children's social care. Switch the device off only if they tell you to.\n\n");
}

static void whom_to_tell(struct text *out)
{
    text_printf(
        out,
        "WHOM TO TELL\n\n"
        "* The designated safeguarding lead, or the deputy: at once, and by voice.\n"
        "* The head teacher; and where it is about an adult who works with children, the local authority's designated\n"
        "  officer (LADO), within one working day. Where it is about the head, the chair of governors.\n"
        "* Pictures or videos of child sexual abuse: the police (101, or 999 in danger), and the Internet Watch\n"
        "  Foundation (IWF) by its reporting page. Somebody who approaches children: CEOP of the National Crime "
        "Agency.\n"
        "* Terrorism: the police (in danger 999), and the school's Prevent lead.\n"
        "* A picture of a child's own that went round: Report Remove, of Childline and the IWF.\n"
        "* Write down whom you told, and when. Where your local safeguarding partners have other rules, theirs "
        "hold.\n\n");
}

static void what_it_can_say(const struct pack_text *p, struct text *out)
{
    text_printf(
        out,
        "WHAT THE ROWS SAY, AND WHAT THEY DON'T\n\n"
        "* A row is one question of a device: for the address of a name. It does not say that a person wanted it: "
        "pages,\n"
        "  advertisements, apps and prefetching ask by themselves. It says neither which page was seen, nor what was "
        "typed.\n"
        "* `verdict` tells whether the name was blocked; `reason` statutory: the name is on a list of illegal "
        "content.\n"
        "* `grade_letter` tells how sure it is who asked: A a person who logged in on the network, B a managed device\n"
        "  where somebody was logged in, C a device that was on loan, D a device alone, E an address alone. With D and "
        "E it\n"
        "  is not known who sat there.\n"
        "* Times are UTC. manifest.json says whether the clock was synchronised when this was made.\n");
    if (p->hosts_why != NULL)
        text_printf(out,
                    "* Names of the statutory list are told by an id (....statutory.invalid), since they could not be "
                    "opened here:\n"
                    "  %s.\n",
                    p->hosts_why);
    else
        text_printf(out,
                    "* Names of the statutory list are told in full here (%zu of them), and in no other export: the "
                    "host that is\n"
                    "  listed. What stood in front of it in the question is not kept anywhere.\n",
                    p->hosts_told);
    text_add(out, "\n", 1);
}

static void how_to_check(const struct pack_text *p, struct text *out)
{
    text_printf(
        out,
        "WHAT IS IN HERE, AND HOW TO CHECK IT\n\n"
        "* queries.%s: the rows. manifest.json: who asked for them, when, why; counts, gaps, hashes of every file.\n"
        "* manifest.json.sig: a signature (Ed25519) with the key that the log was signed with at the time, "
        "log-key.pem:\n\n"
        "      openssl pkeyutl -verify -pubin -inkey log-key.pem -rawin -in manifest.json -sigfile manifest.json.sig\n"
        "      belisha log check-export FILE.zip\n\n"
        "* The school's ledger has this pack: who asked, who approved, the SHA-256 of the zip. `belisha ledger "
        "verify`\n"
        "  shows that nothing in it was changed since.\n",
        grid_format_name(p->options->format));
    if (p->segments > 0)
        text_printf(out,
                    "* segment-*.qlog (%zu): the log's own files of that time, as they were signed when they were "
                    "written. Who asked\n"
                    "  is sealed in them under keys of each day, which are not in here: the school can hand them over "
                    "when a court\n"
                    "  asks. Their format is in Belisha's docs/formats/qlog.md, and tests/qlog/qlog.py reads them.\n",
                    p->segments);
    text_printf(
        out, "\nKeep this file as it is: work with a copy. When it has served, delete it, and write that down too.\n");
}

void pack_text_write(const struct pack_text *about, struct text *out)
{
    what_it_is(about, out);
    what_not_to_do(out);
    whom_to_tell(out);
    what_it_can_say(about, out);
    how_to_check(about, out);
}
