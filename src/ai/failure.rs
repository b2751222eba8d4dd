//! Which of our errors a failed call of a model is.

use crate::error::{Code, Kind};
use crate::policy::{Facts, classify};

/// The code of a failed call. What it means beyond that (whether it is retried, when) is what
/// [`classify`](crate::policy::classify) says of the same facts, which may be more: a service may ask not to be asked again.
///
/// ```
/// use repflow::ai::failure::code_of;
/// use repflow::error::Code;
/// use repflow::policy::Facts;
///
/// assert_eq!(code_of(&Facts { status: Some(429), ..Facts::default() }), Code::AiRateLimited);
/// let billing = Facts { status: Some(429), code: Some("insufficient_quota"), ..Facts::default() };
/// assert_eq!(code_of(&billing), Code::AiExhausted);
/// ```
#[must_use]
pub fn code_of(facts: &Facts<'_>) -> Code {
    if let Some(code) = facts.code.and_then(Code::from_text) {
        return code;
    }
    let class = classify(&Facts { should_retry: None, ..*facts }, &[]);
    match class.kind {
        Kind::Validation => Code::AiBadRequest,
        Kind::Unauthorized => Code::AiUnauthorized,
        Kind::Timeout => Code::AiTimeout,
        Kind::Cancelled => Code::PolicyCancelled,
        Kind::RateLimited => Code::AiRateLimited,
        Kind::Exhausted => Code::AiExhausted,
        Kind::Network => Code::AiConnection,
        Kind::Unavailable if class.retryable => Code::AiUnavailable,
        Kind::Unavailable => Code::AiNotFound,
        Kind::Failed | Kind::Internal => Code::AiFailed,
    }
}
