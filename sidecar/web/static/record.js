// One record: its player, its text to copy, its rating.

import { meant, word } from "./app.js";
import { leadBack } from "./places.js";
import { Player } from "./player.js";
import { Rating } from "./rating.js";
import { Said } from "./said.js";

const record = document.querySelector("[data-record]").dataset.record;
const text = document.querySelector("#text");
const rating = new Rating(document.querySelector("#rating"), record);
new Said(document.querySelector("#said"), record);

text.classList.toggle("long", text.textContent.length > 160);

const root = document.querySelector("[data-player]");
const player = root ? new Player(root) : null;
player?.load(record, root.dataset.length);

const back = leadBack(document.querySelector("[data-return]"));

// The text, and the request in each form that it can be made again in
for (const button of document.querySelectorAll("[data-copy]")) {
  const label = button.textContent;
  const kind = button.dataset.copy;
  const source = kind ? document.querySelector(`[data-form=${kind}] pre`) : text;
  button.addEventListener("click", async () => {
    await copied(source.textContent);
    button.textContent = word("copied");
    setTimeout(() => (button.textContent = label), 1500);
  });
}

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

document.addEventListener("keydown", (event) => {
  const typing = "textarea, select, input:not([type=radio], [type=range], [type=checkbox])";
  if (event.key === "Escape" && event.target.matches(typing)) return event.target.blur();
  if (!meant(event, typing)) return;
  const pressable = event.target.matches("button, a, summary, input[type=radio], input[type=checkbox]"); // Space is theirs
  if (event.key === "p" || (event.key === " " && !pressable)) player?.toggle();
  else if (event.key === "Backspace" || event.key === "u") back.click();
  else if ("12345".includes(event.key)) {
    rating.show(Number(event.key));
    rating.send(Number(event.key));
  } else return;
  event.preventDefault();
});
