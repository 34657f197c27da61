// Language and light or dark: remembered in the browser, else what the browser prefers.

import { useEffect, useState } from "react";
import { applyMode, Mode } from "@cloudscape-design/global-styles";
import type { Language } from "../strings";

const LANGUAGE = "nodeyard.language";
const MODE = "nodeyard.mode";

export interface Preferences {
  language: Language;
  dark: boolean;
  setLanguage: (language: Language) => void;
  setDark: (dark: boolean) => void;
}

function preferredLanguage(): Language {
  const kept = localStorage.getItem(LANGUAGE);
  if (kept === "en" || kept === "zh-CN") return kept;
  return navigator.language.toLowerCase().startsWith("zh") ? "zh-CN" : "en";
}

const DARK = window.matchMedia("(prefers-color-scheme: dark)");

function prefersDark(): boolean {
  const kept = localStorage.getItem(MODE);
  return kept === null ? DARK.matches : kept === "dark";
}

export function usePreferences(): Preferences {
  const [language, setLanguage] = useState(preferredLanguage);
  const [dark, setDark] = useState(prefersDark);
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  useEffect(() => {
    const follow = () => setDark(prefersDark());
    DARK.addEventListener("change", follow);
    return () => DARK.removeEventListener("change", follow);
  }, []);
  useEffect(() => applyMode(dark ? Mode.Dark : Mode.Light), [dark]);
  return {
    language,
    dark,
    setLanguage: (next) => (localStorage.setItem(LANGUAGE, next), setLanguage(next)),
    setDark: (next) => (localStorage.setItem(MODE, next ? "dark" : "light"), setDark(next)),
  };
}
