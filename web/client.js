// Generated from the API's own description by `make client`; change service/api/client.py instead.

/** The age in intervals from which a stamp is aging. */
export const AGING_AFTER_INTERVALS = 1;

/** The age in intervals over which a stamp is stale. */
export const STALE_AFTER_INTERVALS = 1.5;

/**
 * The one shape of an error response.
 * @typedef {Object} Problem
 * @property {string} error
 * @property {string} message
 */

/**
 * A time in which nothing is sent.
 * @typedef {Object} AlertMute
 * @property {string} id
 * @property {string[]} sources
 * @property {string} reason
 * @property {string} began
 * @property {string} until
 */

/**
 * One receiver and the state of its deliveries; never its address or key.
 * @typedef {Object} AlertTarget
 * @property {string} kind
 * @property {string} name
 * @property {Severity} severity
 * @property {number} waiting
 * @property {string | null} waiting_since
 * @property {number} dead
 * @property {string[]} errors
 * @property {string | null} last_delivery
 */

/**
 * The targets of this deployment, open alerts, and recent events.
 * @typedef {Object} Alerts
 * @property {boolean} enabled
 * @property {boolean} decides
 * @property {boolean} working
 * @property {string | null} page_url
 * @property {AlertTarget[]} targets
 * @property {OpenAlert[]} open
 * @property {AlertMute[]} mutes
 * @property {RecentAlertEvent[]} recent
 */

/**
 * State of a source's circuit breaker.
 * @typedef {'closed' | 'open' | 'half_open'} Breaker
 */

/**
 * A span of a source's history: how many slots were due, and their results.
 * @typedef {Object} Bucket
 * @property {string} start
 * @property {number} expected
 * @property {number} ok
 * @property {number} failed
 * @property {number} unknown
 * @property {number | null} latency_p50_ms
 * @property {number | null} latency_p95_ms
 */

/**
 * Both databases.
 * @typedef {Object} DbStatus
 * @property {PostgresStatus} postgres
 * @property {ValkeyStatus} valkey
 */

/**
 * The diagnosis: the worst finding in the first fields, and all findings as a list.
 * @typedef {Object} Diagnosis
 * @property {DiagnosisCode} code
 * @property {string[]} sources
 * @property {string | null} since
 * @property {string} message
 * @property {Finding[]} findings
 */

/**
 * `healthy`, or the code of the worst finding.
 * @typedef {'healthy' | 'starting' | 'worker_silent' | 'source_unreachable' | 'source_not_written' | 'out_of_step' | 'credentials' | 'quota' | 'schema' | 'alerts_not_delivered' | 'replica_behind'} DiagnosisCode
 */

/**
 * Why a source could not be written or read; the only form in which an error is shown.
 * @typedef {'timeout' | 'unreachable' | 'tls' | 'auth' | 'permission' | 'read_only' | 'full' | 'quota' | 'throttled' | 'not_found' | 'not_configured' | 'invalid_data' | 'unsupported' | 'clock' | 'failed'} ErrorWord
 */

/**
 * Why a receiver gets an event.
 * @typedef {'opened' | 'escalated' | 'reminded' | 'refreshed' | 'resolved' | 'test'} EventKind
 */

/**
 * One problem, and what to do about it.
 * @typedef {Object} Finding
 * @property {FindingCode} code
 * @property {Severity} severity
 * @property {string[]} sources
 * @property {string | null} since
 * @property {string} title
 * @property {string | null} remedy
 * @property {string} runbook
 */

/**
 * The kind of problem.
 * @typedef {'starting' | 'worker_silent' | 'source_unreachable' | 'source_not_written' | 'out_of_step' | 'credentials' | 'quota' | 'schema' | 'alerts_not_delivered' | 'replica_behind'} FindingCode
 */

/**
 * A stamp's age compared with its interval.
 * @typedef {'fresh' | 'aging' | 'stale' | 'missing' | 'unreachable'} Freshness
 */

/**
 * The process answers.
 * @typedef {Object} Health
 * @property {'ok' | 'stuck'} status
 * @property {string} version
 * @property {string} commit
 */

/**
 * The results of all slots in a window, by source.
 * @typedef {Object} History
 * @property {string} start
 * @property {string} end
 * @property {string} as_of
 * @property {number} interval_seconds
 * @property {number} bucket_seconds
 * @property {SourceHistory[]} sources
 */

