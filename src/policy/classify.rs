//! What an error of the outside world means: how to react to it, how bad it is, whether to retry it.
//!
//! Policies, features and apps all ask this, so there is one answer: one [`TABLE`], read from the top, and the first row
//! that matches decides. The order goes from what says most to what says least. A code that the service wrote into its
//! answer says more than the HTTP status, which a gateway may have put there; a status says more than the class of
//! whatever the client library threw. What no row knows is taken for a failure that may pass, and is retried.

use crate::error::{Code, Kind, Severity};
use crate::small::split;

/// What could be read off an error; what it does not have is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts<'a> {
    /// Its `code`: ours (`"bus.timeout"`), a service's (`"slow_down"`), or the runtime's (`"ECONNRESET"`). A number
    /// counts as the status when there is no other.
    pub code: Option<&'a str>,
    /// The `type` in the body of an OpenAI error.
    pub error_type: Option<&'a str>,
    /// The name of the `DOMException` or of the error's class; none for a plain `Error`.
    pub name: Option<&'a str>,
    /// The HTTP status.
    pub status: Option<u16>,
    /// Its message; read only to tell a `TypeError` of `fetch` from one of the caller's code.
    pub message: Option<&'a str>,
    /// The header `x-should-retry`.
    pub should_retry: Option<bool>,
}

/// What an error means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Class {
    /// How to react to it.
    pub kind: Kind,
    /// How bad it is.
    pub severity: Severity,
    /// Whether the same call may work a moment later.
    pub retryable: bool,
    /// Whether it says that whoever was called has too much to do: a reason to call it less, for adaptive concurrency.
    pub overloaded: bool,
}

impl Class {
    /// What an error of `kind` means when nothing more is known.
    #[must_use]
    pub const fn of(kind: Kind) -> Self {
        let (severity, retryable, overloaded) = match kind {
            Kind::Validation | Kind::Unauthorized | Kind::Exhausted => (Severity::Error, false, false),
            Kind::Cancelled => (Severity::Info, false, false),
            Kind::Timeout | Kind::RateLimited => (Severity::Error, true, true),
            Kind::Network | Kind::Unavailable | Kind::Failed => (Severity::Error, true, false),
            Kind::Internal => (Severity::Critical, true, false),
        };
        Self { kind, severity, retryable, overloaded }
    }

    const fn final_of(kind: Kind) -> Self {
        Self { retryable: false, ..Self::of(kind) }
    }
}

/// A row of a user: what an error means to them. Every field that is given must match, so a row that gives none matches
/// everything. What a row leaves open follows its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The error's `code`.
    pub code: Option<String>,
    /// The OpenAI `type`.
    pub error_type: Option<String>,
    /// The name of the error or of its class.
    pub name: Option<String>,
    /// The HTTP status: from the first to the second, both included.
    pub status: Option<(u16, u16)>,
    /// How to react to it.
    pub kind: Kind,
    /// How bad it is.
    pub severity: Option<Severity>,
    /// Whether to retry it.
    pub retryable: Option<bool>,
}

impl Row {
    fn matches(&self, facts: &Facts<'_>) -> bool {
        let same = |wanted: &Option<String>, given| wanted.is_none() || wanted.as_deref() == given;
        same(&self.code, facts.code)
            && same(&self.error_type, facts.error_type)
            && same(&self.name, facts.name.or(Some("Error")))
            && self.status.is_none_or(|(from, to)| is_within(status_of(facts), from, to))
    }

    fn class(&self, built_in: Class) -> Class {
        let class = Class::of(self.kind);
        Class {
            kind: self.kind,
            severity: self.severity.unwrap_or(class.severity),
            retryable: self.retryable.unwrap_or(class.retryable),
            // "Unavailable" alone does not say why; a 503 does.
            overloaded: class.overloaded || (self.kind == Kind::Unavailable && built_in.overloaded),
        }
    }
}

