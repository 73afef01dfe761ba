"""The lab's certificate authorities and server certificates, made with openssl (half a second)."""

from __future__ import annotations

import subprocess
from pathlib import Path

_NAMES = [
    "www.example.com",
    "example.com",
    "v4only.example.com",
    "blocked.example.com",
    "shop.example.com",
    "v6only.example.com",
    "www.google.com",
    "www.cloudflare.com",
    "github.com",
    "www.example.net",
    "www.speedtest.net",
    "c.speedtest.net",
    "st1.example.com",
    "speed.cloudflare.com",
    "one.one.one.one",
    "dns.google",
    "dns.quad9.net",
    "detectportal.firefox.com",
]
_ADDRESSES = ("1.1.1.1", "8.8.8.8", "9.9.9.9")
_SAN = ",".join([f"DNS:{name}" for name in _NAMES] + [f"IP:{address}" for address in _ADDRESSES])
_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
_CA_SETTINGS = """[ca]
default_ca=d
[d]
dir=db
new_certs_dir=db
database=db/index
serial=db/serial
default_md=sha256
policy=p
unique_subject=no
email_in_dn=no
[p]
commonName=supplied
"""


def make(folder: Path) -> None:
    """Writes ca.pem (the trusted root), badca, proxyca and the server certificates good, expired,
    wronghost, untrusted, intercept and selfsigned, each as NAME.pem and NAME.key."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, subject in (("ca", "Lab Root CA"), ("badca", "Unknown Root"), ("proxyca", "ACME Web Gateway CA")):
        extensions = ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign"]
        _self_signed(folder, name, f"/O=Lab/CN={subject}", extensions)
    _self_signed(folder, "selfsigned", "/CN=self-signed.badssl.com", ["subjectAltName=DNS:self-signed.badssl.com"])
    _signed(folder, "good", _SAN, "ca")
    _signed(folder, "wronghost", "DNS:other.lab", "ca")
    _signed(folder, "untrusted", f"DNS:untrusted-root.badssl.com,{_SAN}", "badca")
    _signed(folder, "intercept", _SAN, "proxyca")
    _signed(folder, "expired", f"DNS:expired.badssl.com,{_SAN}", "ca", ("20200101000000Z", "20210101000000Z"))


def _openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True, timeout=30)


def _self_signed(folder: Path, name: str, subject: str, extensions: list[str]) -> None:
    added = [part for extension in extensions for part in ("-addext", extension)]
    files = ["-keyout", f"{name}.key", "-out", f"{name}.pem"]
    _openssl(folder, "req", "-x509", *_KEY, *files, "-days", "3650", "-subj", subject, *added)


def _signed(folder: Path, name: str, san: str, authority: str, period: tuple[str, str] | None = None) -> None:
    _openssl(folder, "req", *_KEY, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}.lab")
    extensions = "basicConstraints=CA:FALSE\nkeyUsage=digitalSignature\nextendedKeyUsage=serverAuth\n"
    (folder / f"{name}.ext").write_text(f"subjectAltName={san}\n{extensions}")
    files = ["-in", f"{name}.csr", "-out", f"{name}.pem", "-extfile", f"{name}.ext"]
    if period is None:
        signer = ["-CA", f"{authority}.pem", "-CAkey", f"{authority}.key", "-CAcreateserial", "-days", "365"]
        _openssl(folder, "x509", "-req", *signer, *files)
    else:  # OpenSSL 3.0's x509 cannot set the first day; `openssl ca` can
        (folder / "db").mkdir(exist_ok=True)
        (folder / "db/index").write_text("")
        (folder / "db/serial").write_text("1000\n")
        (folder / "ca.cnf").write_text(_CA_SETTINGS)
        signer = ["-cert", f"{authority}.pem", "-keyfile", f"{authority}.key"]
        dates = ["-startdate", period[0], "-enddate", period[1]]
        _openssl(folder, "ca", "-batch", "-notext", "-config", "ca.cnf", *signer, *files, *dates)
    chain = (folder / f"{name}.pem").read_text() + (folder / f"{authority}.pem").read_text()
    (folder / f"{name}.pem").write_text(chain)
