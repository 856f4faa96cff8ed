/** Redirect to a recruiter after some time to read, unless the rater stays. */

const link = document.querySelector("a[data-after]");
const notice = document.querySelector(".redirect");

if (link instanceof HTMLAnchorElement && notice instanceof HTMLElement) {
  const timer = setTimeout(() => link.click(), Number(link.dataset.after) * 1000);
  notice.hidden = false;
  notice.querySelector("button")?.addEventListener("click", () => {
    clearTimeout(timer);
    notice.remove();
    link.focus();
  });
}
