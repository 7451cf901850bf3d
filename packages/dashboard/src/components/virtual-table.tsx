// A list of any length as a table: only the rows in sight are in the page, further ones are asked
// for before the end is reached. j and k move, Enter opens, x selects. On a narrow window a row is
// a card, by style alone.
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useEffect, useLayoutEffect, useRef, useState } from "react";
import { Link, useLocation } from "wouter";
import { useCommands } from "../data/commands.ts";
import type { List } from "../data/list.ts";
import { ListEnd } from "./list-end.tsx";

declare module "react" {
  interface CSSProperties {
    /** The tracks of the table's grid. */
    "--columns"?: string;
  }
}

export interface Column<T> {
  readonly key: string;
  /** The head of the column. */
  readonly label: string;
  /** A track of a CSS grid: "minmax(0, 2fr)", "8rem". */
  readonly width: string;
  readonly cell: (item: T) => ReactNode;
  /** True where the row's own text says what it is on a narrow window. */
  readonly isWideOnly?: boolean;
}

export interface Selection {
  readonly ids: ReadonlySet<string>;
  toggle(id: string): void;
}

interface TableProps<T> {
  /** What the rows are: "Jobs". */
  readonly label: string;
  readonly list: List<T>;
  readonly columns: readonly Column<T>[];
  readonly idOf: (item: T) => string;
  /** What the row is called, for whoever does not see it. */
  readonly nameOf: (item: T) => string;
  readonly hrefOf: (item: T) => string;
  readonly selection?: Selection;
  /** Buttons at the end of the row. */
  readonly actions?: (item: T) => ReactNode;
}

// A row of one line with its padding; what a row really takes is measured.
const rowEstimate = 53;
// Rows beyond each edge: a flick of the wheel shows no gap.
const overscan = 8;
// So many rows before the end the next page is asked for: about one screen.
const aheadRows = 20;

export function VirtualTable<T>(props: TableProps<T>) {
  const { label, list, columns, idOf, selection, actions } = props;
  const { items, more, hasMore } = list;
  const frame = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => setTop(frame.current?.offsetTop ?? 0), []);
  const virtual = useWindowVirtualizer({
    count: items.length,
    estimateSize: () => rowEstimate,
    overscan,
    scrollMargin: top,
    getItemKey: (index) => {
      const item = items[index];
      return item === undefined ? index : idOf(item);
    },
  });
  const rows = virtual.getVirtualItems();
  const last = rows.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && last >= items.length - aheadRows) more();
  }, [hasMore, last, items.length, more]);
  const active = useActiveRow(props, (index) => virtual.scrollToIndex(index, { align: "auto" }));
  const template = [
    ...(selection ? ["2.5rem"] : []),
    ...columns.map(({ width }) => width),
    ...(actions ? ["4.75rem"] : []),
  ].join(" ");
  return (
    <>
      <Outdated list={list} />
      <div
        className="table"
        role="table"
        aria-label={label}
        aria-rowcount={hasMore ? -1 : items.length + 1}
        style={{ "--columns": template }}
      >
        <div role="rowgroup" className="table-head">
          <div role="row" aria-rowindex={1} className="row head">
            {selection && (
              <span role="columnheader">
                <span className="unseen">Selected</span>
              </span>
            )}
            {columns.map((column) => (
              <span key={column.key} role="columnheader">
                {column.label}
              </span>
            ))}
            {actions && (
              <span role="columnheader">
                <span className="unseen">Actions</span>
              </span>
            )}
          </div>
        </div>
        <div
          ref={frame}
          role="rowgroup"
          className="rows"
          style={{ height: `${virtual.getTotalSize()}px` }}
        >
          {rows.map(({ index, key, start }) => {
            const item = items[index];
            if (item === undefined) return null;
            return (
              <div
                key={key}
                ref={virtual.measureElement}
                role="row"
                aria-rowindex={index + 2}
                data-index={index}
                className={index === active ? "row active" : "row"}
                style={{ transform: `translateY(${start - top}px)` }}
              >
                <RowCells {...props} item={item} />
              </div>
            );
          })}
        </div>
      </div>
      <ListEnd list={list} />
    </>
  );
}

/** A long list is not read again under whoever reads it: that is for a press of a button. */
function Outdated<T>({ list: { isOutdated, reload } }: { readonly list: List<T> }) {
  const act = () => {
    reload();
    window.scrollTo({ top: 0 });
  };
  return (
    <div className="new-rows" role="status">
      {isOutdated && (
        <button type="button" className="primary" onClick={act}>
          New: reload
        </button>
      )}
    </div>
  );
}

function RowCells<T>(props: TableProps<T> & { readonly item: T }) {
  const { item, columns, idOf, nameOf, hrefOf, selection, actions } = props;
  const id = idOf(item);
  return (
    <>
      {selection && (
        <span role="cell" className="cell-check">
          <input
            type="checkbox"
            aria-label={`Select ${nameOf(item)}`}
            checked={selection.ids.has(id)}
            onChange={() => selection.toggle(id)}
          />
        </span>
      )}
      {columns.map(({ key, label, cell, isWideOnly }, index) => (
        <span
          key={key}
          role="cell"
          data-label={label}
          className={`cell ${index === 0 ? "cell-main" : ""} ${isWideOnly ? "wide-only" : ""}`}
        >
          {index === 0 ? (
            <Link href={hrefOf(item)} className="row-link">
              {cell(item)}
            </Link>
          ) : (
            cell(item)
          )}
        </span>
      ))}
      {actions && (
        <span role="cell" className="cell-actions">
          {actions(item)}
        </span>
      )}
    </>
  );
}

/**
 * The row that the keyboard is on; none until a key asks for one. It stays on its item wherever
 * that goes; where it is gone, the next key goes on from its place.
 */
function useActiveRow<T>(props: TableProps<T>, show: (index: number) => void): number {
  const { list, hrefOf, idOf, selection } = props;
  const [, navigate] = useLocation();
  const [kept, setKept] = useState<{ id: string; index: number } | null>(null);
  const active = kept === null ? -1 : list.items.findIndex((each) => idOf(each) === kept.id);
  const item = list.items[active];
  const move = (by: number) => {
    const wanted = item === undefined ? (kept?.index ?? 0) : active + by;
    const index = Math.min(Math.max(wanted, 0), list.items.length - 1);
    const next = list.items[index];
    if (next === undefined) return;
    setKept({ id: idOf(next), index });
    show(index);
  };
  useCommands([
    { id: "list.next", title: "Next row", keys: "j", isHidden: true, run: () => move(1) },
    { id: "list.before", title: "Row before", keys: "k", isHidden: true, run: () => move(-1) },
    {
      ...{ id: "list.open", title: "Open the row", keys: "Enter", isHidden: true },
      run: () => item !== undefined && navigate(hrefOf(item)),
    },
    ...(selection
      ? [
          {
            ...{ id: "list.select", title: "Select the row", keys: "x", isHidden: true },
            run: () => item !== undefined && selection.toggle(idOf(item)),
          },
        ]
      : []),
  ]);
  return active;
}
