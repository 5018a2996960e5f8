// Runs before the first paint (a classic script in the head), so that a dark wall never flashes white.
// The theme is the one in the address, else the one chosen on this screen, else dark on a wall-wide screen.
{
  const asked = new URLSearchParams(location.search).get("theme");
  let kept = null;
  try {
    kept = localStorage.getItem("map.theme");
  } catch {
    kept = null;
  }
  const wall = window.matchMedia("(min-width: 1600px)").matches;
  const theme = [asked, kept, wall ? "dark" : "light"].find((name) => name === "dark" || name === "light");
  document.documentElement.dataset.theme = theme ?? "light";
}