/**
 * The AWS identity as a row beside the sources; its stamp is the last good GetCallerIdentity.
 * @typedef {Object} IamRow
 * @property {string | null} last_update
 * @property {number | null} age_seconds
 * @property {Freshness} freshness
 * @property {ErrorWord | null} error
 * @property {string | null} observed_at
 * @property {number | null} latency_ms
 * @property {string} title
 * @property {string | null} endpoint
 * @property {number | null} interval_seconds
 * @property {string | null} last_known_update
 * @property {string | null} last_seen
 * @property {boolean} is_stale
 * @property {'ok' | 'error'} status
 * @property {'ok' | ErrorWord | null} last_result
 * @property {ErrorWord | null} warning
 * @property {number} consecutive_failures
 * @property {Breaker} breaker
 * @property {ReplicaRow | null} replica
 * @property {string | null} promoted_at
 * @property {Refusal | null} refusal
 * @property {string | null} credentials_created
 * @property {string | null} credentials_expiry
 * @property {string | null} certificate_expiry
 */

/**
 * The AWS identity, as confirmed by GetCallerIdentity.
 * @typedef {Object} IamStatus
 * @property {string | null} last_update
 * @property {number | null} age_seconds
 * @property {Freshness} freshness
 * @property {ErrorWord | null} error
 * @property {string | null} observed_at
 * @property {number | null} latency_ms
 * @property {boolean} ok
 * @property {string | null} role_arn
 * @property {string | null} account
 * @property {string | null} user_id
 * @property {string | null} credentials_created
 * @property {string | null} credentials_expiry
 * @property {string | null} certificate_subject
 * @property {string | null} certificate_expiry
 * @property {null} note
 */

/**
 * A span in which a source was not ok, or in which nothing was recorded.
 * @typedef {Object} Incident
 * @property {string} id
 * @property {IncidentKind} kind
 * @property {string} source
 * @property {string} title
 * @property {string} start
 * @property {string | null} end
 * @property {ErrorWord | null} error
 * @property {number} beats_missed
 */

/**
 * Whether writes failed, or nothing was recorded.
 * @typedef {'failed' | 'unknown' | 'promoted'} IncidentKind
 */

/**
 * The incidents that touch a window, newest first.
 * @typedef {Object} Incidents
 * @property {string} start
 * @property {string} end
 * @property {string} as_of
 * @property {number} total
 * @property {Incident | null} longest
 * @property {Incident[]} incidents
 */

/**
 * An alert that is not resolved.
 * @typedef {Object} OpenAlert
 * @property {string} id
 * @property {FindingCode} code
 * @property {Severity} severity
 * @property {string[]} sources
 * @property {string} title
 * @property {string | null} remedy
 * @property {string} runbook
 * @property {string} began
 * @property {string} opened
 * @property {string | null} rang
 * @property {boolean} muted
 * @property {string | null} ended
 */

/**
 * The verdict in one word.
 * @typedef {'ok' | 'degraded' | 'error'} Overall
 */

/**
 * PostgreSQL, as read from inside the app.
 * @typedef {Object} PostgresStatus
 * @property {string | null} last_update
 * @property {number | null} age_seconds
 * @property {Freshness} freshness
 * @property {ErrorWord | null} error
 * @property {string | null} observed_at
 * @property {number | null} latency_ms
 * @property {boolean} connected
 * @property {boolean} readable
 * @property {boolean} writable
 * @property {string} host
 * @property {string | null} postgres_last_update
 */

/**
 * A span of the past that ends now.
 * @typedef {'24h' | '7d' | '30d' | '90d' | '1y'} Range
 */

/**
 * Whether the database has the schema that this version needs.
 * @typedef {Object} Ready
 * @property {boolean} ready
 * @property {string | null} schema_head
 * @property {string | null} schema_revision
 * @property {ErrorWord | null} error
 */

/**
 * A recent event.
 * @typedef {Object} RecentAlertEvent
 * @property {EventKind} kind
 * @property {string} alert_id
 * @property {string} at
 * @property {Severity} severity
 * @property {FindingCode} code
 * @property {string[]} sources
 * @property {string} title
 * @property {string} began
 * @property {string | null} ended
 * @property {string | null} delivered
 */

