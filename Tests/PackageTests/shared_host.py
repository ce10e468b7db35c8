import os
import re
from collections.abc import Sequence
from pathlib import Path

from api import get
from host import Host, wait_until

MODULES = ["authz_core", "alias", "dir", "mime", "env"]
# What runs programs as the user.
SUEXEC = ("cgid", "suexec")

# How Apache runs PHP: in its own processes, which are the web server's user's, or through a FastCGI server of the user's.
MOD_PHP = "Include /etc/apache2/mods-available/php*.load\nInclude /etc/apache2/mods-available/php*.conf\n"
PHP_FPM = """
<FilesMatch "[.]php$">
    SetHandler "proxy:unix:/run/php.sock|fcgi://localhost"
</FilesMatch>
"""
POOL = """
[global]
error_log = /var/log/php-fpm.log
[alice]
user = alice
listen = /run/php.sock
listen.owner = www-data
pm = static
pm.max_children = 4
"""


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

    def change(self, archive: str) -> None:
        """Changes each file of an unpacked archive, as in another version."""
        files = f"{archive}/nanobot"
        self.host.run(f"echo '# New.' >>{files}/.htaccess && echo '// New.' >>{files}/index.php && printf x >>{files}/nanobot.cgi", "alice")

    def install(self, options: str = "", archive: str | None = None, status: int = 0) -> str:
        """Runs install.sh as the user."""
        return self.host.run(f"{archive or self.archive}/install.sh {options}", "alice", status)

    def put(self, script: str, program: str) -> None:
        """Puts a script in a program's place; the program may be running still."""
        self.host.path("/tmp/script").write_text(script)
        self.host.run(f"install -m 755 /tmp/script {program}", "alice")

    def serve(self, overrides: str = "All", rewrites: bool = True, runs: Sequence[str] = SUEXEC, php: str = "", settings: str = "") -> None:
        """Starts Apache.

        - overrides: what .htaccess may change (AllowOverride).
        - rewrites: whether it has mod_rewrite.
        - runs: its modules that run programs.
        - php: MOD_PHP, PHP_FPM, or nothing.
        - settings: lines of php.ini.
        """
        modules = MODULES + list(runs) + (["rewrite"] if rewrites else [])
        modules += ["mpm_prefork"] if php == MOD_PHP else ["mpm_event", "proxy", "proxy_fcgi"] if php == PHP_FPM else ["mpm_event"]
        loads = "\n".join(f"LoadModule {module}_module /usr/lib/apache2/modules/mod_{module}.so" for module in modules)
        configuration = Path(__file__).with_name("apache.conf").read_text()
        for name, value in {"MODULES": loads, "OVERRIDES": overrides, "PHP": php}.items():
            configuration = configuration.replace(f"@{name}@", value)
        if php:
            [directory] = self.host.run(f"ls -d /etc/php/*/{'apache2' if php == MOD_PHP else 'fpm'}").split()
            self.host.path(f"{directory}/conf.d/test.ini").write_text(settings)
        if php == PHP_FPM:
            self.host.path("/etc/pool.conf").write_text(POOL)
            [program] = self.host.run("ls /usr/sbin/php-fpm*").split()
            self.host.start(f"{program} --nodaemonize --fpm-config /etc/pool.conf")
            wait_until(self.host.path("/run/php.sock").exists, "PHP listens")
        self.host.path("/etc/apache.conf").write_text(configuration)
        self.host.path("/etc/apache2/suexec/www-data").write_text("/home\npublic_html\n")
        self.host.run("mkdir -p /var/log/apache2")
        self.host.start("apache2 -D FOREGROUND -f /etc/apache.conf")
        wait_until(lambda: get(self.url).status != 0, "Apache listens")

    def from_readme(self, pattern: str) -> str:
        """The line of README.txt that is to be copied, and that matches."""
        text = self.host.path(f"{self.archive}/README.txt").read_text()
        [line] = re.findall(rf"^ +({pattern})$", text, re.MULTILINE)
        return line

    def log(self) -> str:
        """What Apache has logged, and PHP with it."""
        return self.host.path("/var/log/apache2/error.log").read_text(errors="replace")

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
