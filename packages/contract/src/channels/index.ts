// The registry: one line for each channel type. Everything else derives from it.
import type { AnyChannelType } from "./channel.ts";
import { webhook } from "./webhook.ts";

export const channelTypes = { webhook } as const satisfies Record<string, AnyChannelType>;

export type ChannelTypeName = keyof typeof channelTypes;
export const channelTypeNames = Object.keys(channelTypes) as [
  ChannelTypeName,
  ...ChannelTypeName[],
];

export type { AnyChannelType, HttpMessage, MailMessage, Message, Notice } from "./channel.ts";
export type { Reply, Verdict } from "./verdict.ts";
