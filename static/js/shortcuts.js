// Keys for what a reader does most: "?" lists them, the others press the control that names the key.

const INPUTS = "input, select, textarea, [contenteditable]";

const dialog = () => document.getElementById("shortcuts");

const press = (key) => {
  const control = document.querySelector(`[data-shortcut="${CSS.escape(key)}"]`);
  if (!control) return false;
  control.click();
  if (control.matches("summary")) control.parentElement.querySelector("input:not([type=hidden]), select, a")?.focus();
  return true;
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest(INPUTS)) return;
  if (event.key === "?") dialog()?.showPopover();
  else if (!press(event.key)) return;
  event.preventDefault();
});
