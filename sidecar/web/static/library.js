// The library: what is typed and chosen becomes the address and a query, which the API answers.

import { clock, when, word } from "/static/app.js";
import { Player } from "/static/player.js";

const form = document.querySelector("#search");
const field = form.elements.text;
const list = document.querySelector("#results");
const tally = document.querySelector("#tally");
const more = document.querySelector("#more");
const clear = document.querySelector("#clear");
const template = document.querySelector("#take");
const dock = document.querySelector("#dock");
const player = new Player(dock.querySelector("[data-player]"));
const TYPING = 160; // milliseconds

let cursor = null;
let pending = null;
let timer = 0;

function question() {
  const asked = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (value.trim()) asked.set(name, value.trim());
  return asked;
}

async function ask(next = false) {
  pending?.abort();
  const mine = (pending = new AbortController());
  const asked = question();
  if (!next) {
    const address = asked.size ? `/?${asked}` : "/";
    if (address !== location.pathname + location.search) history.replaceState(null, "", address);
  }
  mark(asked);
  list.classList.add("stale");
  tally.textContent = word("loading");
  if (next) asked.set("cursor", cursor);
  asked.set("limit", "50");
  try {
    const answer = await fetch(`/api/records?${asked}`, { signal: mine.signal });
    const body = await answer.json();
    if (!answer.ok) return failed(body.error);
    show(body, next);
  } catch (error) {
    if (error.name !== "AbortError") failed({ message: word("unavailable"), hint: "" });
  }
}

function mark(asked) {
  for (const element of form.querySelectorAll(".choice select, .choice input")) {
    element.classList.toggle("set", Boolean(element.value));
  }
  clear.hidden = asked.size === 0;
}

function failed(error) {
  list.replaceChildren();
  list.classList.remove("stale");
  more.hidden = true;
  tally.textContent = [error.message, error.hint].filter(Boolean).join(". ");
}

function show(body, next) {
  cursor = body.cursor;
  more.hidden = cursor === null;
  const items = body.records.map(take);
  if (next) list.append(...items);
  else list.replaceChildren(...items);
  list.classList.remove("stale");
  const count = list.children.length;
  tally.textContent = count === 0 ? `${word("nothing")} ${word("nothing_hint")}` : word(cursor === null ? "found" : "found_more", count);
  marked(-1);
  light();
}

function take(record) {
  const item = template.content.firstElementChild.cloneNode(true);
  const part = (name) => item.querySelector(`[data-${name}]`);
  item.dataset.record = record.event_id;
  item.record = record;
  const text = record.text_input || "—";
  highlight(part("open"), text.length > 400 ? `${text.slice(0, 400)}…` : text);
  if (record.event_id) part("open").href = `/records/${encodeURIComponent(record.event_id)}`; // another program's row has none
  const playable = record.event_id && record.audio_path && !record.deleted_at && !record.replaced_by;
  const button = part("play");
  button.disabled = !playable;
  button.setAttribute("aria-label", playable ? `${word("play")}: ${text.slice(0, 60)}` : word("no_audio"));
  part("emotion").textContent = word(`emotion_${record.emotion}`);
  part("emotion").classList.add(known.has(record.emotion) ? `e-${record.emotion}` : "e-other");
  part("user").textContent = record.user_id ?? "";
  part("voice").textContent = (record.voice ?? "").split("/").at(-1);
  part("model").textContent = record.model_version ? `v${record.model_version}` : "";
  part("when").dateTime = record.created_at;
  part("when").textContent = when(record.created_at);
  part("length").textContent = record.duration === null ? "" : clock(Math.round(record.duration));
  if (record.rating) {
    part("stars").textContent = "★".repeat(record.rating);
    part("stars").setAttribute("role", "img");
    part("stars").setAttribute("aria-label", word("rate_n", record.rating));
  }
  const badges = [];
  if (record.status !== "succeeded") badges.push([word(`status_${record.status}`), record.status === "reused" ? "good" : "bad"]);
  if (record.full_scale_share > 0.01) badges.push([word("saturated"), "warn"]);
  if (record.truncated) badges.push([word("truncated"), "warn"]);
  for (const [name, kind] of badges) {
    const badge = document.createElement("span");
    badge.className = `badge ${kind}`;
    badge.textContent = name;
    part("badges").append(badge);
  }
  if (record.error_type) {
    part("error").hidden = false;
    part("error").textContent = `${record.error_type}: ${record.error_message ?? ""}`;
  }
  return item;
}

