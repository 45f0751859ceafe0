// A take's tags, whether it is a favourite, and its note, on its page and beside the list: what was changed is sent, at
// the latest when one turns to something else.

import { post, word } from "./app.js";
import { NAME } from "./rating.js";

const FAVOURITE = "favourite"; // the tag that makes one

// Tags with commas between them.
export const tags = (text) => text.split(/[,，]/).map((tag) => tag.trim().replace(/\s+/g, " ")).filter(Boolean);

export class Said {
  // saved: called with { add, remove }
  constructor(form, record, saved = () => {}) {
    this.form = form;
    this.record = record;
    this.saved = saved;
    this.notice = form.querySelector("[data-said]");
    this.known = this.read();
    this.sent = Promise.resolve();
    const send = () => (this.sent = this.sent.then(() => this.send())); // what is on its way is known by then
    form.addEventListener("change", send); // nothing is lost by going on to another take
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      send();
    });
  }

  read() {
    const { elements } = this.form;
    return { tags: new Set([...tags(elements.tags.value), ...(elements.favourite.checked ? [FAVOURITE] : [])]), note: elements.note.value.trim() };
  }

  async send() {
    const { known, notice } = this;
    notice.classList.remove("bad");
    notice.textContent = "";
    const now = this.read();
    const add = [...now.tags].filter((tag) => !known.tags.has(tag));
    const remove = [...known.tags].filter((tag) => !now.tags.has(tag));
    try {
      if (add.length || remove.length) await this.tell("tags", { add, remove });
      if (now.note !== known.note) await this.tell("note", { note: now.note || null });
      this.known = now;
      notice.textContent = word("saved");
      this.saved({ add, remove });
    } catch (error) {
      notice.classList.add("bad");
      notice.textContent = word("not_saved", error.message);
    }
  }

  tell(path, body) {
    return post(`/api/records/${this.record}/${path}`, { ...body, by: localStorage.getItem(NAME) || null });
  }
}