/**
 * The likely reason why IAM Roles Anywhere refuses a session.
 * @typedef {'untrusted_ca' | 'certificate_expired' | 'certificate_revoked' | 'clock_skew' | 'wrong_key' | 'not_allowed' | 'not_found' | 'other'} Refusal
 */

/**
 * The worker's last look at a store's replica; null without one, or without a recent report.
 * @typedef {Object} ReplicaRow
 * @property {string | null} endpoint
 * @property {string | null} last_update
 * @property {number | null} lag_seconds
 * @property {ErrorWord | null} error
 * @property {string | null} failing_since
 */

/**
 * One source: the last reading, and the worker's last result.
 * @typedef {Object} Row
 * @property {string | null} last_update
 * @property {number | null} age_seconds
 * @property {Freshness} freshness
 * @property {ErrorWord | null} error
 * @property {string | null} observed_at
 * @property {number | null} latency_ms
 * @property {string} title
 * @property {string | null} endpoint
 * @property {number | null} interval_seconds
 * @property {string | null} last_known_update
 * @property {string | null} last_seen
 * @property {boolean} is_stale
 * @property {'ok' | 'error'} status
 * @property {'ok' | ErrorWord | null} last_result
 * @property {ErrorWord | null} warning
 * @property {number} consecutive_failures
 * @property {Breaker} breaker
 * @property {ReplicaRow | null} replica
 * @property {string | null} promoted_at
 */

/**
 * AWS Secrets Manager; never the secret's value.
 * @typedef {Object} SecretStatus
 * @property {string | null} last_update
 * @property {number | null} age_seconds
 * @property {Freshness} freshness
 * @property {ErrorWord | null} error
 * @property {string | null} observed_at
 * @property {number | null} latency_ms
 * @property {boolean} ok
 * @property {string | null} secret_name
 * @property {string | null} secret_arn
 * @property {string | null} version_id
 * @property {string | null} secret_last_update
 * @property {string | null} value_last_update
 * @property {Freshness} value_freshness
 * @property {null} note
 */

/**
 * The severity of a finding; the worst one is the verdict.
 * @typedef {'error' | 'degraded'} Severity
 */

/**
 * One source's history over a window.
 * @typedef {Object} SourceHistory
 * @property {string} source
 * @property {string} title
 * @property {number} expected
 * @property {number} ok
 * @property {number} failed
 * @property {number} unknown
 * @property {string | null} first_beat
 * @property {number} ok_seconds
 * @property {number} failed_seconds
 * @property {number} unknown_seconds
 * @property {number | null} uptime_strict
 * @property {number | null} uptime_known
 * @property {Bucket[]} buckets
 */

/**
 * The role of one of several processes, one of which leads.
 * @typedef {'standby' | 'database' | 'valkey' | 'alone'} Standing
 */

/**
 * Valkey, as read from inside the app.
 * @typedef {Object} ValkeyStatus
 * @property {string | null} last_update
 * @property {number | null} age_seconds
 * @property {Freshness} freshness
 * @property {ErrorWord | null} error
 * @property {string | null} observed_at
 * @property {number | null} latency_ms
 * @property {boolean} connected
 * @property {boolean} ping_ok
 * @property {boolean} set_get_ok
 * @property {string} host
 * @property {string | null} valkey_last_update
 */

/**
 * The worker's own state, from the newest report that could be read.
 * @typedef {Object} WorkerFacts
 * @property {string | null} id
 * @property {string | null} version
 * @property {string | null} started_at
 * @property {string | null} next_due
 * @property {number} cycles
 * @property {number} aws_calls
 * @property {number} aws_throttles
 * @property {number} value_writes_24h
 * @property {number} history_waiting
 * @property {number} history_dropped
 * @property {Standing | null} standing
 * @property {number} lease_token
 * @property {string[]} standbys
 */

/**
 * The verdict, for an uptime monitor; the HTTP status agrees.
 * @typedef {Object} WorkerHealth
 * @property {Overall} overall_status
 * @property {Diagnosis} diagnosis
 */

