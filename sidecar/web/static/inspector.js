// The chosen take beside the list, where there is room: what its own page says, drawn by the server as it is there.

import { word } from "./app.js";
import { Rating } from "./rating.js";
import { said } from "./rows.js";
import { Said } from "./said.js";

const ROOM = matchMedia("(min-width: 84rem)");

export class Inspector {
  // list: whose rows follow what is said here; play: plays a row
  constructor(root, list, play) {
    this.root = root;
    this.list = list;
    this.play = play;
    this.record = null;
    ROOM.addEventListener("change", () => ROOM.matches || this.close());
    root.addEventListener("click", (event) => event.target.closest("[data-close]") && this.close());
  }

  get fits() {
    return ROOM.matches;
  }

  get open() {
    return !this.root.hidden;
  }

  async show(record) {
    if (!record || record === this.record) return;
    this.record = record;
    this.root.hidden = false;
    this.root.setAttribute("aria-busy", "true");
    const answer = await fetch(`/records/${record}`).catch(() => null);
    if (this.record !== record) return;
    const page = answer?.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
    const article = page?.querySelector("article.record");
    this.root.replaceChildren(this.top(record), ...(article ? this.parts(article) : [document.createTextNode(word("unavailable"))]));
    this.serve(record);
    this.root.removeAttribute("aria-busy");
    this.root.scrollTop = 0;
  }

  top(record) {
    const line = document.createElement("p");
    line.className = "actions";
    const open = document.createElement("a");
    open.href = `/records/${record}`;
    open.textContent = word("open_page");
    const play = document.createElement("button");
    play.type = "button";
    play.textContent = word("play");
    play.disabled = this.row?.querySelector("[data-play]").disabled;
    play.addEventListener("click", () => this.row && this.play(this.row));
    const close = document.createElement("button");
    close.type = "button";
    close.className = "plain";
    close.dataset.close = "";
    close.textContent = word("close_inspector");
    line.append(open, play, close);
    return line;
  }

  get row() {
    return this.list.row(this.record);
  }

  // The forms, as on the take's own page.
  serve(record) {
    const [rating, saying] = ["#rating", "#said"].map((form) => this.root.querySelector(form));
    const rows = () => [this.list.row(record)].filter(Boolean); // the answer may come when another take is shown
    this.rating = rating && new Rating(rating, record, (stars) => said(rows(), "rate", { rating: stars }));
    if (!saying) return;
    new Said(saying, record, ({ add, remove }) => {
      const plain = (tags) => tags.filter((tag) => tag !== "favourite");
      said(rows(), "tag", { add: plain(add), remove: plain(remove) });
      if (plain(add).length < add.length || plain(remove).length < remove.length) said(rows(), "favourite", { favourite: plain(add).length < add.length });
    });
  }

  // By a key, in the list.
  rated(row, rating) {
    if (row && row === this.row) this.rating?.show(rating);
  }

  // Without what needs the page's own script; the list has a player.
  parts(article) {
    for (const each of article.querySelectorAll("[data-player], .scripted:not(:has(#rating, #said)), script, noscript")) (each.closest(".card") ?? each).remove();
    for (const button of article.querySelectorAll("button:not(form button)")) button.remove();
    for (const each of article.querySelectorAll("[id]:not(form, form *)")) each.removeAttribute("id");
    const title = article.querySelector("h1");
    if (title) {
      const heading = document.createElement("h2");
      heading.className = title.className;
      heading.append(...title.childNodes);
      title.replaceWith(heading);
    }
    return [document.adoptNode(article)];
  }

  close() {
    this.record = null;
    this.root.hidden = true;
    this.root.replaceChildren();
  }
}
