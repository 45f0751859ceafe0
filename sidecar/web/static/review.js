// The queue of takes to hear: one is at hand, is played, and is kept or rejected; then the next one is. What was decided
// last can be taken back, also where its page has given way to the next.

import { meant, post, word } from "./app.js";
import { Player } from "./player.js";

const list = document.querySelector("#queue");
const said = document.querySelector("[data-said]");
const by = document.querySelector("#by");
const undo = document.querySelector("[data-undo]");
const NAME = "rated-by"; // as on a record's own page
const LAST = "decided"; // records in this tab, the latest last

const items = [...(list?.children ?? [])]; // none are left where all is decided
const player = items.length ? new Player(document.querySelector("#dock [data-player]")) : null;
let here = items[0];

by.value = localStorage.getItem(NAME) ?? "";
by.addEventListener("change", () => localStorage.setItem(NAME, by.value.trim()));

const past = JSON.parse(sessionStorage.getItem(LAST) ?? "[]");
undo.hidden = !past.length;

const decided = (item) => Boolean(item.dataset.verdict);
const silent = (item) => item.querySelector("[data-play]").disabled;

function choose(item, play) {
  if (item !== here) player.audio.pause();
  here = item;
  for (const each of items) each.classList.toggle("here", each === item);
  item.focus({ preventScroll: true });
  item.scrollIntoView({ block: "nearest" });
  if (silent(item)) return;
  player.load(item.dataset.record, item.dataset.length);
  if (play && !player.playing) player.toggle();
}

// The next one below that is not decided, else the first of those that were passed over; none: the server has the next.
function next() {
  const open = items.filter((item) => !decided(item) && item !== here);
  const below = open.find((item) => items.indexOf(item) > items.indexOf(here));
  if (below ?? open[0]) choose(below ?? open[0], true);
  else if (decided(here)) location.reload();
}

const busy = new Set(); // records whose verdict is on its way

// Publishes a verdict, null to take it back. Returns whether it was.
async function say(record, verdict) {
  if (busy.has(record)) return false;
  busy.add(record);
  said.classList.remove("bad");
  said.textContent = "";
  try {
    await post(`/api/records/${record}/verdict`, { verdict, by: by.value.trim() || null });
    said.textContent = word(`verdict_${verdict ?? "none"}`);
    return true;
  } catch (error) {
    said.classList.add("bad");
    said.textContent = word("not_saved", error.message);
    return false;
  } finally {
    busy.delete(record);
  }
}

function remember() {
  sessionStorage.setItem(LAST, JSON.stringify(past));
  undo.hidden = !past.length;
}

async function decide(item, verdict) {
  if (!(await say(item.dataset.record, verdict))) return;
  item.dataset.verdict = verdict;
  item.querySelector("[data-decided]").textContent = word(`verdict_${verdict}`);
  past.push(item.dataset.record);
  remember();
  if (item === here) next();
}

async function takeBack() {
  const record = past.at(-1);
  if (!record || !(await say(record, null))) return;
  past.pop();
  remember();
  const item = items.find((each) => each.dataset.record === record);
  if (!item) return location.reload(); // it waits again
  delete item.dataset.verdict;
  item.querySelector("[data-decided]").textContent = "";
  choose(item, true);
}

undo.addEventListener("click", takeBack);

function playHere() {
  if (silent(here)) return;
  player.load(here.dataset.record, here.dataset.length);
  player.toggle();
}

list?.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  const item = event.target.closest(".take");
  if (!button || !item) return;
  if (item !== here) choose(item, false);
  if (button.matches("[data-play]")) playHere();
  else if (button.matches("[data-next]")) next();
  else decide(item, button.dataset.decide);
});

document.addEventListener("keydown", (event) => {
  const target = event.target;
  if (!meant(event, "dialog *")) return;
  if (event.key === "Escape" && target === by) return (here ?? undo).focus({ preventScroll: true });
  if (target === by || (!here && event.key !== "u")) return;
  const pressable = target.matches("button, a, summary"); // Space is theirs
  const act = {
    k: () => decide(here, "keep"),
    x: () => decide(here, "reject"),
    u: takeBack,
    n: next,
    j: next,
    p: playHere,
    " ": pressable ? null : playHere,
  }[event.key];
  if (!act) return;
  act();
  event.preventDefault();
});

if (here) {
  player.changed = () => {
    for (const item of items) item.classList.toggle("playing", item.dataset.record === player.source && player.playing);
  };
  choose(here, false);
}
document.documentElement.dataset.ready = "";