/**
 * Everything: all sources, the identity, the worker and the verdict.
 * @typedef {Object} WorkerStatus
 * @property {string} current_time
 * @property {string} version
 * @property {number} interval_seconds
 * @property {number} stale_threshold_seconds
 * @property {Overall} overall_status
 * @property {boolean} in_step
 * @property {Diagnosis} diagnosis
 * @property {Record<string, Row>} timestamps
 * @property {IamRow} iam
 * @property {WorkerFacts} worker
 */

/**
 * One event of one alert; the body of a webhook.
 * @typedef {Object} AlertEvent
 * @property {string} id
 * @property {EventKind} kind
 * @property {string} alert_id
 * @property {string} alert_key
 * @property {string} at
 * @property {string} deployment
 * @property {Severity} severity
 * @property {FindingCode} code
 * @property {string[]} sources
 * @property {string} title
 * @property {string | null} remedy
 * @property {string} runbook
 * @property {string} began
 * @property {string | null} ended
 * @property {string | null} page_url
 * @property {string | null} runbook_url
 */

/**
 * The process answers.
 * @param {Options} [options]
 * @returns {Promise<Health>}
 */
export function healthz(options = {}) {
  return ask('/healthz', [200, 503], {}, options);
}

/**
 * The process answers.
 * @param {Options} [options]
 * @returns {Promise<Health>}
 */
export function livez(options = {}) {
  return ask('/livez', [200, 503], {}, options);
}

/**
 * The database has this version's schema.
 * @param {Options} [options]
 * @returns {Promise<Ready>}
 */
export function readyz(options = {}) {
  return ask('/readyz', [200, 503], {}, options);
}

/**
 * PostgreSQL and Valkey.
 * @param {Options} [options]
 * @returns {Promise<DbStatus>}
 */
export function dbStatus(options = {}) {
  return ask('/db/status', [200], {}, options);
}

/**
 * AWS Secrets Manager.
 * @param {Options} [options]
 * @returns {Promise<SecretStatus>}
 */
export function secretStatus(options = {}) {
  return ask('/secret/status', [200], {}, options);
}

/**
 * AWS IAM Roles Anywhere.
 * @param {Options} [options]
 * @returns {Promise<IamStatus>}
 */
export function iamStatus(options = {}) {
  return ask('/iam/status', [200], {}, options);
}

/**
 * Every source, the worker and the diagnosis.
 * @param {Options} [options]
 * @returns {Promise<WorkerStatus>}
 */
export function workerStatus(options = {}) {
  return ask('/worker/status', [200], {}, options);
}

/**
 * The verdict as an HTTP status.
 * @param {Options} [options]
 * @returns {Promise<WorkerHealth>}
 */
export function workerHealth(options = {}) {
  return ask('/worker/health', [200, 503], {}, options);
}

/**
 * Open alerts, targets and deliveries.
 * @param {Options} [options]
 * @returns {Promise<Alerts>}
 */
export function alerts(options = {}) {
  return ask('/alerts', [200], {}, options);
}

/**
 * The history: the result of every slot.
 * @param {{ source?: string, buckets?: number, range?: Range, from?: string, to?: string }} [query]
 * @param {Options} [options]
 * @returns {Promise<History>}
 */
export function history(query = {}, options = {}) {
  return ask('/history', [200], query, options);
}

/**
 * When a source was not ok.
 * @param {{ source?: string, limit?: number, range?: Range, from?: string, to?: string }} [query]
 * @param {Options} [options]
 * @returns {Promise<Incidents>}
 */
export function incidents(query = {}, options = {}) {
  return ask('/incidents', [200], query, options);
}

// The handwritten part of the client; service/api/client.py puts the generated part before it.

const DEADLINE_MS = 10_000; // the API answers from memory, so a longer wait means no answer
const POLL_MS = 30_000; // between requests while there is no socket
const OVERDUE_MS = 5_000; // the same while a stamp is overdue, so that it is seen soon
const SETTLE_MS = 1_000; // from the moment a stamp is due until it can be read
const SILENCE_MS = 32_000; // the server sends every 25 s: a socket silent for so long is dead
const RECONNECT_MS = 1_000; // the first pause; each next one is twice as long
const RECONNECT_LONGEST_MS = 60_000;
const TRY_AGAIN_LATER = 1013; // the close code for too many viewers, RFC 6455 registry
const UNAUTHORIZED = 401;
const HERE = import.meta.url;

