// The takes that are selected, and what can be done with them all. A selection outlives scrolling: it is a set of ids, or
// all that matches.

import { post, tell, word } from "./app.js";
import { NAME } from "./rating.js";
import { said } from "./rows.js";
import { tags } from "./said.js";

export class Selection {
  // question: the address of what is listed, without its path; total: how many that are, as it is said
  constructor(root, dialog, list, question, total) {
    this.root = root;
    this.dialog = dialog;
    this.list = list;
    this.question = question;
    this.total = total;
    this.ids = new Set();
    this.whole = false;
    this.anchor = null;
    this.lent = false; // whether the row is selected for one action only
    const act = (selector, event, work) => root.querySelector(selector).addEventListener(event, work);
    act("[data-all]", "click", () => this.every());
    act("[data-clear]", "click", () => this.clear());
    act("[data-rate]", "change", (happened) => {
      const { value } = happened.target;
      happened.target.value = "";
      if (value) this.send("rate", { rating: value === "none" ? null : Number(value) });
    });
    act("[data-tag]", "submit", (happened) => {
      happened.preventDefault();
      const field = happened.target.elements.tag;
      const given = tags(field.value);
      const remove = given.filter((tag) => tag.startsWith("-")).map((tag) => tag.slice(1).trim());
      const add = given.filter((tag) => !tag.startsWith("-")).map((tag) => tag.replace(/^\+/, "").trim());
      field.value = "";
      if (given.length) this.send("tag", { add, remove });
    });
    act("[data-favourite]", "click", () => this.favourite());
    act("[data-delete]", "click", () => this.ask());
    act("[data-download]", "submit", (happened) => {
      const { ids, query } = happened.target.elements;
      ids.disabled = this.whole;
      query.disabled = !this.whole;
      ids.value = [...this.ids].join(",");
      query.value = this.question();
      setTimeout(() => this.giveBack()); // once it is sent
    });
    dialog.addEventListener("close", () => dialog.returnValue === "yes" && this.send("delete", {}));
  }

  get size() {
    return this.ids.size;
  }

  // One row more or less; with a range, all from the last one on.
  toggle(row, range = false) {
    if (!row?.dataset.record) return;
    this.lent = false;
    const rows = this.list.rows;
    const from = range && this.anchor ? rows.indexOf(this.list.row(this.anchor)) : -1;
    const to = rows.indexOf(row);
    this.whole = false;
    if (from >= 0) {
      for (const each of rows.slice(Math.min(from, to), Math.max(from, to) + 1)) this.add(each);
    } else if (this.ids.has(row.dataset.record)) this.ids.delete(row.dataset.record);
    else this.add(row);
    if (from < 0) this.anchor = row.dataset.record;
    this.show();
  }

  add(row) {
    if (row.dataset.record) this.ids.add(row.dataset.record);
  }

  // All rows that are shown; where they are selected already, all that match.
  all() {
    const rows = this.list.rows.filter((row) => row.dataset.record);
    if (rows.length && rows.every((row) => this.ids.has(row.dataset.record))) this.whole = true;
    rows.forEach((row) => this.add(row));
    this.show();
  }

  // All that match, where they were counted; else all rows that are shown.
  every() {
    this.whole = Boolean(this.total());
    this.all();
  }

  // What acts on a selection acts on this row where nothing is selected. Whether there is something to act on.
  take(row) {
    if (!this.size) {
      this.toggle(row);
      this.lent = this.size > 0;
    }
    return this.size > 0;
  }

  giveBack() {
    if (this.lent) this.clear();
  }

  // As it is, for the page that comes back to it.
  get left() {
    return { ids: [...this.ids], whole: this.whole };
  }

  comeBackTo({ ids, whole }) {
    this.ids = new Set(ids);
    this.whole = whole;
    this.show();
  }

  clear() {
    this.ids.clear();
    this.whole = this.lent = false;
    this.anchor = null;
    if (this.root.contains(document.activeElement)) this.list.table.focus({ preventScroll: true });
    this.show();
  }

  show() {
    for (const row of this.list.rows) {
      const mine = this.has(row);
      row.classList.toggle("picked", mine);
      const box = row.querySelector("[data-pick]");
      if (box) box.checked = mine;
    }
    this.root.hidden = !this.size;
    document.documentElement.classList.toggle("selecting", Boolean(this.size));
    this.root.querySelector("[data-count]").textContent = this.named();
    const every = this.root.querySelector("[data-all]");
    every.hidden = this.whole;
    every.textContent = word("select_all", this.total() || this.list.rows.length);
    const compare = this.root.querySelector("[data-compare]");
    const several = [...this.ids];
    compare.hidden = this.whole || several.length < 2 || several.length > 20;
    compare.href = `/compare?${several.map((id) => `id=${id}`).join("&")}`;
  }

  has(row) {
    return this.whole ? Boolean(row.dataset.record) : this.ids.has(row.dataset.record);
  }

  named() {
    return this.whole ? word("all_selected", this.total()) : word("n_selected", this.size);
  }

  ask() {
    this.dialog.querySelector("h2").textContent = this.size === 1 ? word("delete_one") : word("delete_n", this.whole ? this.total() : this.size);
    const [only] = this.size === 1 ? this.list.rows.filter((row) => this.has(row)) : [];
    this.dialog.querySelector("[data-which]").textContent = only?.querySelector("[data-open]").textContent ?? "";
    this.dialog.returnValue = "";
    this.dialog.showModal();
    this.dialog.querySelector("[value=no]").focus();
  }

  // Makes favourites; where all that are shown are some, makes none of them.
  favourite(row = null) {
    const rows = row ? [row] : this.list.rows.filter((each) => this.has(each));
    const all = rows.length > 0 && rows.every((each) => each.querySelector("[data-favourite]"));
    return this.send("favourite", { favourite: !all }, row);
  }

  // row: the only one that is meant; else what is selected
  async send(action, what, row = null) {
    const which = row ? { ids: [row.dataset.record] } : this.whole ? { query: this.question() } : { ids: [...this.ids] };
    const meant = row ? [row] : this.list.rows.filter((each) => this.has(each));
    tell("…");
    try {
      const { records, kept = {} } = await post(`/api/selection/${action}`, { ...which, ...what, by: localStorage.getItem(NAME) || null });
      if (!Object.keys(kept).length) said(meant, action, what); // which ones were kept is not told
      tell(records === 1 ? word("saved") : word("done_n", records));
      this.giveBack();
      return true;
    } catch (error) {
      tell(word("not_saved", error instanceof TypeError ? word("unavailable") : error.message), true);
      return false;
    }
  }
}
