"""The configuration of one gateway, typed: every setting has a default that works, or none.

An unknown key is an error that names the nearest known one. Paths are relative to the file they
stand in, so that a directory can be moved as a whole. Secrets stand in files of their own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from alerts.policy import Policy, Spending
from gateway.channel_config import ChannelConfig
from gateway.hardware.settings import Input, Output
from gateway.hardware.settings import check as check_pins
from gateway.sense import check_policy, check_table, time_of_day
from gateway.settings import Setting, SettingsError, read_file, settings_of

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
"""Names of this machine that no other one reaches."""

Port = Annotated[int, Meta(ge=1, le=65535)]
Positive = Annotated[int, Meta(ge=1)]

LONGEST_DAYS = 88
"""No record that may lead to a person is kept longer: the shortest three months (February to April)
are 89 days, and a round of deleting may come late (Hong Kong's terms, PIPL 19 and 47)."""
LONGEST_CONTEST_DAYS = 14
"""What is personal is destroyed this long after its release at the latest (Hong Kong's terms)."""
SHORTEST_DAYS = 7
"""An incident's number is not given again in its team for this long; the incident says so."""


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class Gateway(_Table, frozen=True):
    """This gateway."""

    name: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,30}$")] = "menshen"
    """Its name: small letters, digits and dashes; unique among gateways on one broker."""
    data_dir: str = "menshen-data"
    """Where the database, the API token and, unless said otherwise, the keys are kept."""
    keys_file: str = ""
    """The key store. Empty: `keys/keys.json` in `data_dir`; better on another medium."""
    homes_file: str = "homes.toml"
    """Homes, teams, orders and devices. Empty: there is no such file, and they are entered and
    imported with `menshen registry`."""
    language: Literal["zh", "en"] = "zh"
    """Language of texts and of the status page."""


class Mqtt(_Table, frozen=True):
    """The broker."""

    host: str = "127.0.0.1"
    """Host name or address."""
    port: Port = 1883
    """TCP port; 8883 is usual with TLS."""
    username: str = ""
    """User name; empty where the broker lets this machine in without."""
    password_file: str = ""
    """A file that holds the password alone, readable by this user only."""
    ca_file: str = ""
    """Certificate authority of the broker; setting it turns TLS on."""
    client_id: str = ""
    """Fixed client id, under which the broker keeps our session. Empty: `menshen-` and the name."""
    version: Literal["5", "3.1.1"] = "5"
    """MQTT version tried first. A broker that refuses 5 is asked for 3.1.1 by itself."""


class BrokerAccounts(_Table, frozen=True):
    """Accounts of devices and bridges on a mosquitto on this machine, kept by this gateway."""

    directory: str = ""
    """Directory for mosquitto's `passwd` and `acl`, and its certificate. Empty: somebody else keeps
    its accounts. With it `mqtt.username` and `mqtt.password_file` must be set."""
    reload: tuple[str, ...] = ("systemctl", "reload", "mosquitto")
    """The program, with its arguments, that has mosquitto read them again ..."""
    pid_file: str = ""
    """... or, where set, the file that holds mosquitto's process id: it is sent SIGHUP."""
    address: Annotated[str, Meta(pattern=r"^[^\s/]*$")] = ""
    """Host name and port of the broker as devices reach it, for labels: `gate.local:8883`."""
    grace_h: Annotated[float, Meta(ge=0, le=24 * 31)] = 168.0
    """Hours that the old password of a device is let in beside a new one (ours: a week)."""


class Tls(_Table, frozen=True):
    """Certificates of this gateway's own authority; `menshen init --tls` makes them."""

    directory: str = ""
    """Where they are kept. Empty: `tls` in `data_dir`."""
    others: tuple[str, ...] = ()
    """Directories of other servers on this machine, such as Grafana: each gets `server.pem`, a
    certificate of its own with its key, readable by the directory's group."""