/**
 * Why there is no answer: no connection, no answer in time, an HTTP error, or an answer that is not
 * a document.
 * @typedef {'network' | 'timeout' | 'status' | 'unreadable'} Failure
 */

/**
 * Which Heartbeat to use, and how to log in to it. For a page of another origin, `API_CORS_ORIGINS`
 * must name that origin.
 * @typedef {Object} Server
 * @property {string} [baseUrl] its address, such as `https://heartbeat.example.com`; by
 *   default, where this file came from
 * @property {RequestCredentials} [credentials] as `fetch` takes it: `include` uses the viewer's own
 *   login there, which browsers send from origins of the same site only
 * @property {string} [password] the page's password, for a page of another site: ask the viewer
 */

/**
 * @typedef {Object} Asking
 * @property {AbortSignal} [signal] ends the request early; it then rejects with the signal's reason
 * @property {number} [timeoutMs] how long it may take, 10 s by default
 * @property {'poll' | 'manual'} [refresh] why it is sent; the server counts both
 * @property {number} [failures] how many refreshes failed since the last success
 */

/** @typedef {Server & Asking} Options */

/** The only error of this client: what failed, as a word and as a sentence for people. */
export class ApiError extends Error {
  /**
   * @param {Failure} failure
   * @param {string} message
   * @param {number | null} [status] the HTTP status, if any
   * @param {Problem | null} [problem] the API's own error, if any
   */
  constructor(failure, message, status = null, problem = null) {
    super(message);
    this.name = 'ApiError';
    this.failure = failure;
    this.status = status;
    this.problem = problem;
  }
}

/**
 * @param {string} path
 * @param {number[]} answers the statuses whose body is the document
 * @param {Record<string, string | number | undefined>} query
 * @param {Options} options
 * @returns {Promise<any>}
 */
async function ask(path, answers, query, options) {
  const { signal, timeoutMs = DEADLINE_MS, refresh, failures, credentials, password } = options;
  const url = address(path, options);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  /** @type {Record<string, string>} */
  const headers = { Accept: 'application/json' };
  if (refresh) headers['Heartbeat-Refresh'] = refresh;
  if (failures) headers['Heartbeat-Refresh-Failures'] = String(failures);
  if (password !== undefined) headers['Authorization'] = `Basic ${login(password)}`;
  // AbortSignal.timeout would keep its timer running after each answer.
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), timeoutMs);
  const both = signal ? AbortSignal.any([signal, deadline.signal]) : deadline.signal;
  try {
    const response = await fetch(url, { headers, credentials, signal: both, cache: 'no-store' });
    return await read(response, answers);
  } catch (error) {
    if (signal?.aborted || error instanceof ApiError) throw error;
    if (deadline.signal.aborted) {
      throw new ApiError('timeout', `No answer within ${timeoutMs / 1000} s.`);
    }
    throw new ApiError('network', 'The server cannot be reached.');
  } finally {
    clearTimeout(timer);
  }
}

/**
 * @param {Response} response
 * @param {number[]} answers
 */
async function read(response, answers) {
  const { status } = response;
  const text = await response.text(); // a connection that breaks here is a network failure
  const document = parsed(text);
  if (answers.includes(status) && document !== null) return document;
  if (answers.includes(status)) {
    throw new ApiError('unreadable', 'The answer cannot be read.', status);
  }
  const message = typeof document?.message === 'string' ? `: ${document.message}` : '';
  const problem = message ? /** @type {Problem} */ (document) : null;
  throw new ApiError('status', `The server answers ${status}${message}.`, status, problem);
}

/**
 * @param {string} text
 * @returns {any} null if it is not a JSON object
 */
function parsed(text) {
  try {
    const value = JSON.parse(text);
    return typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}

/**
 * @param {string} path
 * @param {Server} server
 * @throws {TypeError} its `baseUrl` is not a server's address
 */
function address(path, { baseUrl = HERE }) {
  const base = URL.canParse(baseUrl) ? new URL(baseUrl) : null;
  if (!base || !/^https?:$/.test(base.protocol)) {
    const shown = baseUrl.replace(/^.*@/, '…@'); // the part before it may be a password
    throw new TypeError(`baseUrl ${shown} is no address such as https://heartbeat.example.com`);
  }
  if (base.username || base.password) {
    throw new TypeError(`baseUrl …@${base.host} holds a login: give the option password instead`);
  }
  if (baseUrl !== HERE && !base.pathname.endsWith('/')) base.pathname += '/';
  return new URL(`.${path}`, base);
}

/**
 * @param {string} password
 * @returns {string} HTTP Basic credentials; the user name does not matter
 */
function login(password) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(`:${password}`)));
}

