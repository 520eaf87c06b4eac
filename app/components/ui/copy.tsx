import { useState } from "react";
import { useHydrated } from "~/lib/clock";
import { Icon } from "./icon";

/** Copies text; says whether it could. Without JavaScript the text beside it can be selected. */
export function CopyButton({ text, label }: { text: string; label: string }) {
  const [said, setSaid] = useState("");
  const hydrated = useHydrated();
  if (!hydrated) return null;
  const copy = () => {
    navigator.clipboard.writeText(text).then(
      () => setSaid("Copied"),
      () => setSaid("Could not copy"),
    );
    setTimeout(() => setSaid(""), 2000);
  };
  return (
    <>
      <button type="button" className="btn btn-small btn-quiet btn-icon" aria-label={label} title={label} onClick={copy}>
        <Icon name={said === "Copied" ? "check" : "copy"} />
      </button>
      <output className="small t3">{said}</output>
    </>
  );
}
