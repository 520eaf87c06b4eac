import { Unwell } from "~/components/ui/unwell";

export const loader = () => {
  throw new Response(null, { status: 404, statusText: "Not Found" });
};

export default function Nowhere() {
  return null;
}

export function ErrorBoundary() {
  return (
    <main className="sheet" id="main">
      <Unwell />
    </main>
  );
}