class Journal(_Table, frozen=True):
    """How observations are grouped into commits, and how long they are kept."""

    group_rows: Positive = 250
    """A commit is made after this many messages ..."""
    group_ms: Annotated[float, Meta(gt=0, le=1000)] = 5.0
    """... or this many milliseconds, or as soon as nothing more waits."""
    keep_days: Annotated[int, Meta(ge=1, le=LONGEST_DAYS)] = 30
    """Days that what devices sent is kept, once it is applied (30 are ours, where EN 50131 grade 4
    asks for 1,000 events)."""
    free_mb: Annotated[int, Meta(ge=16)] = 256
    """MiB of the disk that stay free: under it the oldest records go before their time (ours)."""


class Records(_Table, frozen=True):
    """What was decided, and who was told."""

    keep_days: Annotated[int, Meta(ge=SHORTEST_DAYS, le=LONGEST_DAYS)] = LONGEST_DAYS
    """Days that incidents, texts, decisions and permits are kept once they are over (never past
    three months: Hong Kong's terms, PIPL 19 and 47)."""
    contest_days: Annotated[float, Meta(gt=0, le=LONGEST_CONTEST_DAYS)] = LONGEST_CONTEST_DAYS
    """Days after a release within which the record can be contested; then its key is destroyed
    (Hong Kong's terms: 14 days)."""


class Web(_Table, frozen=True):
    """The local API and the status page."""

    host: str = "127.0.0.1"
    """Address to listen on. Anything but loopback wants `login` too."""
    port: Port = 8080
    """TCP port."""
    public_url: Annotated[str, Meta(pattern=r"^(https?://[^\s/]+(/\S*)?)?$")] = ""
    """Where the team reaches the status page, through a reverse proxy; push services hear of it."""
    login: bool = False
    """Whether the status page asks for a login. Pages that show more always do."""
    tls: bool = False
    """Whether it speaks HTTPS, with the certificate of this gateway's own authority."""


class Installing(_Table, frozen=True):
    """Installing devices with a phone."""

    within_s: Annotated[float, Meta(ge=60, le=86400)] = 900.0
    """Seconds from mounting a device to its service; then the lead is told (ours: 15 minutes a
    home)."""
    weakest_dbm: Annotated[int, Meta(ge=-120, le=0)] = -80
    """A device that hears its network weaker than this is not put into service (ours)."""
    least_link_quality: Annotated[int, Meta(ge=0, le=255)] = 40
    """The same for a radio that says 0 to 255 (ours)."""
    least_battery_pct: Annotated[int, Meta(ge=0, le=100)] = 30
    """A battery below this is changed first (ours: it outlasts an order of 14 days)."""


class Heartbeat(_Table, frozen=True):
    """The sign of life to somebody outside, who misses this gateway when it dies."""

    url: str = ""
    """Address that is called by HTTP GET; empty: nobody would miss this gateway."""
    every_s: Annotated[float, Meta(ge=5)] = 60.0
    """Seconds between two calls. Its watcher should complain after 180 (EN 50131 grade 3)."""


class Proof(_Table, frozen=True):
    """The daily proof that texts arrive: each channel sends one, and it must come back."""

    at: str = "09:00"
    """Local time of the test text; empty: none is sent. A missed one is sent at the start."""
    within_s: Annotated[float, Meta(ge=60)] = 900.0
    """One that has not arrived within this many seconds is told to the maintainers (ours)."""


