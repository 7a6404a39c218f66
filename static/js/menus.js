// Closes an open menu on Escape, on a click elsewhere, and when another opens.

const close = (except) =>
  document.querySelectorAll("details.menu[open]").forEach((menu) => {
    if (menu !== except) menu.open = false;
  });

document.addEventListener("click", (event) => close(event.target.closest("details.menu")));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const open = document.querySelector("details.menu[open]");
  close(null);
  open?.querySelector("summary").focus();
});
