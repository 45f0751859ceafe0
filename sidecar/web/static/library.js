// The library: what is typed and chosen becomes the address and a query; the server answers with rows, drawn by it alone.

import { meant, word } from "./app.js";
import { Inspector } from "./inspector.js";
import { List, MOST } from "./list.js";
import { Live } from "./live.js";
import { here as address, keep, kept } from "./places.js";
import { Player } from "./player.js";
import { Selection } from "./selection.js";
import { Thumbnails } from "./thumbnails.js";
import { views } from "./views.js";

const at = (selector) => document.querySelector(selector);
const form = at("#search");
const field = form.elements.text;
const table = at("#results");
const tally = at("#tally");
const none = at("#none");
const more = at("#more");
const clear = at("#clear");
const dock = at("#dock");
const position = at("#position");
const player = new Player(dock.querySelector("[data-player]"));
const thumbnails = new Thumbnails();
new ResizeObserver(() => thumbnails.watch(list.rows)).observe(table); // a wider window has their column
const list = new List(table, more, fetched);
const inspector = new Inspector(at("#inspector"), list, (row) => play(row));
const selection = new Selection(at("#selection"), at("#confirm"), list, () => query(), () => tally.querySelector("b")?.textContent.replace(/[^\d,]/g, "") ?? "");
const markViews = views(at("#views"), at("#save-view"));
const TYPING = 160; // milliseconds
const LOOK_AGAIN = 3000; // milliseconds, while the library is empty
const NEAR = "400px"; // so long before the end is reached, the next rows are asked for

let pending = null;
let timer = 0;
let again = ask; // what was asked last
let here = null; // the row that the keys speak of

function question() {
  const asked = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (value.trim()) asked.append(name, value.trim());
  return asked;
}

const query = () => question().toString();

// Rows: those of a question, or further ones from the address of a "more" link.
async function fetched(query) {
  pending?.abort();
  const mine = (pending = new AbortController());
  table.classList.add("stale");
  try {
    const answer = await fetch(`/rows?${query}`, { signal: mine.signal });
    if (answer.redirected) return location.reload(); // logged out meanwhile
    const body = await answer.text();
    return new DOMParser().parseFromString(body, "text/html").querySelector("#listing") ?? unreachable();
  } catch (error) {
    return error.name === "AbortError" ? null : unreachable();
  } finally {
    if (pending === mine) pending = null;
    if (!pending) table.classList.remove("stale");
  }
}

function unreachable() {
  const listing = document.createElement("div");
  listing.append(at("#unreachable").content.cloneNode(true));
  return listing;
}

async function ask() {
  again = ask;
  const asked = question();
  const wanted = asked.size ? `/?${asked}` : "/";
  if (wanted !== address()) go(wanted);
  mark(asked);
  if (!none.querySelector("[data-empty]")) tally.textContent = word("loading");
  const listing = await fetched(asked);
  if (!listing) return;
  const chosen = here?.dataset.record;
  list.replace(listing, asked.toString()); // where it could not be answered, no rows: the old ones answer another question
  choose(list.row(chosen)); // where it is still listed
  if (!problem(listing)) live.clear();
  await Promise.all([shown(listing), summarise(asked)]);
}

// Each choice is a step that Back undoes; what is typed letter by letter is one.
let typed = false;
function go(wanted) {
  if (typed) history.replaceState(null, "", wanted);
  else {
    remember();
    history.pushState(null, "", wanted);
  }
}

let leaving = true;
addEventListener("popstate", () => {
  leaving = false; // the place of this list is not that of the address that one has come to
  location.reload();
});

async function askMore() {
  if (pending || list.busy || more.hidden) return;
  again = askMore;
  const query = new URL(more.href).search.slice(1);
  const listing = await fetched(query);
  if (!listing) return;
  if (!problem(listing)) list.append(listing, query); // else the rows that are there stay, and so does the way to more
  await shown(listing);
  restore(); // one may have turned back while they came
}

const problem = (listing) => Boolean(listing.querySelector("#none [role=alert]"));

async function shown(listing) {
  if (problem(listing) && !table.querySelector(".take")) more.hidden = true;
  if (problem(listing) && tally.textContent === word("loading")) tally.textContent = "";
  none.replaceChildren(...(listing.querySelector("#none")?.childNodes ?? []));
  light();
  thumbnails.watch(list.rows);
  selection.show();
  sums();
  watchEnd();
  if (none.querySelector("[data-empty]")) {
    clearTimeout(timer);
    timer = setTimeout(ask, LOOK_AGAIN); // an empty library fills as soon as something is recorded
  }
}