/**
 * How this page gets updates: pushed by the server, by polling, not at all because the server does
 * not answer, or not at all because the page is hidden.
 * @typedef {'connecting' | 'live' | 'polling' | 'offline' | 'paused'} Link
 */

/**
 * @typedef {Object} State
 * @property {Link} link
 * @property {boolean} asking whether a request is in flight
 * @property {number | null} nextMs when the next request is due, on `performance.now()`'s clock
 * @property {ApiError | null} error why the last request failed; null after an answer
 */

/**
 * Keep a status up to date over the socket, and by polling while that is down.
 * @param {(status: WorkerStatus) => void} onStatus gets each document as it arrives
 * @param {(state: State) => void} onState gets each change of the connection's state
 * @param {Server} [server] by default the one that this file came from
 * @returns {Watcher} already running
 * @throws {TypeError} the server's `baseUrl` is not an address
 */
export function watch(onStatus, onState, server = {}) {
  return new Watcher(onStatus, onState, server);
}

class Watcher {
  /** @type {State} */ #state = { link: 'connecting', asking: false, nextMs: null, error: null };
  /** @type {WebSocket | null} */ #socket = null;
  /** @type {Promise<void> | null} */ #request = null;
  /** @type {WorkerStatus | null} */ #status = null;
  /** @type {Record<'poll' | 'reconnect' | 'silence', number | undefined>} */
  #timers = { poll: undefined, reconnect: undefined, silence: undefined };
  #paused = false;
  #closed = false;
  #attempts = 0;
  #failures = 0;
  #onStatus;
  #onState;
  #server;
  #socketUrl;

  /**
   * @param {(status: WorkerStatus) => void} onStatus
   * @param {(state: State) => void} onState
   * @param {Server} server
   */
  constructor(onStatus, onState, server) {
    this.#onStatus = onStatus;
    this.#onState = onState;
    this.#server = server;
    this.#socketUrl = address('/ws', server);
    this.#socketUrl.protocol = this.#socketUrl.protocol.replace('http', 'ws');
    void this.resume();
  }

