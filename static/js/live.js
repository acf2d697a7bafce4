// Live messages for the admin: one WebSocket, known by the admin's session.
//
// The page says where:   <meta name="ws-url" content="ws://127.0.0.1:8001/ws/v1/">
// Pages listen on document:
//   "paimon:socket"   detail {state: "connecting" | "open" | "closed"}
//   "paimon:message"  detail {channel, data, timestamp, seq}
"use strict";

(() => {
  const CHANNELS = [
    "fund:overview", "fund:nav", "redemption:new", "redemption:settled",
    "approval:new", "approval:resolved", "risk:alert", "rebalance:executed", "chain:status",
  ];
  const FIRST_WAIT_MS = 500;
  const LONGEST_WAIT_MS = 30000;
  const PING_EVERY_MS = 20000;
  const ANSWER_WITHIN_MS = 10000;
  const SIGNED_OUT = 4402;

  const url = document.querySelector('meta[name="ws-url"]')?.content;
  if (!url) return;

  let socket = null;
  let failures = 0;
  let pingTimer = 0;
  let answerTimer = 0;
  let reconnectTimer = 0;

  function show(state) {
    document.dispatchEvent(new CustomEvent("paimon:socket", { detail: { state } }));
  }

  function waitMs() {
    const longest = Math.min(FIRST_WAIT_MS * 2 ** failures, LONGEST_WAIT_MS);
    return longest / 2 + Math.random() * (longest / 2);
  }

  function connect() {
    clearTimeout(reconnectTimer);
    show("connecting");
    try {
      socket = new WebSocket(url);
    } catch {
      show("closed");
      later();
      return;
    }
    const mine = socket;
    mine.addEventListener("message", (event) => mine === socket && hear(JSON.parse(event.data)));
    mine.addEventListener("close", (event) => mine === socket && ended(event.code));
    expectAnswer();
  }

  function hear(message) {
    clearTimeout(answerTimer);
    if (message.type === "authenticated") {
      say({ type: "subscribe", channels: CHANNELS.filter((name) => message.channels.includes(name)) });
    } else if (message.type === "subscribed") {
      failures = 0;
      show("open");
      clearInterval(pingTimer);
      pingTimer = setInterval(() => { say({ type: "ping" }); expectAnswer(); }, PING_EVERY_MS);
    } else if (message.channel) {
      document.dispatchEvent(new CustomEvent("paimon:message", { detail: message }));
    }
  }

  function expectAnswer() {
    clearTimeout(answerTimer);
    answerTimer = setTimeout(() => { const silent = socket; ended(0); silent?.close(); }, ANSWER_WITHIN_MS);
  }

  function ended(code) {
    socket = null;
    clearInterval(pingTimer);
    clearTimeout(answerTimer);
    show("closed");
    if (code !== SIGNED_OUT) later();
  }

  function later() {
    clearTimeout(reconnectTimer);
    reconnectTimer = setTimeout(connect, waitMs());
    failures += 1;
  }

  function say(message) {
    if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
  }

  window.addEventListener("online", () => { if (!socket) connect(); });
  document.addEventListener("visibilitychange", () => { if (!document.hidden && !socket) connect(); });
  connect();
})();
