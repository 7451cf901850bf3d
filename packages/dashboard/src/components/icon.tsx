// The few icons there are, as paths of our own on a 16 by 16 grid. They are decoration: whatever
// they stand for is also said in words.

const paths = {
  overview: "M2 9.5h4v4.5H2zM6 2h4v12H6zM10 6h4v8h-4z",
  jobs: "M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13M8 4.5V8l2.5 1.5",
  executions: "M4 2.5v11l9-5.5z",
  deliveries: "M1.5 3.5h13v9h-13zM1.5 4l6.5 5 6.5-5",
  channels: "M2 9.5v-3h3l6-3.5v10L5 9.5zM5 10l1 4h2l-1-4M13 6.5v3",
  settings: "M2 4.5h7M12 4.5h2M2 11.5h2M7 11.5h7M9 3v3h3V3zM4 10v3h3v-3z",
  search: "M7 2a5 5 0 1 0 0 10A5 5 0 0 0 7 2M11 11l3.5 3.5",
  plus: "M8 2.5v11M2.5 8h11",
  close: "M3.5 3.5l9 9M12.5 3.5l-9 9",
  run: "M9 1.5L3.5 9H8l-1 5.5L12.5 7H8z",
  pause: "M5 3v10M11 3v10",
  play: "M4.5 3v10L13 8z",
  trash: "M2.5 4h11M6 4V2.5h4V4M4 4l.7 9.5h6.6L12 4",
  more: "M3 8h.01M8 8h.01M13 8h.01",
  back: "M10 3L5 8l5 5",
  check: "M3 8.5L6.5 12 13 4.5",
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  );
}
