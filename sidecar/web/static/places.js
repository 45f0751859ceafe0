// Where the reader was in each list: kept in the tab, so that Back, a reload and the link back lead to the same rows.

const KEY = "places";
const RETURN = "return";
const MOST = 30; // lists remembered

function all() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY)) ?? {};
  } catch {
    return {};
  }
}

export const here = () => location.pathname + location.search;

// place: { count: rows shown, record: the one that the screen begins with, offset: its distance from the top, chosen }
export function keep(address, place) {
  const places = all();
  delete places[address]; // so that it becomes the last
  places[address] = place;
  for (const old of Object.keys(places).slice(0, -MOST)) delete places[old];
  sessionStorage.setItem(KEY, JSON.stringify(places));
}

// The place in this list, where the reader comes back to it; null where the list is opened anew.
export function kept() {
  const asked = sessionStorage.getItem(RETURN) === here();
  sessionStorage.removeItem(RETURN);
  const [entry] = performance.getEntriesByType("navigation");
  return asked || ["back_forward", "reload"].includes(entry?.type) ? (all()[here()] ?? null) : null;
}

const lastList = () => Object.keys(all()).at(-1) ?? null;

const comeBack = (address) => sessionStorage.setItem(RETURN, address);

// Whether the page before this one, in this tab, is that list.
function cameFrom(address) {
  const before = document.referrer && new URL(document.referrer);
  return Boolean(address && before && history.length > 1 && before.origin === location.origin && before.pathname + before.search === address);
}

// A link back to the very list that led here, as it was; to the library as it was last where none did. Returns it.
export function leadBack(link) {
  const list = lastList();
  if (list) link.href = list;
  link.addEventListener("click", (event) => {
    comeBack(link.getAttribute("href"));
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button || !cameFrom(list)) return;
    event.preventDefault();
    history.back();
  });
  return link;
}
