"""A real Chromium without a screen, tapped and typed into like a phone, and counted.

It is spoken to over a pipe in its own DevTools protocol, so nothing needs to be installed for it.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.fakes.programs import need

WITHIN_S = 20.0
PHONE = (390, 844)
DESK = (1440, 900)

_POINT = """
(() => {
  const wanted = %s;
  if (document.readyState !== "complete") return null;
  const found = [...document.querySelectorAll("button, a, summary, input, label")]
    .filter((each) => each.offsetParent !== null)
    .filter((each) => each.matches(wanted.css || "*"))
    .find((each) => (each.textContent || "").includes(wanted.text || ""));
  if (!found) return null;
  found.scrollIntoView({ block: "center" });
  const box = found.getBoundingClientRect();
  return [box.x + box.width / 2, box.y + box.height / 2, box.width, box.height];
})()
"""


class Chromium:
    """One page of one browser."""

    def __init__(self, profile: Path) -> None:
        self.taps = 0
        self.fields_typed = 0
        self.smallest: float = 1e9
        """The least height of what was tapped, in CSS pixels."""
        ours_in, theirs_out = os.pipe()
        theirs_in, ours_out = os.pipe()
        theirs = [fcntl.fcntl(each, fcntl.F_DUPFD, 10) for each in (theirs_in, theirs_out)]
        for each in (theirs_in, theirs_out):
            os.close(each)
        options = (
            "--headless --no-sandbox --disable-gpu --remote-debugging-pipe --no-first-run"
            f" --disable-dev-shm-usage --user-data-dir={profile} about:blank"
        )
        redirected = f'exec "{need("chromium")}" {options} 3<&{theirs[0]} 4>&{theirs[1]}'
        self._process = subprocess.Popen(
            ["/bin/bash", "-c", redirected],
            pass_fds=theirs,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for each in theirs:
            os.close(each)
        self._in, self._out = ours_in, ours_out
        self._number, self._rest = 0, b""
        self._session = ""
        pages = self._call("Target.getTargets")["targetInfos"]
        page = next(each["targetId"] for each in pages if each["type"] == "page")
        attached = self._call("Target.attachToTarget", targetId=page, flatten=True)
        self._session = attached["sessionId"]
        self._call("Page.enable")
        self._call("Network.enable")
        self.size(*PHONE)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.wait(20)
        os.close(self._in)
        os.close(self._out)

    # ---- what a person does ----

    def open(self, url: str) -> None:
        """Go to a page."""
        self._call("Page.navigate", url=url)
        self.until("document.readyState === 'complete'")

    def tap(self, text: str = "", css: str = "") -> None:
        """Touch what says so, or what is so, in its middle; it counts."""
        x, y, _, height = self.point(text, css)
        self.taps += 1
        self.smallest = min(self.smallest, height)
        at = {"x": x, "y": y}
        self._call("Input.dispatchTouchEvent", type="touchStart", touchPoints=[at])
        self._call("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])

    def type(self, text: str) -> None:
        """Type into the field that was touched; it counts as one."""
        self.fields_typed += 1
        self._call("Input.insertText", text=text)

    def goes_offline(self, *, is_offline: bool = True) -> None:
        """Lose the link, or find it again."""
        conditions = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
        self._call("Network.emulateNetworkConditions", offline=is_offline, **conditions)

    def size(self, width: int, height: int) -> None:
        """Be as large as a phone, or a desk's screen."""
        self._width = width
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1}
        self._call("Emulation.setDeviceMetricsOverride", **metrics, mobile=width < 600)
        self._call("Emulation.setTouchEmulationEnabled", enabled=True)

    def at_night(self) -> None:
        """Prefer dark colours."""
        dark = [{"name": "prefers-color-scheme", "value": "dark"}]
        self._call("Emulation.setEmulatedMedia", features=dark)

    # ---- what there is to see ----

    def point(self, text: str = "", css: str = "") -> list[float]:
        """Return middle, width and height of what is to be touched, once it is there."""
        wanted = json.dumps({"text": text, "css": css})
        return list(self.until(_POINT % wanted, f"there is {text or css}"))

    def until(self, script: str, what: str = "") -> Any:
        """Return what a script says once it is true."""
        deadline = time.monotonic() + WITHIN_S
        while not (said := self.says(script)):
            shown = self.says("document.body && document.body.innerText") or ""
            assert time.monotonic() < deadline, f"{what or script}: not within time: {shown}"
            time.sleep(0.05)
        return said

    def sees(self, text: str) -> None:
        """Wait until the page says so."""
        self.until(f"document.body && document.body.innerText.includes({json.dumps(text)})", text)

    def says(self, script: str) -> Any:
        """Return what a script says now; None while the page changes."""
        answer = self._call("Runtime.evaluate", returnByValue=True, expression=script)
        return answer.get("result", {}).get("value")

    def photograph(self, path: Path) -> None:
        """Keep the whole page as a picture."""
        shot = self._call("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(shot["data"]))

    @property
    def is_too_wide(self) -> bool:
        """Whether the page must be moved sideways to be read."""
        return int(self.says("document.documentElement.scrollWidth") or 0) > self._width

    # ---- the pipe ----

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        asked: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            asked["sessionId"] = self._session
        os.write(self._out, json.dumps(asked).encode() + b"\0")
        deadline = time.monotonic() + WITHIN_S
        while True:
            answer = self._read(deadline, method)
            if answer.get("id") == self._number:
                return dict(answer.get("result", {}))

    def _read(self, deadline: float, method: str) -> dict[str, Any]:
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._in], [], [], max(0, deadline - time.monotonic()))
            assert ready, f"Chromium does not answer {method}"
            came = os.read(self._in, 1 << 20)
            assert came, "Chromium has ended"
            self._rest += came
        one, _, self._rest = self._rest.partition(b"\0")
        return dict(json.loads(one))