const known = new Set(["happy", "angry", "sad", "afraid", "disgusted", "melancholic", "surprised", "calm"]);

function highlight(element, text) {
  const asked = [...field.value.matchAll(/"([^"]+)"?|([^\s"]+)/g)].map((match) => (match[1] ?? match[2]).toLowerCase());
  const lower = text.toLowerCase();
  element.replaceChildren();
  let at = 0;
  while (at < text.length) {
    const hits = lower.length === text.length ? asked.map((hit) => [lower.indexOf(hit, at), hit.length]).filter(([place]) => place >= 0) : [];
    if (!hits.length) break;
    const [place, length] = hits.reduce((first, other) => (other[0] < first[0] ? other : first));
    const mark = document.createElement("mark");
    mark.textContent = text.slice(place, place + length);
    element.append(text.slice(at, place), mark);
    at = place + length;
  }
  element.append(text.slice(at));
}

function play(item) {
  const record = item.record;
  if (item.querySelector("[data-play]").disabled) return;
  if (player.source === record.event_id) return player.toggle();
  dock.hidden = false;
  const title = dock.querySelector("[data-title]");
  title.textContent = record.text_input || record.event_id;
  title.href = `/records/${encodeURIComponent(record.event_id)}`;
  player.load(record.event_id, record.duration ?? 0);
  player.toggle();
}

function light() {
  for (const item of list.children) {
    const own = item.dataset.record === player.source;
    item.classList.toggle("playing", own && player.playing);
  }
}
player.changed = light;

list.addEventListener("click", (event) => {
  const button = event.target.closest("[data-play]");
  if (button) play(button.closest(".take"));
});
dock.querySelector("[data-close]").addEventListener("click", () => {
  player.audio.pause();
  dock.hidden = true;
});
more.addEventListener("click", () => ask(true));
form.addEventListener("submit", (event) => {
  event.preventDefault();
  ask();
});
form.addEventListener("input", (event) => {
  clearTimeout(timer);
  timer = setTimeout(ask, event.target.matches("input") ? TYPING : 0);
});
clear.addEventListener("click", (event) => {
  event.preventDefault();
  for (const element of form.elements) if (element.name) element.value = "";
  ask();
  field.focus();
});

// Keyboard

let here = -1;

function marked(index) {
  list.children[here]?.classList.remove("here");
  here = Math.min(index, list.children.length - 1);
  const item = list.children[here];
  if (!item) return;
  item.classList.add("here");
  item.querySelector("[data-open]").focus({ preventScroll: true });
  item.scrollIntoView({ block: "nearest" });
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const typing = event.target.matches("input:not([type=range]), select, textarea");
  if (event.key === "Escape" && typing) return event.target.blur();
  if (event.key === "ArrowDown" && event.target === field) {
    event.preventDefault();
    return marked(0);
  }
  if (typing) return;
  const act = {
    "/": () => field.select() ?? field.focus(),
    j: () => marked(here + 1),
    k: () => marked(Math.max(0, here - 1)),
    p: () => (list.children[here] ? play(list.children[here]) : player.source && player.toggle()),
    Enter: () => event.target === document.body && list.children[here]?.querySelector("[data-open]").click(),
  }[event.key];
  if (!act) return;
  if (event.key !== "Enter") event.preventDefault();
  act();
});

if (matchMedia("(max-width: 44rem)").matches) {
  const chosen = [...question().keys()].some((name) => name !== "text");
  document.querySelector(".filters").open = chosen;
}
sessionStorage.removeItem("library");
addEventListener("pagehide", () => sessionStorage.setItem("library", location.pathname + location.search));
ask();
