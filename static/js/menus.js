// Menus: one list is open at a time and lies within the window; of the pages, the one that is read is in sight.

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

// A list that would reach beyond the window hangs from the other end of its button.
const turn = ({ target: menu }) => {
  const list = menu.open && menu.matches?.("details.menu") && menu.querySelector(".menu-list");
  if (!list) return;
  const { left, right } = list.getBoundingClientRect();
  const width = document.documentElement.clientWidth;
  if (left < 0 || right > width) menu.classList.toggle("menu-end", right > width);
};
document.addEventListener("toggle", turn, { capture: true });

const pages = document.querySelector(":is(.site, .page) > .tabs");
const here = pages?.querySelector("[aria-current]");
if (here) {
  const [around, own] = [pages.getBoundingClientRect(), here.getBoundingClientRect()];
  pages.scrollLeft += own.left + own.width / 2 - (around.left + around.width / 2);
}
