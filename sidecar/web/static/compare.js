// Two takes side by side: both run together and one is heard, so that a switch comes at the very moment.

import { clock, meant, post, word } from "./app.js";
import { draggable } from "./drag.js";
import { leadBack } from "./places.js";
import { Wave } from "./wave.js";

const TOGETHER = 0.04; // seconds that the two may be apart before a switch brings them together
const END = 0.02; // seconds before its end, where a take is over
const LOOK = 1000; // milliseconds between two looks whether they are together
const NAME = "rated-by"; // as on a record's own page

const said = document.querySelector("[data-said]");
const by = document.querySelector("#by");
const seek = document.querySelector("[data-seek]");
const shown = document.querySelector("[data-clock]");
const button = document.querySelector("[data-toggle]");
const match = document.querySelector("[data-match]");
const matched = document.querySelector("[data-matched]");
const rest = document.querySelector(".compare").dataset.rest.split(" ").filter(Boolean);
const back = leadBack(document.querySelector("[data-return]"));

// More or fewer of the facts, while both go on playing
document.addEventListener("click", async (event) => {
  const link = event.target.closest("[data-toggled]");
  if (!link || event.ctrlKey || event.metaKey || event.button) return;
  event.preventDefault();
  const answer = await fetch(link.href).catch(() => null);
  if (!answer?.ok || answer.redirected) return location.assign(link.href);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  document.querySelector("[data-differences]").replaceWith(page.querySelector("[data-differences]"));
  document.querySelector("[data-toggled]").focus();
  history.replaceState(null, "", link.href);
});

class Lane {
  constructor(element) {
    this.element = element;
    this.audio = element.querySelector("audio");
    this.side = element.dataset.side;
    this.record = element.dataset.record;
    this.length = element.dataset.length;
    this.loudness = element.dataset.loudness === "" ? null : Number(element.dataset.loudness);
    this.audible = Boolean(element.querySelector("[data-wave]"));
    if (!this.audible) this.audio = new Audio(); // silent: it keeps no one from hearing the other
    else this.wave = new Wave(element.querySelector("[data-wave]"), this.audio);
    draggable(element.querySelector(".head a"), () => this.name && this);
  }

  get duration() {
    return Number.isFinite(this.audio.duration) ? this.audio.duration : (this.seconds ?? 0);
  }

  get over() {
    return this.audio.currentTime >= this.duration - END;
  }

  async outline() {
    if (!this.audible) return;
    const answer = await fetch(`/api/records/${this.record}/waveform?level=yes`).catch(() => null);
    Object.assign(this, answer?.ok ? await answer.json() : { peaks: [], seconds: null, level: null });
  }

  async draw(longest, loudest) {
    if (!this.audible) return;
    const box = this.wave.container.parentElement;
    if (this.seconds && longest) box.style.width = `${(this.seconds / longest) * 100}%`;
    await this.wave.draw(this.audio.src, this.peaks, this.seconds, loudest);
  }

  go(at) {
    if (this.audible) this.audio.currentTime = Math.min(at, this.duration);
  }

  run() {
    if (this.audible && !this.over) this.audio.play().catch(() => {});
  }
}

const lanes = [...document.querySelectorAll(".lane")].map((element) => new Lane(element));
let active = lanes.find((lane) => lane.audible) ?? lanes[0];
let even = false; // loudness matched
let looked = 0;

const other = () => lanes.find((lane) => lane !== active);
const playing = () => !active.audio.paused && !active.audio.ended;

function stop() {
  for (const lane of lanes) lane.audio.pause();
  gather(0);
}

// The one that is not heard follows the one that is, so that a switch finds it where it should be.
function gather(apart) {
  const at = Math.min(active.audio.currentTime, other().duration);
  if (Math.abs(other().audio.currentTime - at) > apart) other().go(at);
}

function follow() {
  if (!playing() || Date.now() - looked < LOOK) return;
  looked = Date.now();
  gather(TOGETHER);
}

function start() {
  const at = active.over ? 0 : active.audio.currentTime;
  for (const lane of lanes) lane.go(at);
  for (const lane of lanes) lane.run();
}

const toggle = () => (playing() ? stop() : start());

function choose(lane) {
  if (lane === active || !lane.audible) return;
  const at = active.audio.currentTime;
  const on = playing();
  if (Math.abs(lane.audio.currentTime - Math.min(at, lane.duration)) > TOGETHER) lane.go(at);
  active = lane;
  listen();
  if (on && lane.over) stop();
  else if (on) lane.run();
  show();
}

function move(seconds) {
  const at = Math.max(0, Math.min(seconds, active.duration));
  for (const lane of lanes) lane.go(at);
  show();
}