class Influx(_Table, frozen=True):
    """InfluxDB, for Grafana: what is journalled and decided is written there as well."""

    url: Annotated[str, Meta(pattern=r"^(https?://[^\s/]+(/\S*)?)?$")] = ""
    """Its address, such as `http://127.0.0.1:8086`; empty: nothing is exported."""
    org: str = "menshen"
    """Organisation, in InfluxDB 2."""
    bucket: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,40}$")] = "menshen"
    """Buckets are named after it: `menshen_homes`, `menshen_gateway`, `menshen_counts`; databases
    in InfluxDB 1.8."""
    token_file: str = ""
    """A file that holds the token alone, readable by this user only; in 1.8 `user:password`."""
    ca_file: str = ""
    """Certificate authority of its `https` address; empty: those this machine trusts."""
    home_names: Literal["code", "salted"] = "code"
    """What homes are called there: by house code, or by a key that leads nowhere without this
    gateway's keys. Choose `salted` where others look into the same InfluxDB."""
    state_every_s: Annotated[int, Meta(ge=60, le=900)] = 600
    """Seconds between two rewritings of what each door, seal and device is (ours: a timeline of an
    hour never starts empty)."""
    vitals_every_s: Annotated[int, Meta(ge=10, le=600)] = 60
    """Seconds between two looks at the gateway itself."""
    keep_days: Annotated[int, Meta(ge=1, le=LONGEST_DAYS)] = LONGEST_DAYS
    """Days that what leads to a home is kept there (as of `records.keep_days`)."""
    gateway_keep_days: Annotated[int, Meta(ge=1, le=3660)] = 90
    """Days that vitals of the gateway are kept (ours)."""
    counts_keep_days: Annotated[int, Meta(ge=1, le=3660)] = 1096
    """Days that hourly and daily counts are kept, which lead to nobody (PIPL: three years)."""


class Reports(_Table, frozen=True):
    """The daily log and the weekly report, masked, as pages and workbooks."""

    directory: str = ""
    """Where they are kept. Empty: `reports` in `data_dir`."""
    daily_at: str = "08:00"
    """Local time at which that of the day before is made; a missed one is made at the start. Empty:
    none is made by itself, nor one of a week."""
    weekly_on: Literal[
        "", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"
    ] = "monday"
    """Day on which that of the seven days before is made, at the same time. Empty: none is."""
    language: Literal["", "zh", "en"] = ""
    """Their language. Empty: `gateway.language`."""
    keep_days: Annotated[int, Meta(ge=14, le=LONGEST_DAYS)] = LONGEST_DAYS
    """Days that they are kept (as of `records.keep_days`)."""


class Zigbee2Mqtt(_Table, frozen=True):
    """Zigbee2MQTT bridges on the broker."""

    bases: tuple[Annotated[str, Meta(min_length=1, pattern=r"^[^#+]+$")], ...] = ("zigbee2mqtt",)
    """Base topic of each bridge."""


class Tables(_Table, frozen=True):
    """Everything that can be set."""

    gateway: Gateway = Gateway()
    mqtt: Mqtt = Mqtt()
    broker: BrokerAccounts = BrokerAccounts()
    tls: Tls = Tls()
    journal: Journal = Journal()
    records: Records = Records()
    web: Web = Web()
    installing: Installing = Installing()
    heartbeat: Heartbeat = Heartbeat()
    proof: Proof = Proof()
    influx: Influx = Influx()
    reports: Reports = Reports()
    zigbee2mqtt: Zigbee2Mqtt = Zigbee2Mqtt()
    channels: tuple[ChannelConfig, ...] = ()
    """The means of telling people, the first tried first."""
    inputs: tuple[Input, ...] = ()
    """What is wired to pins of this machine and says something."""
    outputs: tuple[Output, ...] = ()
    """What is wired to pins of this machine and shows something."""
    spending: Spending = Spending()
    policy: Policy = Policy()


