// The queue of takes to hear: one is at hand, is played, and is kept or rejected; then the next one is.

import { meant, post, word } from "./app.js";
import { Player } from "./player.js";

const list = document.querySelector("#queue");
const said = document.querySelector("[data-said]");
const by = document.querySelector("#by");
const player = new Player(document.querySelector("#dock [data-player]"));
const NAME = "rated-by"; // as on a record's own page

const items = [...list.children];
let here = items[0];

by.value = localStorage.getItem(NAME) ?? "";
by.addEventListener("change", () => localStorage.setItem(NAME, by.value.trim()));

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

async function decide(item, verdict) {
  if (item.dataset.busy) return;
  item.dataset.busy = "yes";
  said.classList.remove("bad");
  said.textContent = "";
  try {
    await post(`/api/records/${item.dataset.record}/verdict`, { verdict, by: by.value.trim() || null });
    item.dataset.verdict = verdict;
    item.querySelector("[data-decided]").textContent = said.textContent = word(`verdict_${verdict}`);
    if (item === here) next();
  } catch (error) {
    said.classList.add("bad");
    said.textContent = word("not_saved", error.message);
  } finally {
    delete item.dataset.busy;
  }
}

player.changed = () => {
  for (const item of items) item.classList.toggle("playing", item.dataset.record === player.source && player.playing);
};

function playHere() {
  if (silent(here)) return;
  player.load(here.dataset.record, here.dataset.length);
  player.toggle();
}

list.addEventListener("click", (event) => {
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
  if (event.key === "Escape" && target === by) return here.focus({ preventScroll: true });
  if (target === by) return;
  const pressable = target.matches("button, a, summary"); // Space is theirs
  const act = {
    k: () => decide(here, "keep"),
    x: () => decide(here, "reject"),
    n: next,
    j: next,
    p: playHere,
    " ": pressable ? null : playHere,
  }[event.key];
  if (!act) return;
  act();
  event.preventDefault();
});

choose(here, false);
document.documentElement.dataset.ready = "";
