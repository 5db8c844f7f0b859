"""Certificates made by openssl for one test run, and the server contexts that use them."""
import os
import ssl
import subprocess

# name: subject alternative names, first and last day (as of openssl ca), signed by which authority, key bits
SERVERS = {
    "good": ("IP:127.0.0.1,DNS:localhost", None, None, "own", 2048),
    "wrong-host": ("DNS:api.other.example", None, None, "own", 2048),
    "wrong-address": ("IP:127.0.0.2", None, None, "own", 2048),
    "expired": ("IP:127.0.0.1", "20200101000000Z", "20210101000000Z", "own", 2048),
    "not-yet-valid": ("IP:127.0.0.1", "20600101000000Z", "20610101000000Z", "own", 2048),
    "other-ca": ("IP:127.0.0.1", None, None, "other", 2048),
    "no-names": (None, None, None, "own", 2048),
    "short-key": ("IP:127.0.0.1", None, None, "own", 1024),
}

CA_CONFIG = """
[ca]
default_ca = here
[here]
dir = .
database = index.txt
serial = serial
new_certs_dir = .
default_md = sha256
default_days = 30
policy = any
unique_subject = no
[any]
commonName = supplied
[authority]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign
"""


class Certificates:
    def __init__(self, directory):
        self.directory = directory
        os.makedirs(directory)
        for authority in ("own", "other"):
            self._authority(authority)

    def path(self, name):
        return os.path.join(self.directory, name)

    def ca(self, name="own"):
        return os.path.join(self.path(name), "ca.pem")

    def _openssl(self, *arguments, cwd=None):
        done = subprocess.run(["openssl", *arguments], cwd=cwd, capture_output=True, text=True, check=False)
        assert done.returncode == 0, "openssl %s: %s" % (" ".join(arguments), done.stderr)

    def _authority(self, name):
        base = self.path(name)
        os.mkdir(base)
        for file, text in (("ca.cnf", CA_CONFIG), ("index.txt", ""), ("serial", "01\n")):
            with open(os.path.join(base, file), "w") as out:
                out.write(text)
        self._openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem",
                      "-subj", "/CN=test authority " + name, "-days", "30", "-config", "/etc/ssl/openssl.cnf",
                      cwd=base)

    def server(self, name):
        """A context that presents the certificate `name`."""
        names, start, end, authority, bits = SERVERS[name]
        base = self.path(authority)
        file = os.path.join(base, name)
        if not os.path.exists(file + ".pem"):
            extension = file + ".ext"
            with open(extension, "w") as out:
                out.write("basicConstraints = CA:false\n")
                if names:
                    out.write("subjectAltName = %s\n" % names)
            self._openssl("req", "-newkey", "rsa:%d" % bits, "-nodes", "-keyout", file + ".key", "-out",
                          file + ".csr", "-subj", "/CN=127.0.0.1", cwd=base)
            dates = ["-startdate", start, "-enddate", end] if start else []
            self._openssl("ca", "-batch", "-notext", "-config", "ca.cnf", "-cert", "ca.pem", "-keyfile", "ca.key",
                          "-in", file + ".csr", "-out", file + ".pem", "-extfile", extension, *dates, cwd=base)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if bits < 2048:
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.load_cert_chain(file + ".pem", file + ".key")
        return context
