"""A ClickHouse server of Debian (18.16) with folders and ports of its own: killed, started again, and asked.

    node = clickhouse.Node(lab, "a", http=PORT, tcp=PORT + 1, inner=PORT + 2, shards=[PORT + 1, PORT + 4])
    node.start()
    node.ask("SELECT count() FROM belisha.rows")      -> "200\\n"
"""
import os
import shutil
import urllib.error
import urllib.request

import lab as labs

PROGRAM = shutil.which("clickhouse-server") or "/usr/sbin/clickhouse-server"

CONFIG = """<?xml version="1.0"?>
<yandex>
  <logger><level>warning</level><console>1</console></logger>
  <listen_host>127.0.0.1</listen_host>
  <http_port>%(http)d</http_port><tcp_port>%(tcp)d</tcp_port>
  <interserver_http_port>%(inner)d</interserver_http_port><interserver_http_host>127.0.0.1</interserver_http_host>
  <path>%(dir)s/</path><tmp_path>%(dir)s/tmp/</tmp_path>
  <users_config>users.xml</users_config><default_profile>default</default_profile><default_database>default</default_database>
  <mark_cache_size>67108864</mark_cache_size><timezone>UTC</timezone>
  %(shards)s%(tls)s
</yandex>
"""
SHARD = """
    <shard><replica><host>127.0.0.1</host><port>%d</port><user>school</user><password>%s</password></replica></shard>"""
TLS = """
  <https_port>%d</https_port>
  <openSSL><server><certificateFile>%s.pem</certificateFile><privateKeyFile>%s.key</privateKeyFile>
    <verificationMode>none</verificationMode><loadDefaultCAFile>false</loadDefaultCAFile><disableProtocols>sslv2,sslv3</disableProtocols>
  </server></openSSL>"""
USERS = """<?xml version="1.0"?>
<yandex>
  <profiles><default><max_memory_usage>1000000000</max_memory_usage></default></profiles>
  <users><school><password>%s</password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></school></users>
  <quotas><default></default></quotas>
</yandex>
"""
PASSWORD = "not-a-secret-of-anybody"


class Node:
    def __init__(self, lab, name, http, tcp, inner, shards=(), https=None):
        """https: a port, and the path of a certificate and its key without their endings."""
        self.lab, self.name, self.http = lab, name, http
        self.dir = lab.path("clickhouse-" + name)
        self.process = None
        os.makedirs(self.dir)
        text = "".join(SHARD % (port, PASSWORD) for port in shards)
        text = text and "<remote_servers><belisha>%s</belisha></remote_servers>" % text
        with open(os.path.join(self.dir, "config.xml"), "w") as file:
            file.write(CONFIG % {"http": http, "tcp": tcp, "inner": inner, "dir": self.dir, "shards": text,
                                 "tls": TLS % (https[0], https[1], https[1]) if https else ""})
        with open(os.path.join(self.dir, "users.xml"), "w") as file:
            file.write(USERS % PASSWORD)

    def start(self):
        self.process = self.lab.start([PROGRAM, "--config-file=config.xml"], "clickhouse-" + self.name, cwd=self.dir)
        labs.wait_until("ClickHouse " + self.name, self.answers, labs.START_S, 0.05)
        return self

    def answers(self):
        assert self.process.is_running(), self.process.output()[-2000:]
        try:
            return self.ask("SELECT 1") == "1\n"
        except OSError:
            return False

    def kill(self):
        self.process.kill()

    def ask(self, query, timeout=60):
        request = urllib.request.Request("http://127.0.0.1:%d/" % self.http, query.encode(),
                                         {"X-ClickHouse-User": "school", "X-ClickHouse-Key": PASSWORD})
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                return answer.read().decode()
        except urllib.error.HTTPError as error:
            raise AssertionError("%s: %s" % (query, error.read().decode()))

    def rows(self, query):
        """Lists of texts, one a row."""
        return [line.split("\t") for line in self.ask(query).splitlines()]

    def run_file(self, text):
        """Every statement of a file of statements."""
        lines = [line for line in text.splitlines() if not line.strip().startswith("--")]
        for statement in "\n".join(lines).split(";"):
            if statement.strip():
                self.ask(statement)
