// Three things a page cannot do by itself: read a label, renew its ticks, and wait for the link.
// Without this script the pages are complete; a form sent twice is entered once by its own token.
const RENEW_MS = 2000;
const RETRY_MS = 3000;
const WAITING = "menshen-waiting";
const noLink = document.getElementById("no-link");

// ---- a form waits for the link ----

async function send(path, body) {
  localStorage.setItem(WAITING, JSON.stringify({ path, body }));
  for (;;) {
    try {
      const answer = await fetch(path, {
        method: "POST", body, headers: { "Content-Type": "application/x-www-form-urlencoded" },
      });
      if (answer.status >= 502) throw new Error(String(answer.status));
      localStorage.removeItem(WAITING);
      location.assign(answer.url);
      return;
    } catch {
      noLink.hidden = false;
      await new Promise((wake) => setTimeout(wake, RETRY_MS));
    }
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  event.preventDefault();
  if (form.classList.contains("waits")) return;
  form.classList.add("waits");
  const fields = new URLSearchParams(new FormData(form, event.submitter));
  send(form.getAttribute("action"), fields.toString());
});

function resume() {
  const waiting = JSON.parse(localStorage.getItem(WAITING) || "null");
  const token = document.querySelector("[name=form]");
  if (!waiting || !token) return;
  const fields = new URLSearchParams(waiting.body);
  fields.set("form", token.value); // of the session that is open now
  send(waiting.path, fields.toString());
}

// ---- what was typed survives ----

for (const form of document.querySelectorAll("form[data-draft]")) {
  const field = form.elements[form.dataset.draft];
  const kept = `menshen-draft-${form.dataset.draft}`;
  field.value ||= sessionStorage.getItem(kept) || "";
  field.addEventListener("input", () => sessionStorage.setItem(kept, field.value));
  form.addEventListener("submit", () => sessionStorage.removeItem(kept));
}

// ---- ticks renew themselves ----

const ticks = document.getElementById("ticks");
const stale = document.getElementById("stale");

async function renew() {
  try {
    const answer = await fetch(ticks.dataset.from, { cache: "no-store", signal: AbortSignal.timeout(RENEW_MS * 2) });
    if (answer.redirected || answer.status === 409) return location.reload();
    if (!answer.ok) throw new Error(String(answer.status));
    const fresh = await answer.text();
    // A form that is being sent stays as it is; so does what did not change, under the thumb.
    if (!ticks.querySelector(".waits") && fresh !== ticks.dataset.last) {
      ticks.innerHTML = fresh;
      ticks.dataset.last = fresh;
    }
    ticks.dataset.at = new Date().toLocaleTimeString();
    stale.hidden = true;
  } catch {
    stale.textContent = stale.dataset.says.replace("{time}", ticks.dataset.at || "?");
    stale.hidden = false;
  }
  setTimeout(renew, RENEW_MS);
}

// ---- labels ----

const scan = document.getElementById("scan");
const viewer = document.getElementById("viewer");
let stream = null;

function stop() {
  for (const track of stream ? stream.getTracks() : []) track.stop();
  stream = null;
  viewer.hidden = true;
  [scan.textContent, scan.dataset.stop] = [scan.dataset.stop, scan.textContent];
}

function device(text) { // the id alone: a label with a password on it must not travel
  const id = text.startsWith("menshen:1?") && new URLSearchParams(text.slice(10)).get("i");
  return id ? `menshen:1?i=${encodeURIComponent(id)}` : null;
}

async function look(detector) {
  if (!stream) return;
  const found = (await detector.detect(viewer).catch(() => [])).map((each) => device(each.rawValue)).find(Boolean);
  if (!found) return requestAnimationFrame(() => look(detector));
  stop();
  scan.form.elements.code.value = found;
  scan.form.requestSubmit();
}

if (scan && "BarcodeDetector" in window && navigator.mediaDevices) {
  scan.hidden = false;
  scan.addEventListener("click", async () => {
    if (stream) return stop();
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    } catch {
      scan.hidden = true; // no camera, or none allowed: the short code is typed
      return;
    }
    [scan.textContent, scan.dataset.stop] = [scan.dataset.stop, scan.textContent];
    viewer.srcObject = stream;
    viewer.hidden = false;
    await viewer.play();
    look(new BarcodeDetector({ formats: ["qr_code"] }));
  });
}

resume();
if (ticks) setTimeout(renew, RENEW_MS);
