import os
import re
from pathlib import Path

from api import get
from host import Host, wait_until

MODULES = ["mpm_event", "authz_core", "alias", "dir", "mime", "env", "cgid", "suexec"]


class SharedHost:
    """Apache as shared hosting has it: the user's programs run as the user (suexec), whose folders are `public_html` and `cgi-bin`."""

    url = "http://127.0.0.1"

    def __init__(self, host: Host, *folders: str):
        self.host = host
        host.run("useradd --create-home alice && chmod 711 /home/alice")
        for folder in folders:
            host.run(f"mkdir /home/alice/{folder}", "alice")
        self.archive = self.unpack("package")

    def unpack(self, name: str) -> str:
        """Unpacks the archive as the user, and gives its path there."""
        self.host.add(os.environ["NANOBOT_ARCHIVE"], "/tmp/nanobot.tar.gz")
        self.host.run(f"mkdir ~/{name} && tar -C ~/{name} --strip-components=1 -xf /tmp/nanobot.tar.gz", "alice")
        return f"/home/alice/{name}"

    def install(self, options: str = "", archive: str | None = None, status: int = 0) -> str:
        """Runs install.sh as the user."""
        return self.host.run(f"{archive or self.archive}/install.sh {options}", "alice", status)

    def put(self, script: str, program: str) -> None:
        """Puts a script in a program's place; the program may be running still."""
        self.host.path("/tmp/script").write_text(script)
        self.host.run(f"install -m 755 /tmp/script {program}", "alice")

    def serve(self, overrides: str = "All", rewrites: bool = True) -> None:
        """Starts Apache.

        - overrides: what .htaccess may change (AllowOverride).
        - rewrites: whether it has mod_rewrite.
        """
        modules = MODULES + (["rewrite"] if rewrites else [])
        loads = "\n".join(f"LoadModule {module}_module /usr/lib/apache2/modules/mod_{module}.so" for module in modules)
        configuration = Path(__file__).with_name("apache.conf").read_text().replace("@MODULES@", loads).replace("@OVERRIDES@", overrides)
        self.host.path("/etc/apache.conf").write_text(configuration)
        self.host.path("/etc/apache2/suexec/www-data").write_text("/home\npublic_html\n")
        self.host.run("mkdir -p /var/log/apache2")
        self.host.start("apache2 -D FOREGROUND -f /etc/apache.conf")
        wait_until(lambda: get(self.url).status != 0, "Apache listens")

    def address(self, said: str) -> str:
        """The address that install.sh says to try, without /health."""
        found = re.search(r"https://YOUR-SITE(/\S*)/health", said)
        assert found, said
        return self.url + found[1]

    def key(self, said: str) -> str:
        """The API key that install.sh shows."""
        [secret] = re.findall(r"^ +(nb-\S+)$", said, re.MULTILINE)
        return secret

    def mode(self, path: str) -> str:
        return self.host.run(f"stat -c '%a %U' {path}").strip()
