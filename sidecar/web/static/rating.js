// The form in which a take is rated, on its page and beside the list.

import { post, word } from "./app.js";

export const NAME = "rated-by"; // by which name this browser's reader rates, tags and prefers

export class Rating {
  // saved: called with the rating, or null where it was taken back
  constructor(form, record, saved = () => {}) {
    this.form = form;
    this.record = record;
    this.saved = saved;
    this.notice = form.querySelector("[data-said]");
    form.elements.by.value = localStorage.getItem(NAME) ?? "";
    this.sent = Promise.resolve();
    this.back = form.querySelector("[data-unrate]");
    const chosen = () => Number(form.elements.rating.value) || null;
    form.addEventListener("change", ({ target }) => target.name !== "by" && chosen() && this.send(chosen()));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send(chosen());
    });
    this.back.addEventListener("click", () => {
      this.show(null);
      this.send(null);
    });
  }

  show(rating) {
    this.told = null; // somebody else may have said something else
    for (const star of this.form.elements.rating) star.checked = Number(star.value) === rating;
    this.back.hidden = !rating;
  }

  // One after the other, as they were said.
  send(rating) {
    const { form } = this;
    const by = form.elements.by.value.trim();
    localStorage.setItem(NAME, by);
    const body = { rating, note: rating === null ? null : form.elements.note.value.trim() || null, by: by || null };
    const told = JSON.stringify(body);
    if (told === this.told) return; // by a change, and now by the button
    this.told = told;
    this.back.hidden = !rating;
    this.sent = this.sent.then(() => this.post(rating, body));
  }

  async post(rating, body) {
    const { notice } = this;
    notice.classList.remove("bad");
    notice.textContent = "";
    try {
      await post(`/api/records/${this.record}/rating`, body);
      notice.textContent = word("saved");
      this.saved(rating);
    } catch (error) {
      this.told = null;
      notice.classList.add("bad");
      notice.textContent = word("not_saved", error.message);
    }
  }
}