// Which one is heard, and how loud: where loudness is matched, the louder one is turned down.
function listen() {
  const level = lanes.every((lane) => lane.loudness !== null) ? "loudness" : "level";
  const levels = lanes.map((lane) => lane[level] ?? null);
  const known = levels.every((each) => each !== null);
  lanes.forEach((lane, index) => {
    lane.audio.muted = lane !== active;
    lane.audio.volume = even && known ? Math.min(1, 10 ** ((Math.min(...levels) - levels[index]) / 20)) : 1;
    lane.element.classList.toggle("active", lane === active);
  });
  match.setAttribute("aria-pressed", String(even));
  const louder = lanes[levels[0] > levels[1] ? 0 : 1];
  const apart = Math.abs(levels[0] - levels[1]).toFixed(1);
  matched.textContent = !even ? "" : known ? word(level === "loudness" ? "matched_lufs" : "matched_level", louder.side, apart) : word("matched_unknown");
}

function show() {
  const share = active.duration ? Math.min(1, active.audio.currentTime / active.duration) : 0;
  seek.value = Math.round(share * seek.max);
  const read = `${active.side} · ${clock(active.audio.currentTime, active.length)} / ${active.length}`;
  seek.setAttribute("aria-valuetext", read);
  shown.textContent = read;
  button.parentElement.classList.toggle("playing", playing());
  button.setAttribute("aria-label", word(playing() ? "pause" : "play"));
}

async function prefer(side) {
  const chosen = lanes.find((lane) => lane.side === side);
  const lost = lanes.find((lane) => lane !== chosen);
  localStorage.setItem(NAME, by.value.trim());
  said.classList.remove("bad");
  said.textContent = "";
  try {
    await post("/api/preferences", { preferred: chosen.record, over: [lost.record], by: by.value.trim() || null });
    for (const lane of lanes) lane.element.classList.toggle("preferred", lane === chosen);
    said.textContent = word("preferred", side);
    if (rest.length) next(chosen);
  } catch (error) {
    said.classList.add("bad");
    said.textContent = word("not_saved", error.message);
  }
}

// The next pair: the one that was preferred stays on its side.
function next(chosen) {
  const [fresh, ...later] = rest;
  const pair = lanes.map((lane) => (lane === chosen ? lane.record : fresh));
  location.replace(`/compare?${new URLSearchParams([...pair, ...later].map((id) => ["id", id]))}`);
}

function evenOut() {
  even = !even;
  listen();
}

for (const lane of lanes) {
  for (const name of ["play", "pause", "timeupdate", "seeked", "loadedmetadata"]) lane.audio.addEventListener(name, show);
  lane.audio.addEventListener("ended", () => {
    if (lane === active) stop();
    show();
  });
  lane.wave?.surfer.on("timeupdate", () => lane === active && (show(), follow()));
  lane.wave?.surfer.on("interaction", (at) => {
    choose(lane);
    move(at);
  });
}
button.addEventListener("click", toggle);
seek.addEventListener("input", () => move((seek.value / seek.max) * active.duration));
match.addEventListener("click", evenOut);
document.querySelector("[data-switch]").addEventListener("click", () => choose(other()));
for (const each of document.querySelectorAll("[data-prefer]")) each.addEventListener("click", () => prefer(each.dataset.prefer));
by.value = localStorage.getItem(NAME) ?? "";

document.addEventListener("keydown", (event) => {
  const target = event.target;
  if (!meant(event, "dialog *")) return;
  if (event.key === "Escape" && target === by) return by.blur();
  if (target === by) return;
  const pressable = target.matches("button, a, summary"); // Space is theirs
  const sliding = target.matches("[type=range]"); // and so are the arrows
  const act = {
    x: () => choose(other()),
    e: evenOut,
    p: toggle,
    " ": pressable ? null : toggle,
    "[": () => prefer("A"),
    "]": () => prefer("B"),
    ArrowLeft: sliding ? null : () => move(active.audio.currentTime - 1),
    ArrowRight: sliding ? null : () => move(active.audio.currentTime + 1),
    u: () => back.click(),
    Backspace: () => back.click(),
  }[event.key];
  if (!act) return;
  act();
  event.preventDefault();
});

await Promise.all(lanes.map((lane) => lane.outline()));
const longest = Math.max(...lanes.map((lane) => lane.seconds ?? 0));
const loudest = Math.max(...lanes.flatMap((lane) => lane.peaks ?? []), 0.01);
await Promise.all(lanes.map((lane) => lane.draw(longest, loudest)));
listen();
show();
document.documentElement.dataset.ready = "";
