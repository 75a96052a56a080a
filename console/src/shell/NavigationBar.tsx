// The bar at the top: services, Region, and who is signed in, with Switch role and Sign out.

import TopNavigation, { type TopNavigationProps } from "@cloudscape-design/components/top-navigation";
import { useState } from "react";
import { useNavigate } from "react-router";

import { useRegion } from "../region";
import { setSigned, shownName, signed } from "../session";
import { useAbout } from "./about";
import { nextMode, useMode } from "./mode";
import { dismissAll } from "./notifications";
import { SwitchRole } from "./SwitchRole";
import { useSigned } from "./useSigned";

const SERVICES = [
  { id: "/batch/dashboard", text: "Batch" },
  { id: "/iam/roles", text: "IAM" },
  { id: "/cloudtrail/events", text: "CloudTrail" },
  { id: "/cloudwatch/log-groups", text: "CloudWatch" },
];

export function NavigationBar() {
  const navigate = useNavigate();
  const session = useSigned();
  const [region, setRegion] = useRegion();
  const [mode, setMode] = useMode();
  const [switching, switchRole] = useState(false);
  const about = useAbout();
  if (session === null) return null;
  const regions = about?.partitions.find((one) => one.name === session.partition)?.regions ?? [region];
  const utilities: TopNavigationProps.Utility[] = [
    {
      type: "menu-dropdown",
      text: "Services",
      items: SERVICES,
      onItemClick: ({ detail }) => void navigate(detail.id),
    },
    {
      type: "menu-dropdown",
      text: region,
      ariaLabel: `Region ${region}`,
      items: regions.map((id) => ({ id, text: id })),
      onItemClick: ({ detail }) => setRegion(detail.id),
    },
    {
      type: "button",
      text: mode === "dark" ? "Light" : "Dark",
      ariaLabel: "Change between light and dark",
      onClick: () => setMode(nextMode(mode)),
    },
    {
      type: "menu-dropdown",
      text: `${shownName(session)} @ ${session.account}`,
      description: session.arn,
      iconName: "user-profile",
      items: [
        { id: "switch", text: "Switch role" },
        ...(session.before ? [{ id: "back", text: "Switch back" }] : []),
        { id: "out", text: "Sign out" },
      ],
      onItemClick: ({ detail }) => {
        if (detail.id === "switch") switchRole(true);
        if (detail.id === "back") setSigned(signed()?.before ?? null);
        if (detail.id === "out") {
          dismissAll();
          setSigned(null);
        }
      },
    },
  ];
  return (
    <header id="navigation-bar">
      <TopNavigation
        identity={{
          href: "/console/",
          title: "Batchyard",
          onFollow: (event) => {
            event.preventDefault();
            void navigate("/batch/dashboard");
          },
        }}
        utilities={utilities}
        i18nStrings={{ overflowMenuTriggerText: "More", overflowMenuTitleText: "All" }}
      />
      {switching && <SwitchRole close={() => switchRole(false)} />}
    </header>
  );
}
