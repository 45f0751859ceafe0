// One player: a button, a waveform that is also the slider, a clock. The browser requests the ranges that it needs.

import { clock, word } from "./app.js";
import { Controls } from "./controls.js";
import { draggable } from "./drag.js";
import { Wave } from "./wave.js";

const SHOWN = ["play", "pause", "ended", "timeupdate", "loadedmetadata", "seeked"];

export class Player {
  constructor(root) {
    this.root = root;
    this.audio = root.querySelector("audio");
    this.button = root.querySelector("[data-toggle]");
    this.seek = root.querySelector("[data-seek]");
    this.clock = root.querySelector("[data-clock]");
    this.missing = root.querySelector("[data-missing]");
    this.retry = root.querySelector("[data-retry]");
    this.source = null;
    this.length = "";
    this.file = null; // { record, name, type } once the server has told
    this.changed = () => {};
    this.further = async () => {}; // more rows, where the page can have them
    this.controls = new Controls(this);
    this.wave = new Wave(root.querySelector("[data-wave]"), this.audio, (region) => this.controls.marked(region));
    for (const handle of [root.querySelector("[data-title]"), document.querySelector("a[data-download]")]) {
      if (handle) draggable(handle, () => this.file);
    }
    this.button.addEventListener("click", () => this.toggle());
    this.seek.addEventListener("input", () => this.moveTo(this.seek.value / this.seek.max));
    for (const name of SHOWN) this.audio.addEventListener(name, () => this.show());
    this.wave.surfer.on("timeupdate", () => this.show());
    this.audio.addEventListener("error", () => this.explain());
    this.retry.addEventListener("click", () => {
      const source = this.source;
      this.source = null;
      this.load(source, this.length);
      this.toggle();
    });
  }

  get playing() {
    return !this.audio.paused && !this.audio.ended;
  }

  get duration() {
    return Number.isFinite(this.audio.duration) ? this.audio.duration : this.wave.surfer.getDuration();
  }

  get time() {
    return this.wave.surfer.getCurrentTime();
  }

  // length: as the server wrote it
  async load(source, length = "") {
    if (this.source === source) return;
    this.source = source;
    this.length = length;
    this.file = null;
    this.missing.textContent = "";
    this.retry.hidden = true;
    const address = `/api/records/${source}`;
    delete this.wave.container.dataset.drawn;
    this.audio.src = `${address}/audio`;
    this.controls.begin();
    this.show();
    const answer = await fetch(`${address}/waveform`).catch(() => null);
    if (!answer?.ok || this.source !== source) return;
    const { peaks, seconds, name, type } = await answer.json();
    if (this.source !== source) return;
    this.file = { record: source, name, type };
    await this.wave.draw(`${address}/audio`, peaks, seconds);
    this.show();
  }

  toggle() {
    if (this.playing) this.audio.pause();
    // Whoever listens to one after another hears the next where this one cannot be played.
    else this.audio.play().catch((error) => error.name === "NotSupportedError" && this.controls.ended());
  }

  // The take after (1) or before (-1) this one: any row with its record's id and a button to play it. Where the page has
  // none left, further ones are asked for, once: a library of silent takes is not walked through to its end.
  async step(way) {
    const { source } = this;
    let button = this.beside(way);
    if (!button && way > 0) {
      await this.further();
      if (this.source === source) button = this.beside(way);
    }
    button?.click();
  }

  beside(way) {
    const buttons = [...document.querySelectorAll("[data-record] [data-play]")];
    let at = buttons.findIndex((button) => button.closest("[data-record]").dataset.record === this.source);
    if (at < 0) return null;
    do at += way;
    while (buttons[at]?.disabled);
    return buttons[at] ?? null;
  }

  moveTo(share) {
    this.wave.surfer.seekTo(share);
    this.show();
  }

  show() {
    const share = this.duration ? Math.min(1, this.time / this.duration) : 0;
    this.seek.value = Math.round(share * this.seek.max);
    const read = `${clock(this.time, this.length)} / ${this.length}`;
    this.seek.setAttribute("aria-valuetext", read);
    this.clock.textContent = read;
    this.root.classList.toggle("playing", this.playing);
    this.button.setAttribute("aria-label", word(this.playing ? "pause" : "play"));
    this.changed();
  }

  async explain() {
    if (!this.source) return;
    const source = this.source;
    const answer = await fetch(`/api/records/${source}/audio`, { method: "GET", headers: { Range: "bytes=0-0" } }).catch(() => null);
    if (this.source !== source) return;
    const body = answer && !answer.ok ? await answer.json().catch(() => null) : null;
    const code = answer?.ok ? "unplayable" : body?.error.code;
    this.missing.textContent = code ? word(`audio_${code}`) : (body?.error.message ?? word("unavailable"));
    this.retry.hidden = Boolean(code);
    this.show();
  }
}
