"""Certificates for tests, self-signed."""
import lab


def make_certificate(where, stem, name):
    """stem.pem and stem.key in the folder that where() knows; for name and 127.0.0.1."""
    lab.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
             "-subj", "/CN=" + name, "-addext", "subjectAltName=DNS:%s,IP:127.0.0.1" % name,
             "-keyout", where(stem + ".key"), "-out", where(stem + ".pem")])
