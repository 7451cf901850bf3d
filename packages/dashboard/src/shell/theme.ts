// The theme: the system's, or the one that was chosen on this device.
import { createStore, useStore } from "../data/store.ts";

export const themes = ["system", "light", "dark"] as const;
export type Theme = (typeof themes)[number];

// The same word as in early-theme.ts, which imports nothing.
const key = "trigrun.theme";

const theme = createStore<Theme>(
  themes.find((each) => each === document.documentElement.dataset.theme) ?? "system",
);

export function useTheme(): Theme {
  return useStore(theme);
}

export function chooseTheme(next: Theme): void {
  if (next === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
  try {
    if (next === "system") localStorage.removeItem(key);
    else localStorage.setItem(key, next);
  } catch {
    // It then holds until the page is left.
  }
  theme.set(next);
}
