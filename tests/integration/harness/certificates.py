"""Certificates by a certification authority of the test's own."""

from pathlib import Path

from . import process

CONFIG = """
[ca]
default_ca = own
[own]
dir = {home}
database = {home}/index.txt
new_certs_dir = {home}
certificate = {home}/ca.crt
private_key = {home}/ca.key
rand_serial = yes
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
"""


class Authority:
    """Issues certificates for servers and for clients."""

    def __init__(self, home, name="Test CA"):
        self.home = Path(home)
        self.home.mkdir(parents=True)
        self.home.chmod(0o755)
        self.name = name
        (self.home / "index.txt").touch()
        (self.home / "ca.cnf").write_text(CONFIG.format(home=self.home))
        self.certificate = self.home / "ca.crt"
        process.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", f"/CN={name}",
                     "-keyout", self.home / "ca.key", "-out", self.certificate])

    def pem(self):
        return self.certificate.read_text()

    def issue(self, name, *, names=(), expired=False, key_type="rsa:2048"):
        """(certificate, key) files for a common name; `names` are subject alternative names, such as DNS:db."""
        base = self.home / f"{len(list(self.home.glob('*.req')))}-{name}"
        request, key, certificate = (base.with_name(base.name + ending) for ending in (".req", ".key", ".crt"))
        extensions = ["-addext", "subjectAltName=" + ",".join(names)] if names else []
        options = ["-pkeyopt", "ec_paramgen_curve:prime256v1"] if key_type == "ec" else []
        process.run(["openssl", "req", "-new", "-newkey", key_type, *options, "-nodes", "-subj", f"/CN={name}",
                     *extensions, "-keyout", key, "-out", request])
        dates = ["-startdate", "20200101000000Z", "-enddate", "20210101000000Z"] if expired else ["-days", "20"]
        process.run(["openssl", "ca", "-batch", "-notext", "-config", self.home / "ca.cnf", *dates, "-in", request,
                     "-out", certificate])
        key.chmod(0o600)
        return certificate, key
