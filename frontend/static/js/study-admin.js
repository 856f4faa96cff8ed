// The study's page in the admin: copying the link, and no button that would lose unsaved changes.

const buttons = document.querySelectorAll("button");

for (const button of buttons) {
  const field = document.getElementById(button.dataset.copy ?? "");
  if (field instanceof HTMLInputElement) {
    button.addEventListener("click", async () => {
      field.select();
      await navigator.clipboard?.writeText(field.value);
      button.textContent = "Copied";
    });
  }
}

const form = document.getElementById("study_form");
const note = document.querySelector(".study-unsaved");

function unsaved() {
  note?.removeAttribute("hidden");
  for (const button of buttons) {
    button.disabled ||= button.closest(".study-actions") !== null;
  }
}

form?.addEventListener("input", unsaved);
form?.addEventListener("change", unsaved);

export {};
