// Runs before the page is drawn, so that whoever chose a theme never sees the other one flash. It
// is loaded as a plain script and must import nothing.
try {
  const theme = localStorage.getItem("trigrun.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Without storage the theme is the system's.
}
