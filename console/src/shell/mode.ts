// Light or dark: the system's wish until the person chooses.

import { applyMode, Mode } from "@cloudscape-design/global-styles";
import { useState } from "react";

const KEY = "batchyard.mode";

type Shown = "light" | "dark";

export const nextMode = (mode: Shown): Shown => (mode === "dark" ? "light" : "dark");

export function startMode(): Shown {
  const kept = localStorage.getItem(KEY);
  const wished = window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const mode = kept === "dark" || kept === "light" ? kept : wished;
  applyMode(mode === "dark" ? Mode.Dark : Mode.Light);
  return mode;
}

export function useMode(): [Shown, (mode: Shown) => void] {
  const [mode, set] = useState<Shown>(startMode);
  return [
    mode,
    (chosen) => {
      localStorage.setItem(KEY, chosen);
      applyMode(chosen === "dark" ? Mode.Dark : Mode.Light);
      set(chosen);
    },
  ];
}
