// What was said of takes, drawn into their rows at once. The server draws it the same way when it has been delivered.

import { word } from "./app.js";

const MOST_TAGS = 3; // as the server shows

function badge(kind, text) {
  const made = document.createElement("span");
  made.className = kind === "tag" ? "badge tag" : kind;
  made.dataset[kind] = "";
  made.textContent = text;
  return made;
}

function favour(row, favourite) {
  const badges = row.querySelector("[data-badges]");
  badges.querySelector("[data-favourite]")?.remove();
  if (favourite) badges.prepend(badge("favourite", "♥"));
}

function tagged(row, add = [], remove = []) {
  const badges = row.querySelector("[data-badges]");
  const shown = () => [...badges.querySelectorAll("[data-tag]")];
  for (const each of shown()) if (add.includes(each.textContent) || remove.includes(each.textContent)) each.remove();
  for (const tag of add) if (shown().length < MOST_TAGS) badges.append(badge("tag", tag));
}

function rated(row, rating) {
  const stars = row.querySelector("[data-stars]");
  if (!stars) return; // the column was not chosen
  stars.textContent = "★".repeat(rating ?? 0);
  if (rating) Object.assign(stars, { role: "img", ariaLabel: word("rate_n", rating) });
}

function deleted(row) {
  const play = row.querySelector("[data-play]");
  play.disabled = true;
  play.setAttribute("aria-label", word("no_audio"));
  row.querySelector(".thumbnail")?.remove();
  row.querySelector("[data-gone]")?.remove();
  const gone = badge("gone", word("gone_deleted"));
  gone.title = word("audio_deleted");
  row.querySelector("[data-badges]").before(gone);
}

// action, what: as they were sent to /api/selection
export function said(rows, action, what) {
  for (const row of rows) {
    if (action === "rate") rated(row, what.rating);
    else if (action === "favourite") favour(row, what.favourite);
    else if (action === "tag") tagged(row, what.add, what.remove);
    else if (action === "delete") deleted(row);
  }
}