  /** Send a request now, on a person's request. */
  async refresh() {
    if (!this.#closed) await this.#ask('manual');
  }

  /** Send no requests while the page is hidden. An open socket stays, since it costs no request. */
  pause() {
    this.#paused = true;
    clearTimeout(this.#timers.poll);
    clearTimeout(this.#timers.reconnect);
    if (this.#state.link !== 'live') this.#set({ link: 'paused', nextMs: null });
  }

  /** Send a request at once, because the page is visible again. */
  async resume() {
    if (this.#closed) return;
    this.#paused = false;
    if (this.#state.link === 'paused') this.#set({ link: 'connecting' });
    if (!this.#socket) this.#connect();
    await this.#ask('poll');
  }

  /** Send a request if visible: the machine slept or the network is back, so data may be old. */
  wake() {
    if (!this.#paused) void this.resume();
  }

  /** Stop for good: no more requests or callbacks. */
  close() {
    this.#closed = true;
    this.#paused = true;
    for (const timer of Object.values(this.#timers)) clearTimeout(timer);
    this.#socket?.close();
    this.#socket = null;
  }

  /**
   * Whether the password is wrong. Each retry would count as another failed login, until logins from
   * here are blocked.
   */
  #isRefused() {
    return this.#server.password !== undefined && this.#state.error?.status === UNAUTHORIZED;
  }

  /** @param {Partial<State>} change */
  #set(change) {
    if (this.#closed) return;
    this.#state = { ...this.#state, ...change };
    this.#onState(this.#state);
  }

  /**
   * Share one request among all who want one at a time.
   * @param {'poll' | 'manual'} refresh
   */
  #ask(refresh) {
    this.#request ??= this.#fetch(refresh).finally(() => {
      this.#request = null;
    });
    return this.#request;
  }

  /** @param {'poll' | 'manual'} refresh */
  async #fetch(refresh) {
    clearTimeout(this.#timers.poll);
    this.#set({ asking: true, nextMs: null });
    const before = this.#status;
    try {
      const status = await workerStatus({ ...this.#server, refresh, failures: this.#failures });
      this.#failures = 0;
      // The socket may have brought a newer one meanwhile.
      if (this.#status === before || !isOlder(status, this.#status)) this.#accept(status);
      if (this.#state.link !== 'live') this.#set({ link: this.#paused ? 'paused' : 'polling' });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#failures += 1;
      const link = this.#state.link === 'live' ? 'live' : this.#paused ? 'paused' : 'offline';
      this.#set({ error, link });
    } finally {
      this.#set({ asking: false });
      this.#schedule();
    }
  }

  /** @param {WorkerStatus} status */
  #accept(status) {
    if (this.#closed) return;
    this.#status = status;
    if (this.#state.error) this.#set({ error: null });
    this.#onStatus(status);
  }

  #schedule() {
    clearTimeout(this.#timers.poll);
    if (this.#paused || this.#state.link === 'live' || this.#isRefused()) return;
    const delayMs = this.#state.error ? POLL_MS : untilNextMs(this.#status);
    this.#timers.poll = setTimeout(() => this.#ask('poll'), delayMs);
    this.#set({ nextMs: performance.now() + delayMs });
  }

  #connect() {
    clearTimeout(this.#timers.reconnect);
    if (this.#isRefused()) return;
    const socket = new WebSocket(this.#socketUrl, protocols(this.#server));
    this.#socket = socket;
    this.#watchSilence();
    socket.onmessage = (event) => {
      if (this.#socket === socket) this.#receive(String(event.data));
    };
    socket.onclose = (event) => {
      if (this.#socket === socket) this.#lose(event.code);
    };
  }

  /** @param {string} text */
  #receive(text) {
    const status = parsed(text);
    if (status === null) return;
    this.#attempts = 0;
    this.#watchSilence();
    clearTimeout(this.#timers.poll);
    if (this.#state.link !== 'live') this.#set({ link: 'live', nextMs: null });
    this.#accept(status);
  }

  #watchSilence() {
    clearTimeout(this.#timers.silence);
    this.#timers.silence = setTimeout(() => {
      this.#socket?.close();
      this.#lose(0); // a dead connection's close event may take minutes
    }, SILENCE_MS);
  }

  /** @param {number} code */
  #lose(code) {
    const wasLive = this.#state.link === 'live';
    this.#socket = null;
    clearTimeout(this.#timers.silence);
    if (wasLive) this.#set({ link: this.#paused ? 'paused' : 'polling' });
    if (this.#paused || this.#isRefused()) return;
    const pauseMs = code === TRY_AGAIN_LATER ? Infinity : RECONNECT_MS * 2 ** this.#attempts;
    this.#attempts += 1;
    const delayMs = Math.min(pauseMs, RECONNECT_LONGEST_MS) * (0.5 + Math.random() / 2); // spread over time
    this.#timers.reconnect = setTimeout(() => this.#connect(), delayMs);
    if (wasLive) void this.#ask('poll');
  }
}

/**
 * A page cannot set headers on a socket, but it can offer protocols: one carries the login.
 * @param {Server} server
 */
function protocols({ password }) {
  if (password === undefined) return [];
  const token = login(password).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
  return ['heartbeat', `basic.${token}`];
}

/**
 * @param {WorkerStatus} one
 * @param {WorkerStatus | null} other
 */
function isOlder(one, other) {
  return other !== null && Date.parse(one.current_time) < Date.parse(other.current_time);
}

/**
 * How long to wait before the next request: the usual time, or until the next stamp can be there.
 * @param {WorkerStatus | null} status
 */
function untilNextMs(status) {
  const waits = Object.values(status?.timestamps ?? {})
    .filter(({ freshness }) => freshness === 'fresh' || freshness === 'aging')
    .map(({ age_seconds, interval_seconds }) => (interval_seconds ?? 0) - (age_seconds ?? 0))
    .map((dueS) => (dueS > 0 ? dueS * 1000 + SETTLE_MS : OVERDUE_MS));
  return Math.min(POLL_MS, ...waits);
}
