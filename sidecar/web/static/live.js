// What comes while one looks: the server tells of each new take; how many of them match is asked then.

import { word } from "./app.js";

export class Live {
  // newest: the id that the list knows; question: what is listed; changed: called with how many are new
  constructor(button, newest, question, changed) {
    this.button = button;
    this.newest = newest;
    this.question = question;
    this.changed = changed;
    this.source = null;
    // A browser has few connections to one host: who does not look gives his back.
    document.addEventListener("visibilitychange", () => (document.hidden ? this.stop() : this.start()));
    addEventListener("pagehide", () => this.stop());
    addEventListener("pageshow", () => this.start());
    if (!document.hidden) this.start();
  }

  start() {
    if (this.source) return;
    this.source = new EventSource("/api/changes");
    this.source.addEventListener("change", (event) => this.look(Number(event.data)));
  }

  stop() {
    this.source?.close();
    this.source = null;
  }

  async look(identity) {
    const known = this.newest();
    if (!(identity > known)) return;
    const answer = await fetch(`/api/arrived?after=${known}&${this.question()}`).catch(() => null);
    if (!answer?.ok || this.newest() !== known) return;
    const count = (await answer.json()).new;
    this.button.hidden = !count;
    this.button.textContent = word("n_new", count < 100 ? count : "100+");
    if (count) this.changed(count);
  }

  clear() {
    this.button.hidden = true;
  }
}