// How many match, of which kinds: it takes longer than the rows, and nobody waits for it.

let counting = null;
let told = null;

async function summarise(asked) {
  counting?.abort();
  const mine = (counting = new AbortController());
  const body = await fetch(`/summary?${asked}`, { signal: mine.signal }).then((answer) => answer.text()).catch(() => null);
  if (counting !== mine) return;
  const summary = body && new DOMParser().parseFromString(body, "text/html").querySelector("#summary");
  if (!summary?.querySelector("#tally b")) {
    tally.textContent = ""; // the filters stay, to be put right
    return selection.show();
  }
  tally.replaceChildren(...summary.querySelector("#tally").childNodes);
  selection.show(); // it says how many all are
  told = summary;
  refresh(summary.querySelector("#facets"));
  at("#given").replaceChildren(...summary.querySelector("#given").childNodes);
  const causes = summary.querySelector("#causes");
  at("#causes").replaceChildren(...(causes?.childNodes ?? []));
  sums();
}

function refresh(facets) {
  const old = at("#facets");
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  const open = [...old.querySelectorAll("details[open]")].map((each) => each.closest("[data-facet]").dataset.facet);
  for (const name of open) facets.querySelector(`[data-facet="${name}"] details`)?.setAttribute("open", "");
  old.replaceWith(facets);
  if (focused?.name) [...facets.querySelectorAll(`input[name="${focused.name}"]`)].find((each) => each.value === focused.value)?.focus({ preventScroll: true });
}

function sums() {
  for (const day of table.querySelectorAll(".day")) {
    const sum = told?.querySelector(`[data-day="${day.dataset.day}"]`);
    if (sum) day.querySelector("[data-sum]").textContent = sum.textContent;
  }
}

function mark(asked) {
  for (const element of document.querySelectorAll(".choice select, .choice input")) element.classList.toggle("set", Boolean(element.value));
  clear.hidden = [...asked.keys()].every((name) => name === "sort");
  at("#newest").hidden = !asked.get("at");
  markViews();
}

// The end of the list, and what was taken away at its beginning.

const end = new IntersectionObserver((seen) => seen.some((each) => each.isIntersecting) && askMore(), { rootMargin: NEAR });

function watchEnd() {
  end.disconnect();
  if (!more.hidden && !problem(document)) end.observe(more); // tells at once where it is near
}

let returning = false;
// As far up as one has come meanwhile. At the very top, far away, nobody looks at what lies between.
async function restore() {
  if (returning) return; // the rows of its place are still on their way
  if (!scrollY && list.above.length > MOST && !pending) return ask();
  while (list.above.length && !pending && (await list.restore())) await shown(document.createElement("div"));
}
addEventListener("scroll", restore, { passive: true });

function play(item) {
  if (item.querySelector("[data-play]").disabled) return;
  const { record, length } = item.dataset;
  if (player.source === record) return player.toggle();
  dock.hidden = false;
  const open = item.querySelector("[data-open]");
  const title = dock.querySelector("[data-title]");
  title.textContent = open.textContent;
  title.href = open.href;
  player.load(record, length);
  player.toggle();
}

function light() {
  for (const item of list.rows) {
    const own = item.dataset.record && item.dataset.record === player.source;
    item.classList.toggle("playing", Boolean(own && player.playing));
  }
}
player.changed = light;
player.further = askMore;

