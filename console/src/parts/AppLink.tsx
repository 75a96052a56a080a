// A link to another page of the console, without loading the document anew.

import Link from "@cloudscape-design/components/link";
import type { ReactNode } from "react";
import { useHref, useNavigate } from "react-router";

export function AppLink({ to, children, ...rest }: { to: string; children: ReactNode; ariaLabel?: string }) {
  const href = useHref(to);
  const navigate = useNavigate();
  return (
    <Link
      href={href}
      {...rest}
      onFollow={(event) => {
        event.preventDefault();
        void navigate(to);
      }}
    >
      {children}
    </Link>
  );
}
