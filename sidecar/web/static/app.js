// What every page does: forms that submit themselves, links that lead back here, charts that a finger can ask.

export const words = JSON.parse(document.body.dataset.words);

export function word(name, ...values) {
  let text = words[name] ?? name.slice(name.indexOf("_") + 1);
  for (const value of values) text = text.replace("{}", value);
  return text;
}

// Where a player has come to, in the form of the length that the server wrote: 0:03.1 of 0:04.2, 3:05 of 4:10.
export function clock(seconds, length = "") {
  const past = Math.max(0, seconds || 0);
  const minutes = Math.floor(past / 60);
  const rest = String(Math.floor(past % 60)).padStart(2, "0");
  return `${minutes}:${rest}${length.includes(".") ? `.${Math.floor((past * 10) % 10)}` : ""}`;
}

// What came of something, for a few seconds, wherever one has scrolled to.
const told = document.querySelector("#told");
let hiding = 0;

export function tell(text, bad = false) {
  told.textContent = text;
  told.classList.toggle("bad", bad);
  clearTimeout(hiding);
  hiding = setTimeout(() => told.replaceChildren(), 8000);
}

// Sends what somebody said, as JSON. Returns the answer's; throws what the server said was wrong, and what to do.
export async function post(address, body) {
  const answer = await fetch(address, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  const said = await answer.json();
  if (!answer.ok) throw new Error([said.error.message, said.error.hint].filter(Boolean).join(". "));
  return said;
}

// A page's keys are not meant while a dialog is open, or while somebody types.
export function meant(event, field = "textarea, select, input:not([type=range], [type=radio], [type=checkbox])") {
  const elsewhere = event.ctrlKey || event.metaKey || event.altKey || event.isComposing || document.querySelector("dialog[open]");
  return !elsewhere && !event.target.matches(field);
}

const help = document.querySelector("#keys");
if (help) {
  document.querySelector("[data-keys]").addEventListener("click", () => help.showModal());
  help.addEventListener("click", (event) => event.target === help && help.close()); // beside it
  document.addEventListener("keydown", (event) => {
    if (event.key !== "?" || !meant(event)) return;
    event.preventDefault();
    help.showModal();
  });
}

for (const form of document.querySelectorAll("form[data-auto]")) {
  form.querySelector("button").hidden = true;
  form.addEventListener("change", () => form.submit());
}

// The library's address changes as one types; links that lead back here follow it.
for (const link of document.querySelectorAll("a[data-back]")) {
  link.addEventListener("click", () => {
    const address = new URL(link.href);
    address.searchParams.set("back", location.pathname + location.search);
    link.href = address;
  });
}

// A mouse that rests on a mark shows its title; a finger that touches it, or what lies near it, gets the same below.
for (const chart of document.querySelectorAll("figure[data-chart]")) {
  const said = chart.querySelector("[data-read]");
  const marks = [...chart.querySelectorAll("svg [data-mark]")];
  chart.querySelector("svg").addEventListener("click", (event) => {
    const distance = (mark) => {
      const box = mark.getBoundingClientRect();
      const beside = (at, low, high) => Math.max(low - at, 0, at - high);
      return Math.hypot(beside(event.clientX, box.left, box.right), beside(event.clientY, box.top, box.bottom));
    };
    const nearest = marks.map((mark) => [distance(mark), mark]).reduce((one, other) => (other[0] < one[0] ? other : one), [Infinity, null])[1];
    for (const mark of marks) mark.classList.toggle("read", mark === nearest);
    said.textContent = nearest?.querySelector("title").textContent ?? "";
  });
}
