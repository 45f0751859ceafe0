// One player: a button, a waveform that is also the slider, a clock. The browser requests the ranges that it needs.

import { clock, word } from "/static/app.js";

const PARTS = 240;
const NAMESPACE = "http://www.w3.org/2000/svg";

export class Player {
  constructor(root) {
    this.root = root;
    this.audio = root.querySelector("audio");
    this.button = root.querySelector("[data-toggle]");
    this.seek = root.querySelector("[data-seek]");
    this.clock = root.querySelector("[data-clock]");
    this.wave = root.querySelector("[data-wave]");
    this.missing = root.querySelector("[data-missing]");
    this.source = null;
    this.length = 0;
    this.changed = () => {};
    this.button.addEventListener("click", () => this.toggle());
    this.seek.addEventListener("input", () => this.moveTo(this.seek.value / this.seek.max));
    for (const name of ["play", "pause", "ended", "timeupdate", "loadedmetadata", "seeked"]) {
      this.audio.addEventListener(name, () => this.show());
    }
    this.audio.addEventListener("error", () => this.explain());
  }

  get playing() {
    return !this.audio.paused && !this.audio.ended;
  }

  get duration() {
    return Number.isFinite(this.audio.duration) ? this.audio.duration : this.length;
  }

  async load(source, length = 0) {
    if (this.source === source) return;
    this.source = source;
    this.length = length;
    this.missing.textContent = "";
    this.audio.src = `/api/records/${source}/audio`;
    this.draw([]);
    this.show();
    const answer = await fetch(`/api/records/${source}/waveform`).catch(() => null);
    if (answer?.ok && this.source === source) {
      this.draw((await answer.json()).peaks);
      this.show();
    }
  }

  toggle() {
    if (this.playing) this.audio.pause();
    else this.audio.play().catch(() => {});
  }

  moveTo(share) {
    if (this.duration) this.audio.currentTime = share * this.duration;
    this.show();
  }

  draw(peaks) {
    const loudest = Math.max(...peaks, 0.01);
    const heights = peaks.length ? peaks.map((peak) => peak / loudest) : new Array(PARTS).fill(0);
    const line = heights.map((peak, index) => {
      const height = Math.max(2, peak * 96);
      return `M${index + 0.5} ${50 - height / 2}v${height}`;
    }).join("");
    const shape = (name) => {
      const path = document.createElementNS(NAMESPACE, "path");
      path.setAttribute("d", line);
      path.setAttribute("class", name);
      return path;
    };
    this.played = shape("played");
    this.wave.replaceChildren(shape("all"), this.played);
  }

  show() {
    const share = this.duration ? Math.min(1, this.audio.currentTime / this.duration) : 0;
    this.seek.value = Math.round(share * this.seek.max);
    this.seek.setAttribute("aria-valuetext", `${clock(this.audio.currentTime)} / ${clock(Math.round(this.duration))}`);
    this.clock.textContent = `${clock(this.audio.currentTime)} / ${clock(Math.round(this.duration))}`;
    if (this.played) this.played.style.clipPath = `inset(0 ${100 - share * 100}% 0 0)`;
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
    this.missing.textContent = body?.error.code ? word(`audio_${body.error.code}`) : (body?.error.message ?? word("unavailable"));
    this.show();
  }
}
