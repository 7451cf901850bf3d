// How much and how long a client may take: sizes, times and numbers of connections, each with its
// reason. Tests give shorter ones, so that they wait for events and not for a clock.

export interface HttpLimits {
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /** How often the two above are looked at. */
  readonly checkIntervalMs: number;
  readonly connectionTimeoutMs: number;
  readonly connectionsMax: number;
  readonly connectionsPerAddressMax: number;
}

export const httpLimits: HttpLimits = {
  // Headers are one packet or two; who needs longer is holding a connection open on purpose.
  headersTimeoutMs: 15_000,
  // 1 MiB in 30 s is 35 kB/s, a poor mobile line.
  requestTimeoutMs: 30_000,
  // Node's own 30 s would let a head of 15 s take up to 45.
  checkIntervalMs: 3_000,
  // The longest answer is that of a statement, which stops after 30 s (a test message waits 15 s
  // for its receiver); a connection that is silent for twice that long has lost its client.
  connectionTimeoutMs: 75_000,
  // With the 384 calls, 12 connections of the database and the files of the process well below
  // 4,096 descriptors, the least that a process may usually have; Node raises its own limit to
  // what it may have. An idle connection takes some 20 KB, so all of them 40 MB.
  connectionsMax: 2_000,
  // An eighth: a browser opens 6, a busy office behind one address some dozens.
  connectionsPerAddressMax: 250,
};

// The specification: a body may have 1 MiB.
export const bodyBytesMax = 1024 * 1024;
// Node's own default, written down because proxies must be told the same.
export const headerBytesMax = 16 * 1024;
// `pathId` takes 200 characters, of which each may be three in percent-encoding.
export const paramLengthMax = 600;
// Longer than the 60 s that common load balancers keep a connection, so that it is they who close:
// the other way round they send requests into connections that are just being closed.
export const keepAliveTimeoutMs = 72_000;
