// What a player has besides: next and previous, a loop, speed, volume; what of it the reader chose, this browser keeps.

import { clock, meant, word } from "./app.js";

const KEPT = "player";
const TENTHS = "0.0"; // a loop's clock shows them, however long the take is

function kept() {
  try {
    return { speed: 1, volume: 1, muted: false, autoplay: false, ...JSON.parse(localStorage.getItem(KEPT)) };
  } catch {
    return { speed: 1, volume: 1, muted: false, autoplay: false };
  }
}

export class Controls {
  constructor(player) {
    const part = (name) => player.root.querySelector(`[data-${name}]`);
    this.player = player;
    this.speed = part("speed");
    this.volume = part("volume");
    this.mute = part("mute");
    this.autoplay = part("autoplay");
    this.looping = part("loop");
    this.loop = null; // seconds: { start, end }; end is null while only the beginning is set
    this.chosen = kept();
    this.speed.addEventListener("change", () => this.choose({ speed: Number(this.speed.value) }));
    this.volume.addEventListener("input", () => this.choose({ volume: Number(this.volume.value), muted: false }));
    this.mute.addEventListener("click", () => this.choose({ muted: !this.chosen.muted }));
    this.autoplay?.addEventListener("click", () => this.choose({ autoplay: !this.chosen.autoplay }));
    this.looping.addEventListener("click", () => this.turn());
    for (const way of [-1, 1]) part(`step="${way}"`)?.addEventListener("click", () => player.step(way));
    player.audio.addEventListener("ended", () => this.ended());
    document.addEventListener("keydown", (event) => this.key(event));
    this.apply();
  }

  choose(some) {
    Object.assign(this.chosen, some);
    localStorage.setItem(KEPT, JSON.stringify(this.chosen));
    this.apply();
  }

  apply() {
    const { speed, volume, muted, autoplay } = this.chosen;
    const { audio } = this.player;
    audio.preservesPitch = true;
    audio.playbackRate = speed;
    audio.volume = volume;
    audio.muted = muted;
    this.speed.value = String(speed);
    this.volume.value = String(muted ? 0 : volume);
    this.mute.setAttribute("aria-pressed", String(muted));
    this.autoplay?.setAttribute("aria-pressed", String(autoplay));
  }

  // A new take: what was looped in the one before means nothing here.
  begin() {
    this.set(null);
    this.apply();
  }

  // No loop, then one from here, then one from there to here, then none.
  turn() {
    const { player, loop } = this;
    if (!loop) this.set({ start: player.time, end: null });
    else if (loop.end === null && player.time > loop.start) this.close(player.time);
    else this.set(null);
  }

  close(end) {
    this.set({ start: this.loop.start, end });
    this.player.wave.mark(this.loop.start, end);
    this.player.moveTo(this.loop.start / this.player.duration);
  }

  // By the mouse, on the waveform
  marked(region) {
    this.set(region && { start: region.start, end: region.end });
    if (region) this.player.moveTo(region.start / this.player.duration);
  }

  set(loop) {
    this.loop = loop;
    cancelAnimationFrame(this.watching);
    if (!loop) this.player.wave?.unmark();
    if (loop?.end) this.watch();
    const [from, to] = [loop?.start, loop?.end].map((seconds) => clock(seconds, TENTHS));
    const read = loop?.end ? word("loop_between", from, to) : loop ? word("loop_from", from) : word("loop");
    this.looping.textContent = read;
    this.looping.setAttribute("aria-pressed", String(Boolean(loop)));
  }

  watch() {
    const { player, loop } = this;
    if (player.audio.currentTime >= loop.end) player.audio.currentTime = loop.start;
    this.watching = requestAnimationFrame(() => this.watch());
  }

  ended() {
    const { player, loop } = this;
    if (loop) {
      if (loop.end === null) this.close(player.duration);
      player.audio.currentTime = loop.start;
      player.audio.play().catch(() => {});
    } else if (this.autoplay && this.chosen.autoplay) player.step(1);
  }

  faster(way) {
    const speeds = [...this.speed.options].map((option) => Number(option.value));
    const next = speeds[speeds.indexOf(this.chosen.speed) + way];
    if (next) this.choose({ speed: next });
  }

  key(event) {
    const { player } = this;
    if (!meant(event) || !player.source) return;
    const steps = this.autoplay !== null;
    const act = {
      n: steps && (() => player.step(1)),
      b: steps && (() => player.step(-1)),
      l: () => this.turn(),
      m: () => this.choose({ muted: !this.chosen.muted }),
      "<": () => this.faster(-1),
      ">": () => this.faster(1),
    }[event.key];
    if (!act) return;
    act();
    event.preventDefault();
  }
}
