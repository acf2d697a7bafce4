// The bell: its badge follows what happens, its panel opens by mouse, finger or keyboard.
//
// The server renders the panel; every form in it is sent from here and answered by the panel as it is
// then. Live messages and a look once a minute keep the badge true.
"use strict";

(() => {
  const LOOK_EVERY_MS = 60000;
  const LOOK_AFTER_NEWS_MS = 800;
  const QUIET_CHANNELS = ["chain:status", "fund:overview", "fund:nav"];

  const bell = document.querySelector("[data-bell]");
  if (!bell) return;
  const button = bell.querySelector("button");
  const badge = bell.querySelector(".bell-count");
  const panel = bell.querySelector("#bell-panel");
  let newsTimer = 0;

  // -- The badge -------------------------------------------------------------------------------------

  function showCount(count, words, failed) {
    badge.textContent = count > 99 ? "99+" : String(count);
    badge.hidden = count === 0;
    badge.classList.toggle("bad", failed > 0);
    button.setAttribute("aria-label", `Messages: ${words}`);
  }

  async function look() {
    if (document.hidden) return;
    const answer = await fetch(bell.dataset.countUrl, asBell()).catch(() => null);
    if (!answer || !answer.ok || answer.redirected) return;
    const now = await answer.json();
    showCount(now.count, now.words, now.failed);
  }

  function asBell(more = {}) {
    return { credentials: "same-origin", ...more, headers: { "X-Requested-With": "bell" } };
  }

  document.addEventListener("paimon:message", (event) => {
    if (QUIET_CHANNELS.includes(event.detail.channel)) return;
    clearTimeout(newsTimer);
    newsTimer = setTimeout(look, LOOK_AFTER_NEWS_MS);
  });
  document.addEventListener("visibilitychange", look);
  setInterval(look, LOOK_EVERY_MS);

  // -- The panel -------------------------------------------------------------------------------------

  function isOpen() {
    return !panel.hidden;
  }

  async function open() {
    panel.hidden = false;
    button.setAttribute("aria-expanded", "true");
    if (!panel.firstElementChild) say("Looking…");
    panel.focus();
    await fill(bell.dataset.panelUrl);
  }

  function close({ focus = false } = {}) {
    if (!isOpen()) return;
    panel.hidden = true;
    button.setAttribute("aria-expanded", "false");
    if (focus) button.focus();
  }

  async function fill(url, more) {
    const answer = await fetch(url, asBell(more)).catch(() => null);
    if (!answer || !answer.ok || answer.redirected) {
      say("The messages could not be read. Reload the page.");
      return;
    }
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const inner = fresh.querySelector(".bell-inner");
    if (!inner) return;
    panel.replaceChildren(inner);
    window.paimonShell?.refreshTimes(panel);
    showCount(Number(inner.dataset.count), inner.dataset.words, Number(inner.dataset.failed));
    if (!panel.contains(document.activeElement)) panel.focus();
  }

  function say(words) {
    const note = document.createElement("p");
    note.className = "bell-note";
    note.textContent = words;
    panel.replaceChildren(note);
  }

  button.addEventListener("click", () => (isOpen() ? close() : open()));

  panel.addEventListener("submit", (event) => {
    event.preventDefault();
    const form = event.target;
    fill(form.action, { method: "POST", body: new FormData(form) });
  });

  // Who follows a message has read it.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-bell-open]");
    const form = link?.closest(".bell-item").querySelector("form");
    if (form) fetch(form.action, asBell({ method: "POST", body: new FormData(form), keepalive: true })).catch(() => null);
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && isOpen()) close({ focus: true });
  });
  document.addEventListener("pointerdown", (event) => {
    if (!bell.contains(event.target)) close();
  });
  panel.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !bell.contains(event.relatedTarget)) close();
  });
})();
