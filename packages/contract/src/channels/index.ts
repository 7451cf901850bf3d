// The channel types by name. A new one is a file and a line in `registry.ts`.
import type { AnyChannelType } from "./channel.ts";
import * as registry from "./registry.ts";

export const channelTypes = { ...registry } as const satisfies Record<string, AnyChannelType>;

export type ChannelTypeName = keyof typeof channelTypes;
// The keys of an object are its own names, and an empty registry would not be a module.
export const channelTypeNames = Object.keys(channelTypes) as [
  ChannelTypeName,
  ...ChannelTypeName[],
];

export {
  type AnyChannelType,
  type DigestNotice,
  type ExecutionNotice,
  type HttpMessage,
  hidden,
  type MailMessage,
  type Message,
  type Notice,
  type Pace,
  type WarningNotice,
} from "./channel.ts";
export { judgeByStatus, type Reply, readRetryAfter, type Verdict } from "./verdict.ts";
