// Previews of messages: nothing is sent, nothing written, no credential answered.
import { type AnyChannelType, channelTypes } from "@trigrun/contract";
import { previewMessage } from "../send/message-preview.ts";
import { chooseNotice } from "../send/test-notice.ts";
import { findChannel } from "../store/channels.ts";
import { findMasked } from "./channel-config.ts";
import { readEnd } from "./channels.ts";
import type { ApiHandlers } from "./context.ts";
import { requireFound } from "./found.ts";
import { toValidationError } from "./issues.ts";

export const channelPreviewHandlers: Pick<ApiHandlers, "previewMessage" | "previewChannel"> = {
  async previewMessage({ body }, { now, services }) {
    const type: AnyChannelType = channelTypes[body.type];
    const masked = findMasked(type, body.config);
    if (masked.length > 0) throw toValidationError(masked);
    const { event } = body;
    const { publicUrl } = services;
    return previewMessage(
      type,
      body.config,
      chooseNotice({ event, past: undefined, now, publicUrl }),
    );
  },

  async previewChannel({ params, body }, context) {
    const { tx, workspaceId, now, services } = context;
    const found = await findChannel(tx, services.vault, workspaceId, params.id);
    const channel = requireFound(found, "channel");
    const id = body?.execution_id;
    const past = id === undefined ? undefined : await readEnd(id, context);
    const { publicUrl } = services;
    const wish = { event: body?.event ?? "on_failure", past, now, publicUrl };
    return previewMessage(channelTypes[channel.type], channel.config, chooseNotice(wish));
  },
};
