// What the console says, in the language that the reader chose. A language that lacks a string does not compile.

import { createContext, useContext } from "react";
import { inZone } from "./clock";
import { en } from "./en";
import { telling, type Tell } from "./told";
import { zh } from "./zh";

export type Key = keyof typeof en;
export type Words = Record<Key, string>;
export type Language = "en" | "zh-CN";

export const LANGUAGES: Record<Language, { name: string; words: Words }> = {
  en: { name: "English", words: en },
  "zh-CN": { name: "简体中文", words: zh },
};

export type Say = (key: Key, values?: Record<string, string | number>) => string;

/** Returns a function from a key to its text, with {names} replaced by values. */
export function speaking(language: Language): Say {
  const { words } = LANGUAGES[language];
  return (key, values = {}) =>
    words[key].replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole));
}

export const Tongue = createContext<{ say: Say; language: Language }>({ say: speaking("en"), language: "en" });

export function useSay(): Say {
  return useContext(Tongue).say;
}

/** Returns what is shown of a sentence that the service told. */
export function useTell(): Tell {
  const { language } = useContext(Tongue);
  const tell = telling(language);
  return (sentence) => inZone(tell(sentence), language, Date.now());
}

/** Returns a moment as the reader writes it, to the second. */
export function useMoment(): (at: number | string | undefined) => string {
  const { language } = useContext(Tongue);
  const form = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "medium" });
  return (at) => (at === undefined || at === null ? "–" : form.format(new Date(typeof at === "number" ? at * 1000 : at)));
}

/** Returns seconds as minutes and seconds, such as 4m12s. */
export function span(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  if (hours) return `${hours}h${String(minutes).padStart(2, "0")}m`;
  return minutes ? `${minutes}m${String(rest).padStart(2, "0")}s` : `${rest}s`;
}
