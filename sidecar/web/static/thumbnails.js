// The small waveforms of the rows: asked for together, for the rows at which the scrolling has come to rest.

const REST = 100; // milliseconds
const NEAR = "200px";
const STEP = 3; // pixels from bar to bar; two of them are ink
const LEAST = 4; // of a bar, in hundredths

// Quiet parts are drawn higher than they are, or speech would be a line with a few peaks.
function bar(height, at) {
  const half = Math.max(Math.round(100 * (height / 100) ** 0.6), LEAST);
  return `M${STEP * at + 1} ${100 - half}V${100 + half}`;
}

export class Thumbnails {
  constructor() {
    this.near = new Set();
    this.timer = 0;
    this.watcher = new IntersectionObserver((seen) => this.moved(seen), { rootMargin: NEAR });
  }

  // Rows that have none yet, where the column is shown; to be called again with what came since.
  watch(rows) {
    for (const row of rows) {
      const path = row.querySelector(".thumbnail path");
      if (path && !path.hasAttribute("d") && path.closest("td").offsetWidth) this.watcher.observe(row);
    }
  }

  moved(seen) {
    for (const { target, isIntersecting } of seen) isIntersecting ? this.near.add(target) : this.near.delete(target);
    clearTimeout(this.timer);
    if (this.near.size) this.timer = setTimeout(() => this.ask(), REST);
  }

  async ask() {
    const rows = [...this.near];
    this.near.clear();
    const asked = new URLSearchParams(rows.map((row) => ["id", row.dataset.id]));
    const answer = await fetch(`/waveforms?${asked}`).catch(() => null);
    if (!answer?.ok) return; // asked again when the row comes back into view
    const drawn = await answer.json().catch(() => ({})); // a page to log in, where that was needed meanwhile
    for (const row of rows) {
      this.watcher.unobserve(row);
      const bars = drawn[row.dataset.id] ?? [];
      row.querySelector(".thumbnail path").setAttribute("d", bars.map(bar).join(""));
    }
  }
}
