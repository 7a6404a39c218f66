// "Copy" buttons beside code: shown only where the browser lets a page write to the clipboard.

const COPIED_FOR = 1500;

const offer = (root) => {
  if (!navigator.clipboard) return;
  root.querySelectorAll("[data-copy][hidden]").forEach((button) => (button.hidden = false));
};

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.parentElement.querySelector("code").textContent);
  const label = button.textContent;
  button.textContent = "✓";
  setTimeout(() => (button.textContent = label), COPIED_FOR);
});

offer(document);
document.addEventListener("htmx:after:swap", () => offer(document));
