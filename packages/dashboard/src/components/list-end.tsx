// The end of a list that has more: the way to the next page, or why that did not come.
import { toSentence } from "../data/api.tsx";
import type { List } from "../data/list.ts";

interface ListEndProps {
  readonly list: Pick<
    List<unknown>,
    "hasMore" | "isFetchingNextPage" | "moreError" | "more" | "moreAgain"
  >;
  /** What the button says; without it the next page comes by itself. */
  readonly word?: string;
}

export function ListEnd({ list, word }: ListEndProps) {
  const { hasMore, isFetchingNextPage, moreError, more, moreAgain } = list;
  if (moreError !== null) {
    return (
      <div className="list-end" role="alert">
        <span dir="auto">The rest could not be loaded. {toSentence(moreError)}</span>
        <button type="button" onClick={moreAgain}>
          Try again
        </button>
      </div>
    );
  }
  if (word === undefined) {
    return isFetchingNextPage ? <p className="faint list-end">Loading more</p> : null;
  }
  return hasMore ? (
    <div className="actions">
      <button type="button" disabled={isFetchingNextPage} onClick={more}>
        {word}
      </button>
    </div>
  ) : null;
}
