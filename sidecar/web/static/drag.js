// A take that is dragged out of the page: Chromium hands it as a file to the program it is dropped on, others its address.

// told: where it can be dragged, { record, name, type }: what the file is called, and of what kind it is
export function draggable(element, told) {
  element.draggable = true;
  element.addEventListener("dragstart", (event) => {
    const { record, name, type } = told() ?? {};
    if (!name) return;
    const address = new URL(`/api/records/${record}/audio`, location.href).href;
    event.dataTransfer.effectAllowed = "copy";
    event.dataTransfer.setData("DownloadURL", `${type}:${name}:${address}`);
    event.dataTransfer.setData("text/uri-list", address);
    event.dataTransfer.setData("text/plain", address);
  });
}
