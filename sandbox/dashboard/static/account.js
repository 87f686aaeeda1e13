// The page of one AWS account: each of its requests names the account that the page's own address names.
const account = new URLSearchParams(location.search).get("account");

export function named(url) {
  if (!account) return url;
  const made = new URL(url, location.href);
  made.searchParams.set("account", account);
  return made.pathname + made.search;
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href]");
  if (account && link && link.origin === location.origin && !link.getAttribute("href").startsWith("#")) link.href = named(link.href);
}, true);
