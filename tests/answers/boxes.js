// Which texts of the page leave their box, are cut off by it, or lie on one another in a drawing: one line each.
// A box is what has a border, a ground of its own, or hides what leaves it. What may be scrolled, or says with an
// ellipsis that there is more, is no fault.
() => {
  const SLACK = 1.5; // pixels; glyphs lean out of their line
  const found = [];
  const say = (node, why) => found.push(`${why}: "${node.textContent.trim().slice(0, 60)}" in ${path(node.parentElement)}`);
  const path = (element) => {
    const names = [];
    for (let each = element; each && each !== document.body && names.length < 3; each = each.parentElement) {
      const kind = each.getAttribute("class");
      names.unshift(each.localName + (each.id ? `#${each.id}` : "") + (kind ? `.${kind.trim().split(/\s+/).join(".")}` : ""));
    }
    return names.join(" > ");
  };
  const paints = (style) => style.backgroundColor !== "rgba(0, 0, 0, 0)" || (style.borderStyle !== "none" && parseFloat(style.borderLeftWidth) > 0);
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    const parent = node.parentElement;
    if (!node.textContent.trim() || !parent.checkVisibility({ checkVisibilityCSS: true }) || parent.closest("script, template, option, textarea, noscript, .hidden, .skip, title")) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const rects = [...range.getClientRects()].filter((rect) => rect.width && rect.height);
    const drawing = parent.closest("svg");
    if (drawing) {
      const box = parent.getBoundingClientRect();
      const all = drawing.getBoundingClientRect();
      if (box.left < all.left - SLACK || box.right > all.right + SLACK) say(node, "cut");
      for (const other of drawing.querySelectorAll("text")) {
        if (other === parent || !(parent.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING)) continue;
        const its = other.getBoundingClientRect();
        const across = Math.min(box.right, its.right) - Math.max(box.left, its.left);
        const down = Math.min(box.bottom, its.bottom) - Math.max(box.top, its.top);
        if (its.width && across > SLACK && down > box.height / 2) say(node, `on "${other.textContent}"`);
      }
      continue;
    }
    for (let each = parent; each && each !== document.documentElement; each = each.parentElement) {
      const style = getComputedStyle(each);
      if (/auto|scroll/.test(style.overflowX) || style.textOverflow === "ellipsis" || style.webkitLineClamp !== "none") break;
      if (style.display === "inline" || !(paints(style) || /hidden|clip/.test(style.overflowX))) continue;
      const box = each.getBoundingClientRect();
      if (rects.some((rect) => rect.left < box.left - SLACK || rect.right > box.right + SLACK)) {
        say(node, "outside");
        break;
      }
      if (/hidden|clip/.test(style.overflowY) && rects.some((rect) => rect.bottom > box.bottom + 4 || rect.top < box.top - 4)) {
        say(node, "hidden");
        break;
      }
    }
  }
  // A row's text needs room to be read at all.
  for (const body of document.querySelectorAll(".take .body")) {
    const width = body.getBoundingClientRect().width;
    const room = body.closest("#results")?.clientWidth ?? innerWidth; // less than the screen where the inspector is open
    if (width < 0.45 * Math.min(room, 900)) found.push(`narrow: ${Math.round(width)} px: ${body.textContent.trim().slice(0, 40)}`);
  }
  // What fields hold can be read too.
  for (const select of document.querySelectorAll("select")) if (select.checkVisibility() && select.getBoundingClientRect().width < 60) found.push(`narrow: ${path(select)}`);
  return found.slice(0, 20);
}
