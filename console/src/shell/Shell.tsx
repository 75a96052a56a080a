// The frame of every page: the navigation bar with the Region and the person, the navigation pane, the notifications.

import AppLayout from "@cloudscape-design/components/app-layout";
import Flashbar from "@cloudscape-design/components/flashbar";
import SideNavigation, { type SideNavigationProps } from "@cloudscape-design/components/side-navigation";
import Spinner from "@cloudscape-design/components/spinner";
import { Suspense, useState } from "react";
import { Navigate, Route, Routes, useLocation, useNavigate } from "react-router";

import { useDeletionNotices } from "../pages/iam/roles/DeletionNotices";
import { ROUTES } from "../routes";
import { NavigationBar } from "./NavigationBar";
import { useNotifications } from "./notifications";

const link = (text: string, href: string): SideNavigationProps.Link => ({ type: "link", text, href });

const SECTIONS: Record<string, { title: string; items: SideNavigationProps.Item[] }> = {
  iam: {
    title: "Identity and Access Management (IAM)",
    items: [link("Roles", "/iam/roles"), link("Users", "/iam/users"), link("Policies", "/iam/policies")],
  },
  batch: {
    title: "AWS Batch",
    items: [
      link("Dashboard", "/batch/dashboard"),
      link("Jobs", "/batch/jobs"),
      link("Job definitions", "/batch/job-definitions"),
      link("Job queues", "/batch/job-queues"),
      link("Compute environments", "/batch/compute-environments"),
    ],
  },
  cloudtrail: { title: "CloudTrail", items: [link("Event history", "/cloudtrail/events")] },
  cloudwatch: { title: "CloudWatch", items: [link("Log groups", "/cloudwatch/log-groups")] },
};

export function Shell() {
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const [open, setOpen] = useState(window.innerWidth > 900);
  const [notices, dialog] = useDeletionNotices();
  const items = useNotifications();
  const [, service = "batch", noun = ""] = pathname.split("/");
  const section = SECTIONS[service];
  return (
    <>
      <NavigationBar />
      <AppLayout
        headerSelector="#navigation-bar"
        toolsHide
        navigationOpen={open}
        onNavigationChange={({ detail }) => setOpen(detail.open)}
        navigation={
          section && (
            <SideNavigation
              header={{ text: section.title, href: section.items[0] && "href" in section.items[0] ? section.items[0].href : "/" }}
              activeHref={`/${service}/${noun}`}
              items={section.items}
              onFollow={(event) => {
                event.preventDefault();
                void navigate(event.detail.href);
              }}
            />
          )
        }
        notifications={<Flashbar items={[...items, ...notices]} />}
        ariaLabels={{
          navigation: "Navigation pane",
          navigationClose: "Close the navigation pane",
          navigationToggle: "Open the navigation pane",
          notifications: "Notifications",
        }}
        content={
          <Suspense fallback={<Spinner size="large" />}>
            <Routes>
              {ROUTES.map(({ path, page: Page }) => (
                <Route key={path} path={path} element={<Page />} />
              ))}
              <Route path="*" element={<Navigate to="/batch/dashboard" replace />} />
            </Routes>
          </Suspense>
        }
      />
      {dialog}
    </>
  );
}