/// Which errors a row of [`TABLE`] is about. Where there are several words, spaces stand between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// The `code` is one of these words.
    Code(&'static str),
    /// The `type` is one of these words.
    Type(&'static str),
    /// The `code` or the `type` ends with one of these words.
    Ending(&'static str),
    /// The name is one of these words.
    Name(&'static str),
    /// The status is within these, both included.
    Status(u16, u16),
    /// It is a `TypeError`, and its message starts like this.
    TypeErrorStarting(&'static str),
}

impl Sign {
    fn matches(self, facts: &Facts<'_>) -> bool {
        let is_any =
            |words: &str, given: Option<&str>| given.is_some_and(|it| split(words, b' ').any(|word| word == it));
        match self {
            Self::Code(words) => is_any(words, facts.code),
            Self::Type(words) => is_any(words, facts.error_type),
            Self::Ending(words) => {
                let ends =
                    |given: Option<&str>| given.is_some_and(|it| split(words, b' ').any(|word| it.ends_with(word)));
                ends(facts.code) || ends(facts.error_type)
            }
            Self::Name(words) => is_any(words, facts.name),
            Self::Status(from, to) => is_within(status_of(facts), from, to),
            Self::TypeErrorStarting(start) => {
                facts.name == Some("TypeError") && facts.message.is_some_and(|message| message.starts_with(start))
            }
        }
    }
}

const VALIDATION: Class = Class::of(Kind::Validation);
const UNAUTHORIZED: Class = Class::of(Kind::Unauthorized);
const TIMEOUT: Class = Class::of(Kind::Timeout);
const CANCELLED: Class = Class::of(Kind::Cancelled);
const RATE_LIMITED: Class = Class::of(Kind::RateLimited);
const EXHAUSTED: Class = Class::of(Kind::Exhausted);
const NETWORK: Class = Class::of(Kind::Network);
const UNAVAILABLE: Class = Class::of(Kind::Unavailable);
const UNKNOWN: Class = Class::of(Kind::Failed);
/// There, and too busy.
const OVERLOADED: Class = Class { overloaded: true, ..UNAVAILABLE };
/// Not there, nor a moment later.
const ABSENT: Class = Class::final_of(Kind::Unavailable);
/// Reached somebody who cannot be trusted, which a moment does not change.
const UNTRUSTED: Class = Class::final_of(Kind::Network);
/// The caller's code is wrong, and will be wrong again.
const DEFECT: Class = Class::final_of(Kind::Failed);

/// Words for a bill that is not paid or a cap on spending. They arrive as `code` or as `type`, and with status 429.
const BILLING: &str = "insufficient_quota credit_balance_exhausted billing_hard_limit_reached billing_not_active \
                       billing_error enforced_spend_limit_reached";

/// What is known of other people's errors; the first row that matches decides. Our own codes come before it.
///
/// Sources: OpenAI's guide to error codes (November 2026) and the codes that `openai-python` lists for a failed
/// response; the error types of llama.cpp's server and of Anthropic's API; Node's and undici's error codes and those of
/// Bun's `fetch`; Web IDL for the names of a `DOMException`; RFC 9110 for statuses, RFC 8470 for 425, RFC 6585 for 429 and
/// 511; Cloudflare's documentation for 520 to 530; npm `is-network-error` for the messages of `fetch`.
pub static TABLE: &[(Sign, Class)] = &[
    // Money: before everything else, since the rest of such an error looks like any rate limit.
    (Sign::Code(BILLING), EXHAUSTED),
    (Sign::Type(BILLING), EXHAUSTED),
    (Sign::Ending("_spend_limit_exceeded _usage_limit_exceeded"), EXHAUSTED),
    // Codes of model servers.
    (Sign::Code("rate_limit_exceeded slow_down"), RATE_LIMITED),
    (Sign::Code("server_is_overloaded"), OVERLOADED),
    (Sign::Code("vector_store_timeout"), TIMEOUT),
    (Sign::Code("invalid_api_key account_deactivated unsupported_country_region_territory"), UNAUTHORIZED),
    (Sign::Code("model_not_found"), ABSENT),
    (
        Sign::Code(
            "context_length_exceeded content_policy_violation content_filter invalid_prompt invalid_image \
             invalid_image_format invalid_base64_image invalid_image_url invalid_image_mode image_too_large \
             image_too_small image_parse_error image_content_policy_violation image_file_too_large \
             unsupported_image_media_type empty_image_file image_file_not_found",
        ),
        VALIDATION,
    ),
    // Types of model servers. OpenAI's rate limits are of the type `tokens` or `requests`, by what there was too much of.
    (Sign::Type("rate_limit_error tokens requests"), RATE_LIMITED),
    (Sign::Type("overloaded_error service_unavailable_error unavailable_error"), OVERLOADED),
    (Sign::Type("timeout_error"), TIMEOUT),
    (Sign::Type("authentication_error permission_error"), UNAUTHORIZED),
    (Sign::Type("not_found_error not_supported_error"), ABSENT),
    (Sign::Type("exceed_context_size_error request_too_large image_generation_user_error"), VALIDATION),
    // Codes of the runtime's network: Node, undici, axios, Bun.
    (
        Sign::Code(
            "ECONNRESET ECONNREFUSED ECONNABORTED EPIPE ENOTFOUND EAI_AGAIN ENETDOWN ENETUNREACH ENETRESET EHOSTDOWN \
             EHOSTUNREACH ENOTCONN EPROTO UND_ERR_SOCKET UND_ERR_RES_CONTENT_LENGTH_MISMATCH \
             ERR_STREAM_PREMATURE_CLOSE ERR_NETWORK ConnectionRefused ConnectionClosed FailedToOpenSocket",
        ),
        NETWORK,
    ),
    (
        Sign::Code(
            "ETIMEDOUT ESOCKETTIMEDOUT ERR_SOCKET_CONNECTION_TIMEOUT UND_ERR_CONNECT_TIMEOUT UND_ERR_HEADERS_TIMEOUT \
             UND_ERR_BODY_TIMEOUT",
        ),
        TIMEOUT,
    ),
    (Sign::Code("ABORT_ERR ERR_CANCELED UND_ERR_ABORT UND_ERR_ABORTED"), CANCELLED),
    (
        Sign::Code(
            "CERT_HAS_EXPIRED CERT_NOT_YET_VALID DEPTH_ZERO_SELF_SIGNED_CERT SELF_SIGNED_CERT_IN_CHAIN \
             UNABLE_TO_GET_ISSUER_CERT UNABLE_TO_GET_ISSUER_CERT_LOCALLY UNABLE_TO_VERIFY_LEAF_SIGNATURE \
             ERR_TLS_CERT_ALTNAME_INVALID",
        ),
        UNTRUSTED,
    ),
    (Sign::Code("UND_ERR_INVALID_ARG UND_ERR_INVALID_RETURN_VALUE UND_ERR_NOT_SUPPORTED"), DEFECT),
    // Names: of a DOMException, and of the classes of OpenAI's client that have neither code nor status.
    (Sign::Name("AbortError APIUserAbortError"), CANCELLED),
    (Sign::Name("TimeoutError APIConnectionTimeoutError"), TIMEOUT),
    (Sign::Name("NetworkError APIConnectionError"), NETWORK),
    (Sign::Name("QuotaExceededError"), EXHAUSTED),
    (Sign::Name("NotAllowedError SecurityError"), UNAUTHORIZED),
    (Sign::Name("NotSupportedError"), ABSENT),
    (Sign::Name("DataCloneError"), DEFECT),
    // Statuses: those that stand out, then the rest of their hundred. An XMLHttpRequest that reached nobody has 0.
    (Sign::Status(0, 0), NETWORK),
    (Sign::Status(401, 401), UNAUTHORIZED),
    (Sign::Status(402, 402), EXHAUSTED),
    (Sign::Status(403, 403), UNAUTHORIZED),
    (Sign::Status(404, 404), ABSENT),
    (Sign::Status(407, 407), UNAUTHORIZED),
    (Sign::Status(408, 408), TIMEOUT),
    (Sign::Status(409, 409), UNAVAILABLE),
    (Sign::Status(410, 410), ABSENT),
    (Sign::Status(425, 425), UNAVAILABLE),
    (Sign::Status(429, 429), RATE_LIMITED),
    (Sign::Status(451, 451), ABSENT),
    (Sign::Status(400, 499), VALIDATION),
    (Sign::Status(501, 501), ABSENT),
    (Sign::Status(503, 503), OVERLOADED),
    (Sign::Status(504, 504), TIMEOUT),
    (Sign::Status(505, 505), ABSENT),
    (Sign::Status(511, 511), NETWORK),
    (Sign::Status(522, 522), TIMEOUT),
    (Sign::Status(524, 524), TIMEOUT),
    (Sign::Status(529, 529), OVERLOADED),
    (Sign::Status(500, 599), UNAVAILABLE),
    // Words that say less than a status: OpenAI sends `invalid_request_error` with 401, 404 and 409 too. They count when
    // the error came in the middle of a stream, whose status is 200.
    (Sign::Code("server_error"), UNAVAILABLE),
    (Sign::Type("invalid_request_error"), VALIDATION),
    (Sign::Type("server_error api_error"), UNAVAILABLE),
    // What `fetch` rejects with when it reached nobody: Chrome, Firefox, Safari, Node; then the same in the middle of an
    // answer: Chrome, Firefox, Node. Chrome and Safari may add the host.
    (Sign::TypeErrorStarting("Failed to fetch"), NETWORK),
    (Sign::TypeErrorStarting("NetworkError when attempting to fetch resource"), NETWORK),
    (Sign::TypeErrorStarting("Load failed"), NETWORK),
    (Sign::TypeErrorStarting("The Internet connection appears to be offline"), NETWORK),
    (Sign::TypeErrorStarting("fetch failed"), NETWORK),
    (Sign::TypeErrorStarting("network error"), NETWORK),
    (Sign::TypeErrorStarting("Error in input stream"), NETWORK),
    (Sign::TypeErrorStarting("terminated"), NETWORK),
    (Sign::Name("TypeError ReferenceError SyntaxError RangeError URIError AssertionError"), DEFECT),
];

/// What an error means: the first of the user's rows that matches decides; else our own codes, then [`TABLE`], then
/// that what is unknown may pass. `x-should-retry` overrides what the latter three say of retries, save that what is
/// used up (a bill, a quota) is not retried on anybody's word.
#[must_use]
pub fn classify(facts: &Facts<'_>, own_rows: &[Row]) -> Class {
    let built_in = built_in(facts);
    if let Some(row) = own_rows.iter().find(|row| row.matches(facts)) {
        return row.class(built_in);
    }
    match facts.should_retry {
        Some(retryable) if built_in.kind != Kind::Exhausted => Class { retryable, ..built_in },
        _ => built_in,
    }
}

fn built_in(facts: &Facts<'_>) -> Class {
    if let Some(code) = facts.code.and_then(Code::from_text) {
        let (kind, retryable) = (code.kind(), code.is_retryable());
        // Our limits are not another's overload; an attempt that ran out of time may be, and a total that did is not,
        // since it counts waits too.
        let overloaded = kind == Kind::Timeout && retryable;
        return Class { kind, severity: code.severity(), retryable, overloaded };
    }
    // Most of what handlers throw says nothing but a message, and no row is about that.
    if facts.code.is_none() && facts.error_type.is_none() && facts.name.is_none() && facts.status.is_none() {
        return UNKNOWN;
    }
    TABLE.iter().find(|(sign, _)| sign.matches(facts)).map_or(UNKNOWN, |(_, class)| *class)
}

/// The status, or a code that is the number of one: what proxies put into a stream that had begun with 200, and
/// llama.cpp's server into every error.
fn status_of(facts: &Facts<'_>) -> Option<u16> {
    let in_code = || match facts.code.unwrap_or_default().as_bytes() {
        [hundreds @ b'4'..=b'5', tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => {
            Some([hundreds, tens, ones].into_iter().fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0')))
        }
        _ => None,
    };
    match facts.status {
        Some(status) if status == 0 || status >= 400 => Some(status),
        other => in_code().or(other),
    }
}

fn is_within(status: Option<u16>, from: u16, to: u16) -> bool {
    status.is_some_and(|status| (from..=to).contains(&status))
}