table.addEventListener("click", (event) => {
  const row = event.target.closest(".take");
  const plain = !(event.ctrlKey || event.metaKey || event.button);
  const button = event.target.closest("[data-play]");
  if (button) {
    choose(row); // the keys speak of what is heard
    if (document.activeElement !== button && table.contains(document.activeElement)) row.querySelector("[data-open]").focus({ preventScroll: true });
    if (inspector.open) inspector.show(row.dataset.record);
    return play(row);
  }
  if (event.target.closest("[data-pick]")) {
    event.preventDefault(); // shown with all others
    return setTimeout(() => selection.toggle(row, event.shiftKey));
  }
  const sort = event.target.closest("[data-sort]");
  if (sort && plain) {
    event.preventDefault();
    return sorted(new URL(sort.href).searchParams.get("sort"));
  }
  if (!row || !plain) return;
  if (event.shiftKey) {
    event.preventDefault();
    getSelection().removeAllRanges();
    choose(row);
    return selection.toggle(row, true);
  }
  const open = event.target.closest("[data-open]");
  if (open?.href && inspector.fits) {
    event.preventDefault();
    choose(row);
    inspector.show(row.dataset.record);
  } else if (!open) choose(row);
});
table.addEventListener("mousedown", (event) => event.shiftKey && event.preventDefault()); // no text is selected
table.addEventListener("focusin", (event) => {
  const row = event.target.closest(".take");
  if (row && row !== here) choose(row);
});
dock.querySelector("[data-close]").addEventListener("click", () => {
  player.audio.pause();
  dock.hidden = true;
});
more.addEventListener("click", (event) => {
  event.preventDefault();
  askMore();
});
none.addEventListener("click", (event) => {
  if (!event.target.closest("[data-again]")) return;
  event.preventDefault();
  again();
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  ask();
});
at(".workbench").addEventListener("input", changed);
form.addEventListener("input", changed);
function changed(event) {
  if (event.target.form !== form) return;
  if (event.target.type === "checkbox") oneWay(event.target);
  const typing = event.target.matches("input:not([type=checkbox])");
  clearTimeout(timer);
  timer = setTimeout(() => {
    typed = typing && source === event.target; // more of the same word
    source = event.target;
    ask();
    typed = false;
  }, typing ? TYPING : 0);
}
let source = null; // the field that the last question came from

// A value is asked for or refused, not both.
function oneWay(box) {
  const pair = box.checked ? (box.closest(".facet li")?.querySelectorAll("input") ?? []) : [];
  for (const each of pair) if (each !== box) each.checked = false;
}

function sorted(order) {
  form.elements.sort?.remove();
  if (order) {
    const kept = document.createElement("input");
    Object.assign(kept, { type: "hidden", name: "sort", value: order });
    form.append(kept);
  }
  ask();
}

clear.addEventListener("click", (event) => {
  event.preventDefault();
  for (const element of form.elements) {
    if (element.type === "checkbox") element.checked = false;
    else if (element.name && element.name !== "sort") element.value = "";
  }
  ask();
  table.focus({ preventScroll: true });
});

// The slider stands for the time from the first take of all until now.

position.hidden = !position.dataset.oldest;
const span = () => [Date.parse(position.dataset.oldest), Date.now()];
const dayAt = () => {
  const [oldest, latest] = span();
  return new Date(oldest + ((latest - oldest) * position.value) / position.max).toISOString().slice(0, 10);
};
position.addEventListener("input", () => {
  const begin = Number(position.value) === Number(position.max);
  form.elements.at.value = begin ? "" : dayAt();
  position.setAttribute("aria-valuetext", form.elements.at.value);
  scrollTo({ top: 0 });
});
at(".tools").addEventListener("input", (event) => event.target.name === "at" && place());
function place() {
  const [oldest, latest] = span();
  const day = Date.parse(form.elements.at.value);
  position.value = Number.isNaN(day) ? position.max : (position.max * (day - oldest)) / (latest - oldest);
}
position.addEventListener("change", ask);

const live = new Live(at("#fresh"), () => Number(table.dataset.newest), query, () => none.querySelector("[data-empty]") && ask());
function newest() {
  form.elements.at.value = "";
  place();
  scrollTo({ top: 0 });
  ask();
}
const fresh = () => at("#fresh").hidden || newest();
at("#fresh").addEventListener("click", fresh);
at("#newest").addEventListener("click", newest);

// Keyboard. The list has the focus; / leads to the search.

function choose(row) {
  here?.classList.remove("here");
  here = row ?? null;
  here?.classList.add("here");
  return here;
}

function goTo(step, range = false) {
  const rows = list.rows;
  const index = here ? rows.indexOf(here) : -1;
  const row = choose(rows[Math.min(rows.length - 1, Math.max(0, index + step))]);
  if (!row) return;
  const link = row.querySelector("[data-open]");
  if (!link.href) link.tabIndex = -1; // another program's row leads nowhere
  link.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
  if (range) selection.toggle(row, true);
  if (inspector.open) inspector.show(row.dataset.record);
}

