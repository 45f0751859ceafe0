// A waveform: wavesurfer.js draws it from the outline that the server made, so that no audio is decoded here.

import WaveSurfer from "./vendor/wavesurfer.esm.js";
import Regions from "./vendor/regions.esm.js";

const BARS = { barWidth: 2, barGap: 1, barRadius: 1, barMinHeight: 2 }; // pixels
const FINGER = matchMedia("(pointer: coarse)");
const DARK = matchMedia("(prefers-color-scheme: dark)");
const SHORTEST = 0.05; // seconds that can be looped

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const inks = () => ({ waveColor: colour("wave"), progressColor: colour("accent"), cursorColor: colour("accent") });

export class Wave {
  // marked: called with the seconds that somebody marked with a mouse, or with null when the mark is taken away
  constructor(container, audio, marked = null) {
    this.container = container;
    // wavesurfer writes its first height into its style sheet, and the page's policy allows that one sheet by its hash
    // (web/security.py): therefore 0. A finger's stroke moves the position; a mouse's marks what is to be looped.
    const strokes = FINGER.matches || !marked;
    this.surfer = WaveSurfer.create({ container, media: audio, height: 0, dragToSeek: strokes, hideScrollbar: true, ...BARS, ...inks() });
    DARK.addEventListener("change", () => this.surfer.setOptions(inks()));
    this.surfer.on("error", () => {}); // the player asks the server what is amiss
    if (!marked) return;
    this.regions = this.surfer.registerPlugin(Regions.create());
    if (!strokes) this.regions.enableDragSelection(this.look());
    this.regions.on("region-created", (region) => {
      for (const other of this.regions.getRegions()) if (other !== region) other.remove();
      if (!this.marking) marked(region);
    });
    this.regions.on("region-updated", marked);
    this.surfer.on("click", (share) => {
      const [region] = this.regions.getRegions();
      const at = share * this.surfer.getDuration();
      if (region && (at < region.start || at > region.end)) marked(null);
    });
  }

  look() {
    return { color: `color-mix(in srgb, ${colour("accent")} 22%, transparent)`, minLength: SHORTEST };
  }

  // most: the peak that fills the height; the loudest of these where none is given
  async draw(source, peaks, seconds, most = null) {
    this.regions?.clearRegions();
    const height = this.container.clientHeight;
    this.surfer.setOptions({ height, normalize: true, maxPeak: most ?? undefined });
    const outline = peaks.length ? peaks : [0, 0];
    await this.surfer.load(new URL(source, location.href).href, [outline], seconds || undefined).catch(() => {});
    this.container.dataset.drawn = source;
  }

  mark(start, end) {
    this.marking = true;
    this.regions.addRegion({ start, end, ...this.look() });
    this.marking = false;
  }

  unmark() {
    this.regions.clearRegions();
  }
}