class Config(Tables, frozen=True):
    """Everything that was set, and where it was written."""

    base_dir: str = "."
    """The directory that relative paths start from."""

    def path(self, written: str) -> Path:
        """Return a path as written in the file, made absolute."""
        return Path(self.base_dir, written).absolute()

    @property
    def data_dir(self) -> Path:
        """Where the gateway keeps what it knows."""
        return self.path(self.gateway.data_dir)

    @property
    def database_file(self) -> Path:
        """The database."""
        return self.data_dir / "menshen.db"

    @property
    def keys_file(self) -> Path:
        """The key store."""
        written = self.gateway.keys_file
        return self.path(written) if written else self.data_dir / "keys" / "keys.json"

    @property
    def signing_key_file(self) -> Path:
        """The key by which certificates of deletion are signed."""
        return self.data_dir / "certificate-key.pem"

    @property
    def token_file(self) -> Path:
        """The bearer token of the local API."""
        return self.data_dir / "token"

    @property
    def audit_heads_file(self) -> Path:
        """Where the audit ended on each day; copies of it go to the supervisors."""
        return self.data_dir / "audit-heads.txt"

    @property
    def reports_dir(self) -> Path:
        """Where reports are kept."""
        written = self.reports.directory
        return self.path(written) if written else self.data_dir / "reports"

    @property
    def homes_file(self) -> Path:
        """Homes, teams, orders and devices."""
        return self.path(self.gateway.homes_file)

    @property
    def base_url(self) -> str:
        """Where the local API of this gateway answers."""
        host = "127.0.0.1" if self.web.host in {"0.0.0.0", "::"} else self.web.host  # noqa: S104 - read, not bound
        scheme = "https" if self.web.tls else "http"
        return f"{scheme}://{f'[{host}]' if ':' in host else host}:{self.web.port}"

    @property
    def broker_dir(self) -> Path | None:
        """Where the broker's accounts are written; None where somebody else keeps them."""
        return self.path(self.broker.directory) if self.broker.directory else None

    @property
    def tls_dir(self) -> Path:
        """Where the certificates of this gateway's own authority are kept."""
        return self.path(self.tls.directory) if self.tls.directory else self.data_dir / "tls"

    @property
    def tls_others(self) -> list[Path]:
        """Where other servers on this machine find their certificates."""
        return [self.path(written) for written in self.tls.others]

    @property
    def client_id(self) -> str:
        """The MQTT client id under which the broker keeps our session."""
        return self.mqtt.client_id or f"menshen-{self.gateway.name}"


def load(path: Path) -> Config:
    """Read the configuration. Raises `SettingsError`, naming table, key and remedy."""
    tables = read_file(path, Tables)
    check_policy(tables.policy, f"{path}: policy")
    check_table(tables.spending, f"{path}: spending")
    if tables.proof.at:
        time_of_day(tables.proof.at, f"{path}: proof.at")
    if tables.reports.daily_at:
        time_of_day(tables.reports.daily_at, f"{path}: reports.daily_at")
    check_pins(tables.inputs, tables.outputs, str(path))
    if tables.web.host not in LOOPBACK and not tables.web.login:
        raise SettingsError(
            f"{path}: web.login: must be true where web.host is not this machine alone; without it"
            " everybody who reaches the gateway would see the status page"
        )
    names = [channel.name for channel in tables.channels]
    for name in names:
        if names.count(name) > 1:
            raise SettingsError(f'{path}: channels: two are named "{name}"; give each its own name')
    if tables.broker.directory and not (tables.mqtt.username and tables.mqtt.password_file):
        raise SettingsError(
            f"{path}: broker.directory: the gateway needs an account itself: set mqtt.username and"
            " mqtt.password_file (`menshen init` wrote a password)"
        )
    return Config(**msgspec.structs.asdict(tables), base_dir=str(path.absolute().parent))


def load_policy(path: Path) -> Policy:
    """Read the `[policy]` tables of a configuration file; the rest of it need not be there.

    Raises `SettingsError`.
    """
    policy = read_file(path, Tables).policy
    check_policy(policy, f"{path}: policy")
    return policy


def read_secret(path: Path) -> str:
    """Return the one line a secret's file holds. Raises `SettingsError`."""
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read: {type(error).__name__}") from None
    if not secret:
        raise SettingsError(f"{path}: is empty; write the secret alone into it")
    return secret


def settings() -> list[Setting]:
    """List every setting of the configuration, for docs/settings.md."""
    return settings_of(Tables)
