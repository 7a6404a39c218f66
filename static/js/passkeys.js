// What a page offers of passkeys where the browser has them, and what it tells when one could not be used.

const REASONS = { NotAllowedError: "notAllowed", InvalidStateError: "invalidState", SecurityError: "security" };

const tell = (sentence) =>
  document.querySelectorAll("[data-passkey-problem]").forEach((place) => {
    place.textContent = sentence(place.dataset);
    place.hidden = !place.textContent;
  });

document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  tell((words) => words[REASONS[event.detail.exception.name] ?? "other"]);
});
document.addEventListener("click", (event) => event.target.closest("[data-passkey] button") && tell(() => ""));

if (window.PublicKeyCredential) {
  document.querySelectorAll("[data-passkey]").forEach((part) => (part.hidden = false));
  document.querySelectorAll("[data-no-passkey]").forEach((part) => (part.hidden = true));
}
