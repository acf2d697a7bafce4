// The shell of every page: times in the viewer's zone, copying, keyboard reach, the live strip.
"use strict";

(() => {
  const SECOND = 1000;

  // -- Times ---------------------------------------------------------------------------------------

  const absolute = new Intl.DateTimeFormat("en-GB", {
    day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short",
  });

  function span(seconds) {
    if (seconds < 60) return `${seconds} s`;
    const minutes = Math.floor(seconds / 60);
    if (minutes < 60) return `${minutes} min`;
    const hours = Math.floor(minutes / 60);
    if (hours < 24) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
    const days = Math.floor(hours / 24);
    return hours % 24 && days < 3 ? `${days} d ${hours % 24} h` : `${days} d`;
  }

  function relative(instant) {
    const seconds = Math.trunc((instant - Date.now()) / SECOND);
    if (Math.abs(seconds) < 1) return "now";
    return seconds > 0 ? `in ${span(seconds)}` : `${span(-seconds)} ago`;
  }

  function refreshTimes(root) {
    for (const time of root.querySelectorAll("time.when, time.age")) {
      const instant = Date.parse(time.dateTime);
      if (Number.isNaN(instant)) continue;
      const shown = time.querySelector(".at");
      if (shown && !time.dataset.local) {
        shown.textContent = absolute.format(instant);
        time.dataset.local = "1";
      }
      const distance = time.querySelector(".ago");
      if (distance) distance.textContent = relative(instant);
      const soonAt = Number(time.dataset.soonSeconds || 0);
      if (soonAt) {
        const left = (instant - Date.now()) / SECOND;
        time.classList.toggle("late", left <= 0);
        time.classList.toggle("soon", left > 0 && left <= soonAt);
      }
    }
  }

  // -- Copying -------------------------------------------------------------------------------------

  let toastTimer = 0;

  function toast(text) {
    let box = document.querySelector(".toast");
    if (!box) {
      box = document.createElement("div");
      box.className = "toast";
      box.setAttribute("role", "status");
      document.body.append(box);
    }
    box.textContent = text;
    clearTimeout(toastTimer);
    toastTimer = setTimeout(() => box.remove(), 2200);
  }

  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      toast("Copied");
    } catch {
      toast("The browser did not allow copying");
    }
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button.copy");
    if (!button) return;
    event.preventDefault();
    event.stopPropagation();
    copy(button.dataset.copy);
  }, true);

  // A figure's exact base units: double-click it.
  document.addEventListener("dblclick", (event) => {
    const figure = event.target.closest(".num[data-copy]");
    if (figure) copy(figure.dataset.copy);
  });

  // -- Keyboard: what reacts to a click reacts to Enter as well ------------------------------------------

  function reachable(root) {
    for (const element of root.querySelectorAll("span[x-on\\:click], div[x-on\\:click], a[x-on\\:click]:not([href])")) {
      if (element.hasAttribute("tabindex")) continue;
      element.tabIndex = 0;
      element.setAttribute("role", "button");
      if (element.textContent.trim() === "dock_to_right") element.setAttribute("aria-label", "Menu");
    }
  }

  document.addEventListener("keydown", (event) => {
    if ((event.key === "Enter" || event.key === " ") && event.target.matches("[role=button][tabindex='0']")) {
      event.preventDefault();
      event.target.click();
    }
  });

  // -- The live strip ------------------------------------------------------------------------------------

  const SOCKET_WORDS = { open: ["good", "live"], connecting: ["warn", "connecting"], closed: ["bad", "not live"] };

  function showSocket(state) {
    const place = document.querySelector("[data-strip=socket]");
    if (!place) return;
    const [tone, words] = SOCKET_WORDS[state] || SOCKET_WORDS.closed;
    place.querySelector(".dot").className = `dot ${tone}`;
    place.querySelector("b").textContent = words;
  }

  function showChain(data) {
    const place = document.querySelector("[data-strip=chain]");
    if (!place || data.headNumber === undefined) return;
    place.querySelector("b").textContent = Number(data.headNumber).toLocaleString("en-GB");
    const lag = place.querySelector(".lag");
    if (lag && data.lagBlocks !== undefined) {
      lag.textContent = data.lagBlocks === 0 ? "in step" : `${data.lagBlocks} behind`;
    }
  }

  function showNav(data) {
    const place = document.querySelector("[data-strip=nav]");
    if (!place) return;
    if (data.sharePrice) {
      const digits = BigInt(data.sharePrice).toString().padStart(19, "0");
      place.querySelector("b").textContent = `${digits.slice(0, -18)}.${digits.slice(-18, -12)} USDT`;
    }
    const age = place.querySelector("time");
    if (age && data.lastUpdated) age.dateTime = data.lastUpdated;
    refreshTimes(place);
  }

  document.addEventListener("paimon:socket", (event) => showSocket(event.detail.state));
  document.addEventListener("paimon:message", (event) => {
    const { channel, data } = event.detail;
    if (channel === "chain:status") showChain(data);
    if (channel === "fund:overview") showNav(data);
    if (channel === "risk:alert") alarmed = true;
    if (channel !== "chain:status") refreshSoon();
  });

  // -- Live sections: <section data-live id="…"> is replaced by what the server would show now ---------
  // Where something moves, an element inside with data-live-seconds asks for a quicker look.
  // What stands on every page (data-live-rare) does not make the page ask; news of risk does.

  const REFRESH_EVERY = 30 * SECOND;
  const REFRESH_GAP = 2 * SECOND;
  let refreshTimer = 0;
  let refreshedAt = 0;
  let alarmed = false;

  async function refreshSections() {
    refreshedAt = Date.now();
    if (document.hidden || !(alarmed || document.querySelector("[data-live][id]"))) return;
    alarmed = false;
    const answer = await fetch(location.href, { headers: { "X-Requested-With": "live" } }).catch(() => null);
    if (!answer || !answer.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const section of document.querySelectorAll(":is([data-live], [data-live-rare])[id]")) {
      const fresh = page.getElementById(section.id);
      // A section under the pointer, with the focus, or with something typed into it holds still.
      if (fresh && !section.matches(":hover") && !section.contains(document.activeElement) && !typed(section)) replace(section, fresh);
    }
  }

  function typed(section) {
    return [...section.querySelectorAll("textarea, input:not([type=hidden])")].some((field) => field.value !== field.defaultValue);
  }

  function replace(section, fresh) {
    const known = new Set([...section.querySelectorAll("[data-key]")].map((row) => row.dataset.key));
    const scrolled = section.querySelector(".feed")?.scrollTop || 0;
    section.replaceChildren(...fresh.childNodes);
    for (const row of section.querySelectorAll("[data-key]")) {
      if (known.size && !known.has(row.dataset.key)) row.classList.add("fresh");
    }
    const feed = section.querySelector(".feed");
    if (feed) feed.scrollTop = scrolled;
    refreshTimes(section);
    section.dispatchEvent(new CustomEvent("paimon:refreshed", { bubbles: true }));
  }

  function refreshLater() {
    const wanted = Number(document.querySelector("[data-live-seconds]")?.dataset.liveSeconds || 0) * SECOND;
    setTimeout(() => refreshSections().finally(refreshLater), wanted || REFRESH_EVERY);
  }

  function refreshSoon() {
    clearTimeout(refreshTimer);
    refreshTimer = setTimeout(refreshSections, Math.max(REFRESH_GAP / 4, refreshedAt + REFRESH_GAP - Date.now()));
  }

  // -- Lists: a column of figures has its heading on the right, too --------------------------------------

  function alignHeadings() {
    for (const table of document.querySelectorAll("#result_list, .result-list table")) {
      const first = table.querySelector("tbody tr");
      const headings = table.querySelectorAll("thead th");
      if (!first || first.cells.length !== headings.length) continue;
      [...first.cells].forEach((cell, i) => {
        if (cell.querySelector(":scope > .num:only-child")) headings[i].classList.add("figures");
      });
    }
  }

  // -- Start -------------------------------------------------------------------------------------------

  document.addEventListener("DOMContentLoaded", () => {
    refreshTimes(document);
    reachable(document);
    alignHeadings();
    setInterval(() => refreshTimes(document), 5 * SECOND);
    refreshLater();
    document.addEventListener("htmx:afterSwap", (event) => {
      refreshTimes(event.target);
      reachable(event.target);
    });
  });

  window.paimonShell = { refreshTimes, toast, relative };
})();
