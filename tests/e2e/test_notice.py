#!/usr/bin/env python3
"""From a blocked name to the page, and from the page to the log: DNS answer, HTTP request, forms, short code."""
import http.client
import os
import re
import urllib.parse

import lab

CONF = """
notice:
  ipv4: 127.0.0.1
  listen: ["127.0.0.1:%(page)d"]
  school: Beacon Hill School
  contact: Mrs Okafor, room 12
  hosts: [why.school.example]
"""


class Page(lab.Case):
    @classmethod
    def set_up(cls):
        cls.port = lab.PORT + 2
        cls.server = cls.lab.serve(0, [cls.lab.start_nsd(1)], ["blocked.example.net"],
                                   conf=CONF % {"page": cls.port}, options=["--category", "gambling"])
        cls.notice = cls.lab.start([lab.program("belisha-notice"), *cls.server.config], "notice")
        cls.notice.wait_for_line("ready")

    def request(self, method, path, host, body=None, headers=None, address="127.0.0.1"):
        connection = http.client.HTTPConnection(address, self.port, timeout=10)
        try:
            connection.request(method, path, body=body, headers={"Host": host, **(headers or {})})
            reply = connection.getresponse()
            return reply.status, reply.headers, reply.read().decode()
        finally:
            connection.close()

    def test_the_dns_answer_leads_to_the_page(self):
        address = self.server.ask("www.blocked.example.net").data("A")[0]
        status, headers, page = self.request("GET", "/any/path?q=1", "www.blocked.example.net", address=address)
        self.assertIn(status, (200, 403, 451))
        self.assertTrue(headers["Content-Type"].startswith("text/html"))
        for words in ("www.blocked.example.net", "Beacon Hill School", "Mrs Okafor", "gambling"):
            self.assertTrue(words in page, "the page does not say %r" % words)
        self.assertLess(len(page), 50000)
        self.assertIn("no-store", headers["Cache-Control"])
        self.assertNotRegex(page, r"""(src|href)=["']https?://(?!www\.|[a-z.-]*\.(org|uk|com))""")

    def test_the_code_on_the_page_finds_the_log_record(self):
        self.server.ask("code.blocked.example.net")
        _, _, page = self.request("GET", "/", "code.blocked.example.net")
        code = re.search(r"\b[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}\b", page)
        self.assertIsNotNone(code)
        text = self.server.operator("log", "search", "--code", code.group())
        self.assertIn("code.blocked.example.net", text)

    def test_what_the_browser_says_is_escaped(self):
        for host, path in (("<script>alert(1)</script>", "/"), ("blocked.example.net", "/<script>alert(1)</script>"),
                           ("blocked.example.net", "/?x=%22%3E%3Cscript%3Ealert(1)%3C/script%3E")):
            with self.subTest(host + path):
                _, _, page = self.request("GET", path, host)
                self.assertNotIn("<script>alert", page)

    def test_head_and_odd_methods_get_an_honest_status(self):
        status, _, page = self.request("HEAD", "/", "blocked.example.net")
        self.assertLess(status, 500)
        self.assertEqual(page, "")
        for method in ("DELETE", "PUT", "BREW"):
            with self.subTest(method):
                self.assertIn(self.request(method, "/", "blocked.example.net")[0], (400, 405, 501))

    def forms_of(self, page):
        """[(action, {field: value})] of the POST forms of a page."""
        found = []
        for attributes, inside in re.findall(r"<form([^>]*)>(.*?)</form>", page, re.S):
            action = re.search(r'action="([^"]*)"', attributes)
            fields = {}
            for tag in re.findall(r"<(?:input|textarea|select)[^>]*>", inside):
                name = re.search(r'name="([^"]*)"', tag)
                value = re.search(r'value="([^"]*)"', tag)
                if name:
                    fields[name.group(1)] = value.group(1) if value else ""
            if "post" in attributes.lower():
                found.append((action.group(1) if action else "/", fields))
        return found

    def test_the_form_reaches_the_inbox(self):
        inbox = self.lab.path("state", "inbox")
        _, _, page = self.request("GET", "/", "form.blocked.example.net")
        forms = self.forms_of(page)
        self.assertTrue(forms, "no form on the page")
        action, fields = forms[0]
        fields = {name: value or "I need this for my history homework" for name, value in fields.items()}
        status, _, page = self.request("POST", action, "form.blocked.example.net", urllib.parse.urlencode(fields),
                                       {"Content-Type": "application/x-www-form-urlencoded"})
        self.assertIn(status, (200, 303), page)
        size = sum(os.path.getsize(os.path.join(inbox, n)) for n in os.listdir(inbox))
        self.assertGreater(size, 0)

    def test_a_body_without_end_is_cut_off(self):
        try:
            status, _, _ = self.request("POST", "/", "blocked.example.net", b"x" * 2000000,
                                        {"Content-Type": "application/x-www-form-urlencoded"})
            self.assertIn(status, (400, 404, 405, 413))
        except (ConnectionError, BrokenPipeError):
            pass
        self.assertLess(self.request("GET", "/", "blocked.example.net")[0], 500)

    def reason_on_the_page(self, host):
        found = re.search(r'<h2 id="why">(.*?)</section>', self.request("GET", "/", host)[2], re.S)
        return found.group(1) if found else ""

    def test_a_new_list_is_taken_up_by_the_page_too(self):
        for names, category, word in ((["blocked.example.net", "fresh.example.net"], "malware",
                                       "dangerous software"),
                                      (["blocked.example.net"], "gambling", "gambling")):
            self.lab.publish(names, category=category)
            lab.wait_until("the page to say " + word, lambda: word in self.reason_on_the_page(names[-1]), 5)


if __name__ == "__main__":
    lab.main()
