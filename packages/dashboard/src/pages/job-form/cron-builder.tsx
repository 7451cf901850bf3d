// A cron expression in words beside its text: whichever is changed, the other follows.
import { useState } from "react";
import { Labelled, TextField } from "../../forms/field.tsx";
import {
  type CronShape,
  type CronWords,
  shapeLabels,
  toCron,
  toWords,
  weekdays,
  withShape,
} from "./cron-words.ts";

interface CronBuilderProps {
  readonly cron: string;
  readonly error: string | undefined;
  readonly onChange: (cron: string) => void;
}

export function CronBuilder({ cron, error, onChange }: CronBuilderProps) {
  const [isCustom, setCustom] = useState(false);
  const read = toWords(cron);
  const words: CronWords = isCustom ? { shape: "custom", cron } : read;
  const change = (next: CronWords) => onChange(toCron(next));
  return (
    <>
      <div className="pair">
        <Labelled label="When">
          {(wires) => (
            <select
              {...wires}
              value={words.shape}
              onChange={(event) => {
                // The options are the shapes.
                const shape = event.target.value as CronShape;
                setCustom(shape === "custom");
                change(withShape(read, shape));
              }}
            >
              {Object.entries(shapeLabels).map(([shape, label]) => (
                <option key={shape} value={shape}>
                  {label}
                </option>
              ))}
            </select>
          )}
        </Labelled>
        <TimeFields words={words} onChange={change} />
      </div>
      {words.shape === "weekly" && (
        <Days days={words.days} onChange={(days) => change({ ...words, days })} />
      )}
      <TextField
        {...{ label: "Cron expression", name: "cron", autoComplete: "off", error }}
        help="Minute, hour, day of the month, month, day of the week."
        value={cron}
        onChange={(text) => {
          setCustom(false);
          onChange(text);
        }}
      />
    </>
  );
}

interface TimeFieldsProps {
  readonly words: CronWords;
  readonly onChange: (words: CronWords) => void;
}

const pad = (number: number) => String(number).padStart(2, "0");

function TimeFields({ words, onChange }: TimeFieldsProps) {
  if (words.shape === "custom") return null;
  if (words.shape === "hourly") {
    return (
      <Count
        {...{ label: "At minute", min: 0, max: 59, value: words.minute }}
        onChange={(minute) => onChange({ ...words, minute })}
      />
    );
  }
  return (
    <>
      {words.shape === "monthly" && (
        <Count
          {...{ label: "Day", min: 1, max: 31, value: words.day }}
          onChange={(day) => onChange({ ...words, day })}
        />
      )}
      <Labelled label="At">
        {(wires) => (
          <input
            {...wires}
            type="time"
            value={`${pad(words.hour)}:${pad(words.minute)}`}
            onChange={(event) => {
              const [hour, minute] = event.target.value.split(":").map(Number);
              // An emptied field keeps the time that was there.
              if (hour === undefined || minute === undefined) return;
              onChange({ ...words, hour, minute });
            }}
          />
        )}
      </Labelled>
    </>
  );
}

interface CountProps {
  readonly label: string;
  readonly min: number;
  readonly max: number;
  readonly value: number;
  readonly onChange: (value: number) => void;
}

function Count({ label, min, max, value, onChange }: CountProps) {
  const numbers = Array.from({ length: max - min + 1 }, (_, index) => min + index);
  return (
    <Labelled label={label}>
      {(wires) => (
        <select {...wires} value={value} onChange={(event) => onChange(Number(event.target.value))}>
          {numbers.map((number) => (
            <option key={number}>{number}</option>
          ))}
        </select>
      )}
    </Labelled>
  );
}

interface DaysProps {
  readonly days: readonly number[];
  readonly onChange: (days: readonly number[]) => void;
}

// The week begins on Monday, as the names of working days suggest.
const shown = [1, 2, 3, 4, 5, 6, 0];

function Days({ days, onChange }: DaysProps) {
  return (
    <fieldset className="days">
      <legend>Days</legend>
      {shown.map((day) => {
        const isOn = days.includes(day);
        const others = days.filter((each) => each !== day);
        const next = isOn ? others : [...days, day].sort((a, b) => a - b);
        return (
          <label key={day}>
            <input
              type="checkbox"
              checked={isOn}
              // None would be no schedule, and all are "every day".
              disabled={next.length === 0}
              onChange={() => onChange(next)}
            />
            {weekdays[day]}
          </label>
        );
      })}
    </fieldset>
  );
}
