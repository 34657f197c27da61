// The bar above every page: Region, language, light or dark, signing out.

import TopNavigation, { type TopNavigationProps } from "@cloudscape-design/components/top-navigation";
import { LANGUAGES, useSay, type Language } from "../strings";
import type { Preferences } from "./preferences";
import { to } from "./route";
import { REGIONS, type Session } from "./session";

export function TopBar(props: {
  preferences: Preferences;
  region: string;
  setRegion: (region: string) => void;
  session: Session | null;
}) {
  const { preferences, region, setRegion, session } = props;
  const say = useSay();
  const utilities: TopNavigationProps.Utility[] = [
    {
      type: "menu-dropdown",
      text: region,
      ariaLabel: say("top.region", { region }),
      items: REGIONS.map((each) => ({ id: each, text: each })),
      onItemClick: ({ detail }) => setRegion(detail.id),
    },
    {
      type: "menu-dropdown",
      text: LANGUAGES[preferences.language].name,
      ariaLabel: `${say("top.language")}: ${LANGUAGES[preferences.language].name}`,
      items: Object.entries(LANGUAGES).map(([id, { name }]) => ({ id, text: name })),
      onItemClick: ({ detail }) => preferences.setLanguage(detail.id as Language),
    },
    {
      type: "button",
      text: say(preferences.dark ? "top.light" : "top.dark"),
      onClick: () => preferences.setDark(!preferences.dark),
    },
  ];
  if (session?.keyed) utilities.push({ type: "button", text: say("top.signOut"), onClick: session.signOut });
  return (
    <header id="top">
      <TopNavigation identity={{ href: to.clusters(), title: "Nodeyard" }} utilities={utilities} />
    </header>
  );
}
