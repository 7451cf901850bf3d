// What a search found, as people read it.
import type { SearchResult } from "@trigrun/contract";
import { type Column, renderTable, toneOf, type View } from "../render.ts";

type Found = SearchResult["items"][number];

export function renderFound(items: readonly Found[], view: View): string {
  const columns: Column<Found>[] = [
    { title: "KIND", text: ({ kind }) => kind, isRigid: true },
    { title: "NAME", text: ({ name }) => name },
    {
      title: "STATE",
      text: ({ state }) => state,
      tone: ({ state }) => toneOf(state),
      isRigid: true,
    },
    { title: "ID", text: ({ id }) => id, isRigid: true, isWrappable: true },
  ];
  return renderTable(columns, items, view);
}
