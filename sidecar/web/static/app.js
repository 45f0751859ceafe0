// What every page does: times in the reader's own zone, forms that submit themselves, links that lead back here.

export const words = JSON.parse(document.body.dataset.words);
const locale = document.documentElement.lang;

export function word(name, ...values) {
  let text = words[name] ?? name.slice(name.indexOf("_") + 1);
  for (const value of values) text = text.replace("{}", value);
  return text;
}

const moment = new Intl.DateTimeFormat(locale, {
  year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
});

export function when(iso) {
  return moment.format(new Date(iso));
}

export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds || 0));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

for (const element of document.querySelectorAll("time[datetime]")) {
  element.title = element.dateTime;
  element.textContent = when(element.dateTime);
}

for (const form of document.querySelectorAll("form[data-auto]")) {
  form.querySelector("button").hidden = true;
  form.addEventListener("change", () => form.submit());
}

// The library's address changes as one types; links that lead back here follow it.
for (const link of document.querySelectorAll("a[data-back]")) {
  link.addEventListener("click", () => {
    const address = new URL(link.href);
    address.searchParams.set("back", location.pathname + location.search);
    link.href = address;
  });
}
