// Renews what stands in <main>; without it the page reloads by itself.
const EVERY_MS = 5000;
const live = document.getElementById("live");
const stale = document.getElementById("stale");

async function renew() {
  try {
    const answer = await fetch(live.dataset.from, { cache: "no-store", signal: AbortSignal.timeout(EVERY_MS) });
    if (!answer.ok) throw new Error(String(answer.status));
    live.innerHTML = await answer.text();
    stale.hidden = true;
  } catch {
    stale.hidden = false;
  }
  setTimeout(renew, EVERY_MS);
}

setTimeout(renew, EVERY_MS);
