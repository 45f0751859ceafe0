// The rows, page by page as the server draws them. However far one scrolls, a few pages are in the document: above them
// stands room of their height, and what was taken away is asked for again when one comes back.

export const MOST = 8; // pages in the document

export class List {
  // fetched: the address of rows, without its path, to the element that holds them; null where nothing came
  constructor(table, more, fetched) {
    this.table = table;
    this.more = more;
    this.fetched = fetched;
    this.above = []; // pages taken away at the top: { address, height, count }
    this.room = document.createElement("tbody");
    this.room.append(document.createElement("tr"));
    this.room.setAttribute("aria-hidden", "true");
    this.room.hidden = true;
    this.busy = false;
  }

  get rows() {
    return [...this.table.querySelectorAll(".take")];
  }

  get pages() {
    return [...this.table.tBodies].filter((body) => body !== this.room);
  }

  row(record) {
    return record ? this.table.querySelector(`.take[data-record="${CSS.escape(record)}"]`) : null;
  }

  // The first page of a question, with the head that tells its order.
  replace(listing, address) {
    const table = listing.querySelector("#results");
    for (const body of [...this.table.tBodies]) body.remove();
    this.above = [];
    this.room.hidden = true;
    if (table?.tHead && this.table.tHead) this.table.tHead.replaceWith(table.tHead);
    this.table.dataset.newest = table?.dataset.newest ?? "";
    this.table.append(this.room);
    this.append(listing, address);
  }

  append(listing, address) {
    const body = listing.querySelector("#results")?.tBodies[0] ?? document.createElement("tbody");
    this.adopt(body, address);
    this.table.append(body);
    const next = listing.querySelector("#more");
    this.more.hidden = !next || next.hidden;
    if (next) {
      this.more.href = next.getAttribute("href");
      this.more.textContent = next.textContent;
    }
    if (this.pages.length > MOST && this.pages[0].getBoundingClientRect().bottom < -innerHeight) this.dropTop();
    return body;
  }

  adopt(body, address) {
    body.dataset.address = address;
    const known = new Set(this.rows.map((row) => row.dataset.id));
    for (const row of body.querySelectorAll(".take")) if (known.has(row.dataset.id)) row.remove();
    const days = new Set([...this.table.querySelectorAll(".day")].map((row) => row.dataset.day));
    for (const day of body.querySelectorAll(".day")) if (days.has(day.dataset.day)) day.remove();
  }

  dropTop() {
    const [first] = this.pages;
    this.above.push({ address: first.dataset.address, height: first.getBoundingClientRect().height });
    first.remove();
    this.makeRoom();
  }

  makeRoom() {
    const height = this.above.reduce((sum, page) => sum + page.height, 0);
    this.room.hidden = !height;
    this.room.firstElementChild.style.height = `${height}px`;
  }

  // What was taken away at the top, again, when one has scrolled up to it.
  async restore() {
    if (this.busy || !this.above.length || this.room.getBoundingClientRect().bottom < -400) return false;
    this.busy = true;
    const page = this.above.at(-1);
    const listing = await this.fetched(page.address);
    this.busy = false;
    const body = listing?.querySelector("#results")?.tBodies[0];
    if (!body || this.above.at(-1) !== page) return false;
    this.adopt(body, page.address);
    this.room.after(body);
    this.above.pop();
    this.makeRoom();
    while (this.pages.length > MOST) {
      const last = this.pages.at(-1);
      this.more.href = `/?${last.dataset.address}`;
      this.more.hidden = false;
      last.remove();
    }
    return true;
  }
}
