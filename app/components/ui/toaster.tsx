import * as Toast from "@radix-ui/react-toast";
import { Link } from "@remix-run/react";
import { useEffect, useState } from "react";
import { useHydrated } from "~/lib/clock";
import { FLASH_COOKIE, type Flash } from "~/lib/flash";
import { Glyph, Icon } from "./icon";

/** Says what the last mutation did. Without JavaScript the same words stand above the page. */
export function Toaster({ flash }: { flash: Flash | null }) {
  const hydrated = useHydrated();
  const [shown, setShown] = useState<Flash[]>([]);
  useEffect(() => {
    if (!flash) return;
    document.cookie = `${FLASH_COOKIE}=; Max-Age=0; Path=/; SameSite=Lax`;
    setShown((before) => (before.some((one) => one.id === flash.id) ? before : [...before.slice(-2), flash]));
  }, [flash]);
  const [closed, setClosed] = useState<string[]>([]);

  if (!hydrated) {
    return flash ? (
      <p className="toast" role="status" style={{ marginBottom: 16 }}>
        <Glyph state="succeeded" />
        <span>{flash.text}</span>
      </p>
    ) : null;
  }
  return (
    <Toast.Provider duration={6000} swipeDirection="right">
      {shown.map((one) => (
        <Toast.Root
          key={one.id}
          className="toast"
          open={!closed.includes(one.id)}
          onOpenChange={(open) => (open ? undefined : setClosed((before) => [...before, one.id]))}
        >
          <Glyph state="succeeded" />
          <Toast.Description asChild>
            <span>{one.text}</span>
          </Toast.Description>
          {one.link ? (
            <Link className="btn btn-small" to={one.link.to}>
              {one.link.label}
            </Link>
          ) : null}
          <Toast.Close className="btn btn-small btn-quiet btn-icon" aria-label="Dismiss">
            <Icon name="close" />
          </Toast.Close>
        </Toast.Root>
      ))}
      <Toast.Viewport className="toasts" />
    </Toast.Provider>
  );
}
