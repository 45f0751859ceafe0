// One record: its player, its text to copy, its rating.

import { word } from "/static/app.js";
import { Player } from "/static/player.js";

const record = document.querySelector("[data-record]").dataset.record;
const text = document.querySelector("#text");
const form = document.querySelector("#rating");
const said = form.querySelector("[data-said]");
const NAME = "rated-by";

text.classList.toggle("long", text.textContent.length > 160);

const root = document.querySelector("[data-player]");
const player = root ? new Player(root) : null;
player?.load(record, Number(root.dataset.length));

const back = sessionStorage.getItem("library");
if (back?.startsWith("/")) document.querySelector("[data-return]").href = back;

const copy = document.querySelector("[data-copy]");
const copyLabel = copy.textContent;
copy.addEventListener("click", async () => {
  await copied(text.textContent);
  copy.textContent = word("copied");
  setTimeout(() => (copy.textContent = copyLabel), 1500);
});

async function copied(value) {
  try {
    await navigator.clipboard.writeText(value);
  } catch {
    // Not a secure context, or not permitted: copy the old way.
    const area = document.createElement("textarea");
    area.value = value;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}

form.elements.by.value = localStorage.getItem(NAME) ?? "";

async function rate(rating) {
  const by = form.elements.by.value.trim();
  localStorage.setItem(NAME, by);
  said.classList.remove("bad");
  said.textContent = "";
  const body = { rating, note: rating === null ? null : form.elements.note.value.trim() || null, by: by || null };
  try {
    const answer = await fetch(`/api/records/${record}/rating`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error((await answer.json()).error.message);
    said.textContent = word("saved");
  } catch (error) {
    said.classList.add("bad");
    said.textContent = word("not_saved", error.message);
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const chosen = form.elements.rating.value;
  rate(chosen ? Number(chosen) : null);
});
form.querySelector("[data-unrate]")?.addEventListener("click", () => {
  for (const star of form.elements.rating) star.checked = false;
  rate(null);
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("textarea, input:not([type=radio]):not([type=range])")) return;
  if (event.key === "p") player?.toggle();
  else if (event.key === "Backspace" || event.key === "u") document.querySelector("[data-return]").click();
  else if ("12345".includes(event.key)) {
    form.querySelector(`#rate${event.key}`).checked = true;
    rate(Number(event.key));
  } else return;
  event.preventDefault();
});