const playHere = () => (here ? play(here) : player.source && player.toggle());

async function rate(rating) {
  const row = selection.size ? null : here;
  if (row && !row.dataset.record) return;
  if (row || selection.size) (await selection.send("rate", { rating }, row)) && inspector.rated(row, rating);
}

function favour() {
  if (selection.size) selection.favourite();
  else if (here?.dataset.record) selection.favourite(here);
}

document.addEventListener("keydown", (event) => {
  if (!meant(event, "dialog *")) return;
  const target = event.target;
  const typing = !meant(event);
  if (event.key === "Escape" && typing) return table.focus({ preventScroll: true });
  if (event.key === "ArrowDown" && target === field) {
    event.preventDefault();
    choose(null);
    return goTo(1);
  }
  if (typing) return;
  const act = {
    "/": () => field.select() ?? field.focus(),
    j: () => goTo(1),
    k: () => goTo(-1),
    J: () => (selection.anchor ?? selection.toggle(here ?? list.rows[0]), goTo(1, true)),
    K: () => (selection.anchor ?? selection.toggle(here ?? list.rows[0]), goTo(-1, true)),
    p: playHere,
    x: () => selection.toggle(here),
    a: () => selection.all(),
    t: () => selection.take(here) && at("#selection [name=tag]").focus(),
    f: favour,
    c: () => at("[data-compare]").hidden || at("[data-compare]").click(),
    z: () => selection.take(here) && at("[data-download] button").click(),
    i: () => (inspector.open ? inspector.close() : inspector.fits && inspector.show(here?.dataset.record)),
    ".": fresh,
  }[event.key];
  const ours = target === document.body || target === table || target.matches("[data-open], [data-seek]");
  if (act) act();
  else if (event.key === "Escape" && (selection.size || inspector.open)) selection.size ? selection.clear() : inspector.close();
  else if ("12345".includes(event.key)) rate(Number(event.key));
  else if (event.key === " " && target.matches("#more")) target.click(); // a link that acts as a button
  else if (event.key === " " && ours) playHere();
  else if (event.key === "Enter" && (target === document.body || target === table)) here?.querySelector("[data-open]").click();
  else return;
  event.preventDefault();
});

// Leaving and coming back

function remember() {
  if (!leaving) return;
  const top = at(".top").getBoundingClientRect().bottom;
  const first = list.rows.find((row) => row.getBoundingClientRect().bottom > top);
  keep(address(), {
    count: list.rows.length,
    above: list.above,
    begin: list.above.length ? list.pages[0]?.dataset.address : null,
    record: first?.dataset.record ?? null,
    offset: first ? first.getBoundingClientRect().top : 0,
    chosen: here?.dataset.record ?? null,
    scrolled: scrollY > 0,
    selected: selection.left,
  });
}

async function comeBackTo(place) {
  if (place.begin) {
    const listing = await fetched(place.begin);
    if (listing && !problem(listing)) {
      list.replace(listing, place.begin);
      list.above = place.above;
      list.makeRoom();
    }
  }
  // New takes may have come since, so that the row lies further down.
  while (list.rows.length < place.count || (place.record && !list.row(place.record))) {
    const before = list.rows.length;
    if (more.hidden || before > place.count + 200) break;
    await askMore();
    if (list.rows.length === before) break;
  }
  const row = list.row(place.record);
  if (row && place.scrolled) scrollBy(0, row.getBoundingClientRect().top - place.offset);
  const chosen = list.row(place.chosen);
  if (chosen) choose(chosen).querySelector("[data-open]").focus({ preventScroll: true });
  if (place.selected) selection.comeBackTo(place.selected);
}

history.scrollRestoration = "manual"; // the browser would scroll before the rows are there
addEventListener("pagehide", remember);

// Beside the list filters stand open, and nothing shuts them; above it they are shut, unless a value is to be put right.
const NARROW = matchMedia("(max-width: 83.99rem)");
const fold = () => { at("#filters").open = !NARROW.matches || problem(document); };
NARROW.addEventListener("change", fold);
fold();
table.tHead.after(list.room);
table.tBodies[1].dataset.address = query();
mark(question());
place();
const left = kept();
returning = true;
if (left) await comeBackTo(left);
returning = false;
shown(document);
summarise(question());
if (!table.contains(document.activeElement)) table.focus({ preventScroll: true });
document.documentElement.dataset.ready = "";
