// The audit log: who did what to what, when and from where. It is read here and changed nowhere.
import { type AuditEntry, auditResources } from "@trigrun/contract";
import { Choice } from "../../components/choice.tsx";
import { FilterBar } from "../../components/filter-bar.tsx";
import { ListEnd } from "../../components/list-end.tsx";
import { Period, toPeriodQuery } from "../../components/period.tsx";
import { SearchField } from "../../components/search-field.tsx";
import { Empty, ErrorState, Loading } from "../../components/states.tsx";
import { When } from "../../components/when.tsx";
import { useFilters } from "../../data/filters.ts";
import { useList } from "../../data/list.ts";

export function AuditSection() {
  const filters = useFilters({ actor: null, resource: auditResources, from: null, to: null });
  const { actor, resource, from, to } = filters.values;
  const query = {
    limit: 100,
    ...(actor === "" ? {} : { actor }),
    ...(resource === "" ? {} : { resource }),
    ...toPeriodQuery({ from, to }),
  };
  const list = useList("listAuditLog", { query });
  return (
    <section>
      <FilterBar filters={filters}>
        <SearchField
          {...{ label: "Who: whole e-mail or id", value: actor }}
          onChange={(value) => filters.set("actor", value)}
        />
        <Choice
          {...{ label: "What", any: "Anything", options: auditResources, value: resource }}
          onChange={(value) => filters.set("resource", value)}
        />
        <Period {...{ from, to }} onChange={filters.set} />
      </FilterBar>
      {list.error !== null && <ErrorState error={list.error} again={list.again} />}
      {list.isPending && <Loading what="the audit log" />}
      {!list.isPending && list.error === null && list.items.length === 0 && (
        <Empty title={filters.areAny ? "No entry matches" : "Nobody has changed anything yet"} />
      )}
      {list.items.length > 0 && (
        <ul className="plain-list card">
          {list.items.map((entry) => (
            <Entry key={entry.id} entry={entry} />
          ))}
        </ul>
      )}
      <ListEnd list={list} word="Show more" />
    </section>
  );
}

/** "updateJob" as people say it: "update job". */
const toWords = (action: string) =>
  action.replaceAll(/[A-Z]/g, (letter) => ` ${letter}`).toLowerCase();

function Entry({ entry: { at, action, outcome, actor, resource, address, changes } }: EntryProps) {
  const { fields, values, count } = changes;
  const told = fields.map((field) =>
    field in values ? `${field}: ${JSON.stringify(values[field])}` : field,
  );
  return (
    <li className="line">
      <span className="grow two-lines">
        <span dir="auto">
          <strong>{toWords(action)}</strong> {resource?.name ?? resource?.id}
          {outcome === "refused" && <span className="bad-text"> refused</span>}
        </span>
        <span className="faint" dir="auto">
          {actor.name ?? actor.email ?? actor.kind}
          {address !== null && `, from ${address}`}
          {told.length > 0 && `; ${told.join(", ")}`}
          {count !== null && `; ${count} rows`}
        </span>
      </span>
      <When at={at} isAlone />
    </li>
  );
}
interface EntryProps {
  readonly entry: AuditEntry;
}
