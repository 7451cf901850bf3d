-- Accounts: people, their memberships with roles, sign-ins, invitations, and the mails about them.
-- What a client must bring back (tokens, links) is stored as SHA-256 and nowhere else.

alter table workspaces add column timezone text not null default 'UTC';

-- Several accounts may claim one address; the first to verify it has it. So nobody can keep an
-- address from its owner, and a sign-up need not tell whether there is an account already.
create table users (
  id text collate "C" primary key,
  name text not null,
  email text not null,
  -- What addresses are compared by.
  email_key text not null generated always as (lower(email)) stored,
  password_hash text not null,
  created_at timestamptz(3) not null default now(),
  verified_at timestamptz(3)
);
create unique index users_email_idx on users (email_key) where verified_at is not null;
create index users_pending_idx on users (email_key, id desc) where verified_at is null;

create table memberships (
  id text collate "C" primary key,
  workspace_id text collate "C" not null references workspaces,
  user_id text collate "C" not null references users,
  role text not null check (role in ('member', 'admin', 'owner')),
  created_at timestamptz(3) not null default now(),
  constraint memberships_pair_key unique (user_id, workspace_id)
);
create index memberships_list_idx on memberships (workspace_id, id desc);

-- A sign-in. It works as long as its user belongs to its workspace.
create table sessions (
  id text collate "C" primary key,
  user_id text collate "C" not null references users,
  workspace_id text collate "C" not null references workspaces,
  token_hash bytea not null unique,
  created_at timestamptz(3) not null default now(),
  expires_at timestamptz(3) not null,
  last_used_at timestamptz(3)
);
create index sessions_user_idx on sessions (user_id);
create index sessions_age_idx on sessions (expires_at);

-- `member_id` is the creator's membership, null for tokens of the host. No foreign key: the row
-- outlives the membership, and a token whose membership is gone opens nothing.
alter table api_tokens
  add column member_id text collate "C",
  add column scopes text[],
  add constraint scopes_are_some check (scopes is null or cardinality(scopes) > 0);
create index api_tokens_list_idx on api_tokens (workspace_id, id desc) where revoked_at is null;
create index api_tokens_member_idx on api_tokens (member_id) where member_id is not null;

create table invitations (
  id text collate "C" primary key,
  workspace_id text collate "C" not null references workspaces,
  email text not null,
  email_key text not null generated always as (lower(email)) stored,
  role text not null check (role in ('member', 'admin', 'owner')),
  -- The inviter, null when a token of the host did it.
  user_id text collate "C" references users on delete set null,
  created_at timestamptz(3) not null default now(),
  expires_at timestamptz(3) not null,
  constraint invitations_address_key unique (workspace_id, email_key)
);
create index invitations_list_idx on invitations (workspace_id, id desc);

-- The links of mails and of handed-over invitations. One purpose may have several: a mail that
-- seemed lost is sent again with a new link, and either works.
create table account_links (
  token_hash bytea primary key,
  purpose text not null check (purpose in ('verify_email', 'reset_password', 'invitation')),
  user_id text collate "C" references users on delete cascade,
  invitation_id text collate "C" references invitations on delete cascade,
  created_at timestamptz(3) not null default now(),
  expires_at timestamptz(3) not null,
  constraint link_has_one_subject check (
    (purpose = 'invitation') = (invitation_id is not null)
    and (purpose = 'invitation') = (user_id is null)
  )
);
create index account_links_user_idx on account_links (user_id) where user_id is not null;
create index account_links_invitation_idx on account_links (invitation_id)
  where invitation_id is not null;
create index account_links_age_idx on account_links (expires_at);

-- Mails about accounts that are to be sent, without their links: a link is made when its mail is,
-- so none is ever at rest. `due_at` is when the next try is due, null once ended; a try that is
-- under way has it put ahead, so that another node takes over after a crash.
create table account_mails (
  id text collate "C" primary key,
  purpose text not null check (purpose in ('verify_email', 'reset_password', 'invitation')),
  email text not null,
  user_id text collate "C" references users on delete cascade,
  invitation_id text collate "C" references invitations on delete cascade,
  -- Where this installation is reached, as the node knew that took the request.
  public_url text not null,
  due_at timestamptz(3),
  attempt_count integer not null default 0 check (attempt_count >= 0),
  reason text,
  created_at timestamptz(3) not null default now(),
  finished_at timestamptz(3),
  constraint due_until_ended check ((due_at is null) = (finished_at is not null))
);
create index account_mails_due_idx on account_mails (due_at) where due_at is not null;
create index account_mails_age_idx on account_mails (finished_at) where finished_at is not null;

-- How often something was tried in a window of time, by a hash of what and by whom. In the
-- database, so that the limit is one for all nodes.
create table rate_windows (
  key bytea primary key,
  ends_at timestamptz(3) not null,
  count integer not null check (count >= 1)
);
create index rate_windows_age_idx on rate_windows (ends_at);
