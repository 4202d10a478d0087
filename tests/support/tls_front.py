"""TLS before a PostgreSQL server, as a pooler does it: the wheel's own server is built without."""

import socket
import ssl
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Thread

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sqlalchemy import make_url

SSL_REQUEST = struct.pack("!ii", 8, 80877103)


@contextmanager
def tls_front(url: str, certificate: Path, key: Path) -> Iterator[int]:
    """The port on 127.0.0.1 at which the server of the URL (one with a socket in a folder) answers over TLS."""
    behind = make_url(url)
    place = f"{behind.query['host']}/.s.PGSQL.{behind.port or 5432}"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    class Front(BaseRequestHandler):
        def handle(self) -> None:
            asked = self.request.recv(8, socket.MSG_WAITALL)
            with socket.socket(socket.AF_UNIX) as server:
                server.connect(place)
                if asked != SSL_REQUEST:
                    server.sendall(asked)
                    _both_ways(self.request, server)
                    return
                self.request.sendall(b"S")
                with suppress(OSError), context.wrap_socket(self.request, server_side=True) as client:
                    _both_ways(client, server)

    with ThreadingTCPServer(("127.0.0.1", 0), Front) as listening:
        listening.daemon_threads = True
        thread = Thread(target=listening.serve_forever)
        thread.start()
        try:
            yield listening.server_address[1]
        finally:
            listening.shutdown()
            thread.join()


def _both_ways(client: socket.socket, server: socket.socket) -> None:
    back = Thread(target=_copy, args=(server, client), daemon=True)
    back.start()
    _copy(client, server)
    back.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)


def certificate(folder: Path, name: str, host: str) -> tuple[Path, Path]:
    """A self-signed certificate for a host, and its key: two files."""
    key = ec.generate_private_key(ec.SECP256R1())
    about = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(about)
        .issuer_name(about)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / f"{name}.crt", folder / f"{name}.key"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return public, private
