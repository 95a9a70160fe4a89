// How columns of a query are shown: their names, units and links.
import type { Override } from "./schema";

/** What to say of a column. */
interface Column {
  /** What a person calls it. */
  readonly title?: string;
  /** One of Grafana's units, such as `ms` or `percent`. */
  readonly unit?: string;
  /** In pixels. */
  readonly width?: number;
  /** A color for every value. */
  readonly color?: string;
  /** Shows a share of 100 as a bar, which turns to warning colors from these values. */
  readonly barFrom?: readonly [orange: number, red: number];
  readonly link?: { readonly title: string; readonly url: string };
}

/** The settings of a column of a query, by its name. */
export function column(
  name: string,
  { title, unit, width, color, barFrom, link }: Column,
): Override {
  const properties: Record<string, unknown> = {
    ...(title !== undefined && { displayName: title }),
    ...(unit !== undefined && { unit }),
    ...(width !== undefined && { "custom.width": width }),
    ...(color !== undefined && { color: { mode: "fixed", fixedColor: color } }),
    ...(link !== undefined && { links: [link] }),
    ...(barFrom !== undefined && {
      "custom.cellOptions": { type: "gauge", mode: "basic" },
      min: 0,
      max: 100,
      thresholds: {
        mode: "absolute",
        steps: [
          { color: "green", value: null },
          { color: "orange", value: barFrom[0] },
          { color: "red", value: barFrom[1] },
        ],
      },
    }),
  };
  return {
    matcher: { id: "byName", options: name },
    properties: Object.entries(properties).map(([id, value]) => ({ id, value })),
  };
}

/** The series of a chart that are of one column of its query: each has the column's name before its own. */
export function seriesOf(name: string, properties: Readonly<Record<string, unknown>>): Override {
  return {
    matcher: { id: "byRegexp", options: `/^${name}\\b/` },
    properties: Object.entries(properties).map(([id, value]) => ({ id, value })),
  };
}

/** A session's id, which opens its story in the same dashboard. */
export function sessionColumn(name: string, title: string): Override {
  const url =
    "/d/${__dashboard.uid}?var-session=${__value.raw}&${project:queryparam}&${user:queryparam}&${__url_time_range}";
  return column(name, { title, width: 300, link: { title: "Show this session", url } });
}

/**
 * A column that finds spans in Tempo.
 *
 * @param attribute of a span, which has the value of the column
 */
export function traceColumn(name: string, title: string, attribute: string): Override {
  const pane = {
    datasource: "${traces}",
    queries: [
      {
        refId: "A",
        datasource: { type: "tempo", uid: "${traces}" },
        queryType: "traceql",
        query: `{ span.${attribute} = "\${__value.raw}" }`,
      },
    ],
    range: { from: "${__from}", to: "${__to}" },
  };
  // Grafana fills in only what is not escaped.
  const panes = encodeURIComponent(JSON.stringify({ traces: pane })).replace(
    /%24%7B([\w.]+)%7D/g,
    "$${$1}",
  );
  const url = `/explore?schemaVersion=1&panes=${panes}`;
  return column(name, { title, width: 300, link: { title: "Its spans", url } });
}
